/**
 * All settings by name.
 * @module
 */
import { crossTask } from "./cross_task.ts";
import { findings } from "./findings.ts";
import { fticlClassification } from "./fticl_classification.ts";
import { fticlGeneration } from "./fticl_generation.ts";
import { formatSpecialization } from "./format_specialization.ts";
import { forwardKlSetting } from "./forward_kl.ts";
import { gradientAlignmentSetting } from "./gradient_alignment.ts";
import { inDomain } from "./in_domain.ts";
import { learningRate } from "./learning_rate.ts";
import { outOfDomain } from "./out_of_domain.ts";
import { methodComparison } from "./method_comparison.ts";
import { promotAblations } from "./promot_ablations.ts";
import { promotFurther } from "./promot_further.ts";
import { promotMultiTask } from "./promot_multi_task.ts";
import { promotNli } from "./promot_nli.ts";
import { promotSupervised } from "./promot_supervised.ts";
import { promotTradeOff } from "./promot_trade_off.ts";
import { promotTranslation } from "./promot_translation.ts";
import type { Setting } from "./setting.ts";
import { trainingLoss } from "./training_loss.ts";
import { weightDistance } from "./weight_distance.ts";

/** The settings by name, in the order they are planned and reported. A new setting is a file of its own and a name here. */
export const settings: Readonly<Record<string, Setting>> = {
  in_domain: inDomain,
  out_of_domain: outOfDomain,
  cross_task: crossTask,
  fticl_generation: fticlGeneration,
  fticl_classification: fticlClassification,
  weight_distance: weightDistance,
  training_loss: trainingLoss,
  findings,
  learning_rate: learningRate,
  method_comparison: methodComparison,
  promot_supervised: promotSupervised,
  promot_nli: promotNli,
  promot_translation: promotTranslation,
  promot_multi_task: promotMultiTask,
  promot_ablations: promotAblations,
  promot_further: promotFurther,
  format_specialization: formatSpecialization,
  promot_trade_off: promotTradeOff,
  gradient_alignment: gradientAlignmentSetting,
  forward_kl: forwardKlSetting,
};

/** The name that stands for every setting. */
export const allSettings = "all";

/**
 * The settings of some names, in the suite's order; where no name is given, those that do not run by name only; for `all`, every one.
 *
 * @throws Where a name is unknown, with the valid ones.
 */
export function chooseSettings(names: readonly string[]): readonly Setting[] {
  for (const name of names) {
    if (name !== allSettings && !Object.hasOwn(settings, name)) {
      throw new Error(`no setting "${name}"; valid: ${[allSettings, ...Object.keys(settings)].join(", ")}`);
    }
  }
  return Object.values(settings).filter(({ name, onlyByName }) =>
    names.length === 0 ? onlyByName !== true : names.includes(allSettings) || names.includes(name)
  );
}
