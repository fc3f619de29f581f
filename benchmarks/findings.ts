/**
 * The papers' statements: the cells that all of them need. A run states every finding that its cells can show, whichever settings asked for
 * these; this setting asks for those of the settings named here that a statement is put to, and for what no other setting has. The statements themselves are in `statements.ts`, `statements_promot.ts` and `statements_later.ts`.
 * @module
 */
import { crossTask } from "./cross_task.ts";
import { fticlClassification } from "./fticl_classification.ts";
import { fticlGeneration } from "./fticl_generation.ts";
import { inDomain } from "./in_domain.ts";
import { promotAblations } from "./promot_ablations.ts";
import { promotFurther } from "./promot_further.ts";
import { promotMultiTask } from "./promot_multi_task.ts";
import { promotNli } from "./promot_nli.ts";
import { promotSupervised } from "./promot_supervised.ts";
import { promotTranslation } from "./promot_translation.ts";
import { papersOf, type Setting } from "./setting.ts";
import { laterStatementCells } from "./statements_later.ts";
import { promotStatementCells } from "./statements_promot_steps.ts";
import { trainingLoss } from "./training_loss.ts";

const needed: readonly Setting[] = [
  inDomain,
  crossTask,
  fticlGeneration,
  fticlClassification,
  trainingLoss,
  promotSupervised,
  promotNli,
  promotTranslation,
  promotMultiTask,
  promotAblations,
  promotFurther,
];

/** The cells that all statements are put to, without tables of their own. */
export const findings: Setting = {
  name: "findings",
  title: "Findings",
  source: "U, P, statements",
  description:
    "The cells that the statements of U, of P and of later work are put to; the statements stand at the top of the report.",
  onlyByName: true,
  paper: "both",
  laterWork: true,
  statedOnly: true,
  requests: (task, scope) => {
    const tasks = scope.tasks.filter(({ paper }) => paper === task.paper);
    return [
      ...needed.filter((setting) => papersOf(setting).includes(task.paper)).flatMap((setting) =>
        setting.requests(task, { ...scope, tasks })
      ),
      ...promotStatementCells(task, { ...scope, tasks }),
      ...laterStatementCells(task, { ...scope, tasks }),
    ];
  },
  tables: () => [],
};
