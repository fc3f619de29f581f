/**
 * Which learning rate a method gets: the same few are tried for every method, and scored on rows that are neither trained on nor tested
 * on. The profiles hold what was chosen.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { fticlShotsOf, type Scale, type TrainedMethod } from "./profiles.ts";
import { type CellRequest, fineTuned, fineTunedInContext } from "./requests.ts";
import { type PlanView, scoresByShots, scoreTable, type Setting, tableMetrics } from "./setting.ts";
import type { ChoicePlan, TablePlan } from "./types.ts";

/** The cell in which a method is tried, but for its learning rate: the smallest training size, FTICL with its smaller number of demonstrations. */
const tried: Readonly<Record<TrainedMethod, (task: Task, scale: Scale, seed: number) => CellRequest>> = {
  ft: (task, scale, seed) => fineTuned(task, scale.sizes[0], seed),
  fticl: (task, scale, seed) => fineTunedInContext(task, scale.sizes[0], fticlShotsOf(task, scale)[0], seed),
};

const methods = Object.keys(tried) as TrainedMethod[];

/** Every trained method at a few learning rates, on validation rows. */
export const learningRate: Setting = {
  name: "learning_rate",
  title: "Choice of learning rates",
  source: "for all",
  description: "Every trained method at the same few learning rates, scored on validation rows.",
  onlyByName: true,
  requests: (task, { scale, seeds }) =>
    methods.flatMap((method) =>
      scale.learningRateSweep[method].flatMap((rate) => trials(task, method, rate, scale, seeds))
    ),
  tables: (view) => view.tasks.map((task) => validationTable(task, view)).filter((table) => table !== null),
  choices: (view) => methods.map((method) => choiceOf(method, view)).filter(({ candidates }) => candidates.length > 0),
};

/** A method's cells at one learning rate, one per seed. */
function trials(
  task: Task,
  method: TrainedMethod,
  learningRate: number,
  scale: Scale,
  seeds: readonly number[],
): CellRequest[] {
  return seeds.map((seed) => ({ ...tried[method](task, scale, seed), learningRate }));
}

/** Rows: methods and learning rates. Columns: shot counts. */
function validationTable(task: Task, view: PlanView): TablePlan | null {
  const rows = methods.flatMap((method) =>
    view.scale.learningRateSweep[method].map((rate) => ({
      label: `${method}, ${rate.toExponential()}`,
      requests: trials(task, method, rate, view.scale, view.seeds),
      paper: () => null,
    }))
  );
  const note =
    `Validation rows: the last ${view.scale.validationRows} of the largest training file; none is trained on or tested on.`;
  return scoreTable(view, `Validation: ${task.name}`, tableMetrics(task)[0], rows, isValidation, [note]);
}

function choiceOf(method: TrainedMethod, view: PlanView): ChoicePlan {
  const candidates = view.scale.learningRateSweep[method].map((rate) => ({
    learningRate: rate,
    tasks: view.tasks.map((task) => ({
      task: task.name,
      shots: scoresByShots(view, task, trials(task, method, rate, view.scale, view.seeds), isValidation),
    }))
      .filter(({ shots }) => shots.length > 0),
  }));
  return { method, candidates: candidates.filter(({ tasks }) => tasks.length > 0) };
}

function isValidation({ relation }: { readonly relation: string }): boolean {
  return relation === "validation";
}
