/**
 * Which learning rate a method gets: every method that trains is tried at few rates, those of the grid of what learns in it, and scored on rows
 * that are neither trained on nor tested on. The profiles hold what was chosen.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { fticlShotsOf, isStage, type Scale, type StageName, type TrainedMethod, type Tuned } from "./profiles.ts";
import type { ArmName } from "./promot_arms.ts";
import { mainMetric } from "./promot_scores.ts";
import { type CellRequest, fineTuned, fineTunedInContext, onValidation, partlyTuned, promotModel } from "./requests.ts";
import { type PlanView, scoresByShots, scoreTable, type Setting, tableMetrics } from "./setting.ts";
import type { ChoicePlan, TablePlan } from "./types.ts";

/** The model that a method of U's protocol is tried with: the smallest training size, FTICL with its smaller number of demonstrations. */
export function triedMethod(method: TrainedMethod, task: Task, scale: Scale, seed: number): CellRequest {
  const [size] = scale.sizes;
  if (method === "ft") return fineTuned(task, size, seed);
  if (method === "fticl") return fineTunedInContext(task, size, fticlShotsOf(task, scale)[0], seed);
  return partlyTuned(method, task, size, seed);
}

/** The models that P's stages are tried with, each of which has that stage alone. */
const triedArms: Readonly<Record<StageName, ArmName>> = {
  model_tuning: "ft",
  adapter_tuning: "lora",
  prompt_tuning: "prompt_tuning",
};

/**
 * The task that P's stages are tried on: of the two that its ablations train on, the one where all three stages are used and whose scores tell
 * rates apart from the first steps. One, because a prompt or an adapter takes five times as many steps as a model.
 */
const triedTask = "translation";

/** Everything that is tried, U's protocol first. */
const all: readonly Tuned[] = [
  "ft",
  "fticl",
  "lora",
  "value_tuning",
  "model_tuning",
  "adapter_tuning",
  "prompt_tuning",
];

/** What is tried on a task. */
function tunedOn(task: Task): readonly Tuned[] {
  if (task.paper === "U") return all.filter((tuned) => !isStage(tuned));
  return task.name === triedTask ? all.filter(isStage) : [];
}

/** Every trained method at the learning rates of its grid, on validation rows. */
export const learningRate: Setting = {
  name: "learning_rate",
  title: "Choice of learning rates",
  source: "for all",
  description: "Every trained method and stage at the learning rates of its grid, scored on validation rows.",
  onlyByName: true,
  paper: "both",
  requests: (task, { scale, seeds }) =>
    tunedOn(task).flatMap((tuned) =>
      scale.learningRateSweep[tuned].flatMap((rate) => trials(task, tuned, rate, scale, seeds))
    ),
  tables: (view) => view.tasks.map((task) => validationTable(task, view)).filter((table) => table !== null),
  choices: (view) => all.map((tuned) => choiceOf(tuned, view)).filter(({ candidates }) => candidates.length > 0),
};

/** The cells of one learning rate, one per seed. */
function trials(
  task: Task,
  tuned: Tuned,
  learningRate: number,
  scale: Scale,
  seeds: readonly number[],
): CellRequest[] {
  return seeds.map((seed) => {
    const request = isStage(tuned)
      ? promotModel(triedArms[tuned], [task], task, scale, seed)
      : triedMethod(tuned, task, scale, seed);
    return onValidation(request, learningRate);
  });
}

/** What validation rows are scored by: as P does for its tasks, else the task's first metric. */
export function validationMetric(task: Task): string {
  return task.paper === "P" ? mainMetric(task) : tableMetrics(task)[0];
}

/** Rows: methods and learning rates. Columns: shot counts. */
function validationTable(task: Task, view: PlanView): TablePlan | null {
  const rows = tunedOn(task).flatMap((tuned) =>
    view.scale.learningRateSweep[tuned].map((rate) => ({
      label: `${tuned}, ${rate.toExponential()}`,
      requests: trials(task, tuned, rate, view.scale, view.seeds),
      paper: () => null,
    }))
  );
  const notes = [
    `Validation rows: the last ${view.scale.validationRows} of the largest training file; none is trained on or tested on.`,
    ...(task.paper === "U" ? [] : [
      `The last ${view.scale.promot.validationRows} of them have chosen the step that each of these models was left at, as P's protocol has it.`,
    ]),
  ];
  return scoreTable(view, `Validation: ${task.name}`, validationMetric(task), rows, isValidation, notes);
}

function choiceOf(tuned: Tuned, view: PlanView): ChoicePlan {
  const tasks = view.tasks.filter((task) => tunedOn(task).includes(tuned));
  const candidates = view.scale.learningRateSweep[tuned].map((rate) => ({
    learningRate: rate,
    tasks: tasks.map((task) => ({
      task: task.name,
      shots: scoresByShots(
        view,
        task,
        trials(task, tuned, rate, view.scale, view.seeds),
        isValidation,
        validationMetric(task),
      ),
    }))
      .filter(({ shots }) => shots.length > 0),
  }));
  return { method: tuned, candidates: candidates.filter(({ tasks }) => tasks.length > 0) };
}

/** Whether an evaluation is of validation rows. */
export function isValidation({ relation }: { readonly relation: string }): boolean {
  return relation === "validation";
}
