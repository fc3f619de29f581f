/**
 * U's statements: the cells that all of them need. A run states every finding that its cells can show, whichever settings asked for these;
 * this setting asks for all. The statements themselves are in `statements.ts`.
 * @module
 */
import { crossTask } from "./cross_task.ts";
import { fticlClassification } from "./fticl_classification.ts";
import { fticlGeneration } from "./fticl_generation.ts";
import { inDomain } from "./in_domain.ts";
import type { Setting } from "./setting.ts";
import { trainingLoss } from "./training_loss.ts";

const needed = [inDomain, crossTask, fticlGeneration, fticlClassification, trainingLoss];

/** The cells that U's statements are put to, without tables of their own. */
export const findings: Setting = {
  name: "findings",
  title: "Findings",
  source: "U, statements",
  description: "The cells that U's thirteen statements are put to; the statements stand at the top of the report.",
  onlyByName: true,
  requests: (task, scope) => needed.flatMap((setting) => setting.requests(task, scope)),
  tables: () => [],
};
