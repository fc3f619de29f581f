/**
 * P's models while they are tuned: after which steps they are looked at, which cells these are, and where their scores are.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import type { Scale } from "./profiles.ts";
import { mainMetric, setsOf } from "./promot_scores.ts";
import { contextSets } from "./promot_values.ts";
import { type CellRequest, lookedAtFor, promotModel, stopped } from "./requests.ts";
import { type PlanScope, type PlanView, scoresByShots } from "./setting.ts";
import { tunedLabelRate } from "./tuned_labels.ts";
import { tunedLanguageRate } from "./tuned_language.ts";
import type { EntryReference, ValueReference } from "./types.ts";

/** Models whose tuning is watched, in the tables' order. */
export const watchedArms = ["ft", "promot"] as const;

/** One of them. */
export type WatchedArm = typeof watchedArms[number];

/** Tasks of P that are watched, by name, and the sets tuned on. */
export const watchedTasks = { promot_rte: "rte", translation: "enfr" } as const;

/** One of them. */
export type WatchedTask = keyof typeof watchedTasks;

/** Lines under tables of models that are looked at while they are tuned. */
export const checkpointNotes: readonly string[] = [
  "Step 0 of FT is the untrained model; step 0 of ProMoT is the untrained model with its tuned prompt, which is on the set tuned on and " +
  "nowhere else. Steps of ProMoT are those of its second stage. The set tuned on is tested without demonstrations, all others at one shot.",
  "Each row is the model as it stands after that step of one training; no best step is chosen, but for ProMoT's prompt, as in the paper.",
];

/**
 * Steps of model tuning after which a model is looked at, ascending: none, the powers of two, and the last. FT's step 0 is the untrained
 * model, ProMoT's the same with its tuned prompt.
 */
export function checkpointSteps({ promot: { rows, batchSize, modelTuning } }: Scale): number[] {
  const last = modelTuning.epochs * Math.ceil(rows / batchSize);
  const steps = [0];
  for (let step = 1; step < last; step *= 2) steps.push(step);
  return [...steps, last];
}

/** The cells, one a seed, of a model after some steps on one task, put to a task: to the set tuned on as in training, to others at one shot. */
export function checkpointCells(
  arm: WatchedArm,
  step: number,
  trained: Task,
  tested: Task,
  { scale, seeds }: PlanScope,
): CellRequest[] {
  if (step > 0) return seeds.map((seed) => stopped(promotModel(arm, [trained], tested, scale, seed), step));
  if (arm === "ft") return [promotModel("pretrained", [trained], tested, scale, 0)];
  return seeds.map((seed) => promotModel("prompt_tuning", [trained], tested, scale, seed));
}

/** All cells of the models watched, of those whose `task` is the one given. */
export function checkpointRequests(task: Task, scope: PlanScope): CellRequest[] {
  const trained = scope.tasks.filter(({ name }) => Object.hasOwn(watchedTasks, name));
  const shown: readonly string[] = contextSets;
  return trained.flatMap((tuned) => {
    const tested = scope.tasks.filter((one) => one === tuned || setsOf(one).some((set) => shown.includes(set)));
    const looked = tuned.labels.length > 0 ? [] : tested.filter(({ kind }) => kind === "generation");
    const checkpoints = watchedArms.flatMap((arm) =>
      checkpointSteps(scope.scale).flatMap((step) =>
        tested.flatMap((one) => checkpointCells(arm, step, tuned, one, scope))
      )
    );
    return [...checkpoints, ...looked.map((one) => lookedAtFor(tuned, one))];
  }).filter((request) => request.task === task.name);
}

/** The task tuned on, and that of a set; undefined where the data lacks them. */
function tasksAt({ tasks }: PlanScope, on: WatchedTask, set: string): readonly (Task | undefined)[] {
  return [tasks.find(({ name }) => name === on), tasks.find((task) => setsOf(task).includes(set))];
}

/**
 * Where a model's scores on a set are after some steps, one a seed: on the set tuned on as in training, on others at one shot; the paper's
 * metric of the set where none is named. None where the plan lacks them.
 */
export function scoresAfter(
  view: PlanView,
  on: WatchedTask,
  arm: WatchedArm,
  step: number,
  set: string,
  metric?: string,
): readonly EntryReference[] {
  const [trained, tested] = tasksAt(view, on, set);
  if (trained === undefined || tested === undefined) return [];
  const shots = set === watchedTasks[on] ? 0 : 1;
  const requests = checkpointCells(arm, step, trained, tested, view);
  const keep = (one: { set: string; shots: number }) => one.set === set && one.shots === shots;
  return scoresByShots(view, tested, requests, keep, metric ?? mainMetric(tested))[0] ?? [];
}

/** The plain mean of several such scores, one a seed; none where a set has no score of as many seeds. */
export function meanAfter(
  view: PlanView,
  on: WatchedTask,
  arm: WatchedArm,
  step: number,
  sets: readonly string[],
): ValueReference[] {
  const bySet = sets.map((set) => scoresAfter(view, on, arm, step, set));
  const [first] = bySet;
  if (bySet.some((references) => references.length !== first.length)) return [];
  return first.map((_, seed) => ({ mean: bySet.map((references) => references[seed]) }));
}

/** By what an answer of a model tuned on a task is told to be in its format. */
const copyRates = { promot_rte: tunedLabelRate.name, translation: tunedLanguageRate.name } as const;

/**
 * The format-copy rate, one a seed: the share of answers to other tasks' generation sets that begin with a label of RTE, or that are in the
 * language translated to. At step 0 both models are off their prompt and so the untrained one, which labels are counted of where it belongs
 * to a tuned prompt, and languages where it is looked at for them.
 */
export function copyRatesAfter(
  view: PlanView,
  on: WatchedTask,
  arm: WatchedArm,
  step: number,
  set: string,
): readonly EntryReference[] {
  if (step > 0 || on === "promot_rte") {
    return scoresAfter(view, on, step === 0 ? "promot" : arm, step, set, copyRates[on]);
  }
  const [trained, tested] = tasksAt(view, on, set);
  if (trained === undefined || tested === undefined) return [];
  const keep = (one: { set: string }) => one.set === set;
  return scoresByShots(view, tested, [lookedAtFor(trained, tested)], keep, copyRates[on])[0] ?? [];
}
