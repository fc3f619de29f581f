/**
 * From a request for a probe to what is measured on which rows.
 * @module
 */
import { type Task, trainingSet } from "../tasks/mod.ts";
import { probeRows } from "./data.ts";
import { wanted } from "./only.ts";
import type { CellRequest, RunFacts } from "./requests.ts";
import type { EvaluationSpec, ProbeName, ProbeSpec } from "./types.ts";

/** Rows that gradients are compared on. P does not say how many; more than a batch, so that chance evens out. */
const ALIGNED_ROWS = 256;

/** Demonstrations up to which divergences are measured: the first shot shows the format. */
const MOST_SHOTS = 1;

/** The same model with something else measured than its scores, in a cell of its own, so that the cell with its scores stays what it is. */
export function probed(request: CellRequest, probe: ProbeName): CellRequest {
  return { ...request, probe };
}

/**
 * What a cell measures. Gradients are compared on the first rows of the training set, as in training but for demonstrations, of which there are
 * none; divergences are taken on the test rows that the model would be scored on, without demonstrations or with one.
 *
 * @param evaluations What it would be scored on.
 */
export async function probesOf(
  probe: ProbeName,
  task: Task,
  evaluations: readonly EvaluationSpec[],
  request: CellRequest,
  run: RunFacts,
): Promise<ProbeSpec[]> {
  if (probe === "gradient_alignment") return await alignmentSpecs(task, request, run);
  return evaluations.filter(({ shots }) => shots <= MOST_SHOTS).map((
    { task, set, relation, format, shots, rows, prompt, rowsSha256, demonstrationsSha256 },
  ) => ({ probe, task, set, relation, format, shots, rows, prompt, rowsSha256, demonstrationsSha256 }));
}

async function alignmentSpecs(task: Task, { size, arm }: CellRequest, run: RunFacts): Promise<ProbeSpec[]> {
  const { data, scale, only } = run;
  const set = await data.trainingSet(task) ?? trainingSet(task);
  if (!wanted(only, { set, shots: 0 })) return [];
  // The untrained model is looked at on the rows that others are trained on.
  const nominal = size > 0 ? size : arm === undefined ? scale.sizes[0] : scale.promot.rows;
  const place = { set, relation: "training" as const, size: nominal, rows: ALIGNED_ROWS };
  const { rows, sha256 } = await probeRows(data, task, place);
  return [{
    probe: "gradient_alignment",
    task: task.name,
    ...place,
    format: 1,
    shots: 0,
    rows: rows.length,
    prompt: task.prompts[0],
    rowsSha256: sha256,
    demonstrationsSha256: (await data.demonstrations(task, set, 0)).sha256,
  }];
}
