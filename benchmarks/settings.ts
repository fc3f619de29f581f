/**
 * All settings by name.
 * @module
 */
import { promotTasks, tasksOf } from "../tasks/mod.ts";
import { crossTask } from "./cross_task.ts";
import { findings } from "./findings.ts";
import { fticlClassification } from "./fticl_classification.ts";
import { fticlGeneration } from "./fticl_generation.ts";
import { formatSpecialization } from "./format_specialization.ts";
import { inDomain } from "./in_domain.ts";
import { learningRate } from "./learning_rate.ts";
import { outOfDomain } from "./out_of_domain.ts";
import { methodComparison } from "./method_comparison.ts";
import { profiles, type Scale } from "./profiles.ts";
import { promotAblations } from "./promot_ablations.ts";
import { promotFurther } from "./promot_further.ts";
import { promotMultiTask } from "./promot_multi_task.ts";
import { promotNli } from "./promot_nli.ts";
import { promotSupervised } from "./promot_supervised.ts";
import { promotTradeOff } from "./promot_trade_off.ts";
import { promotTranslation } from "./promot_translation.ts";
import { requestKey } from "./requests.ts";
import { papersOf, type Setting } from "./setting.ts";
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
};

/**
 * The settings of some names, in the suite's order; where no name is given, all that do not run by name only.
 *
 * @throws Where a name is unknown, with the valid ones.
 */
export function chooseSettings(names: readonly string[]): readonly Setting[] {
  for (const name of names) {
    if (!Object.hasOwn(settings, name)) {
      throw new Error(`no setting "${name}"; valid: ${Object.keys(settings).join(", ")}`);
    }
  }
  return Object.values(settings).filter(({ name, onlyByName }) =>
    names.length === 0 ? onlyByName !== true : names.includes(name)
  );
}

/** One line per setting: name, figure, cells of each profile with one seed and all of its papers' tasks, what it is. */
export function listSettings(): string {
  const rows = Object.values(settings).map((setting) => [
    setting.name,
    setting.source,
    Object.entries(profiles).map(([name, scale]) => `${name} ${cellCount(setting, scale)}`).join(", ") + " cells",
    setting.description + (setting.onlyByName === true ? " Runs only where it is named." : ""),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ") + "\n").join("");
}

function cellCount(setting: Setting, scale: Scale): number {
  const tasks = papersOf(setting).flatMap((paper) => paper === "P" ? promotTasks : tasksOf(paper));
  const requests = tasks.flatMap((task) => setting.requests(task, { tasks, scale, seeds: [1] }));
  return new Set(requests.map(requestKey)).size;
}
