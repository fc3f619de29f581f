/**
 * Which cells P's comparisons need, and where in them the scores are that its tables and statements are about.
 * @module
 */
import { metricsOf, type Task } from "../tasks/mod.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { contextSets } from "./promot_values.ts";
import { type CellRequest, promotModel } from "./requests.ts";
import type { PlanScope, PlanView } from "./setting.ts";
import type { EntryReference, ValueReference } from "./types.ts";

/** Names of the tasks that a model is tuned on, together where it is two. */
export type TunedOn = readonly [string, string?];

/** Models of one table. */
export interface Comparison {
  /** What they are tuned on. */
  readonly trained: TunedOn;
  /** The models, in the paper's order. */
  readonly arms: readonly ArmName[];
  /** Whether they are put to the eight sets shown in context as well. */
  readonly inContext: boolean;
}

/** The cells that a comparison needs, of those whose `task` is the one given. */
export function comparisonRequests(comparison: Comparison, task: Task, scope: PlanScope): CellRequest[] {
  const trained = tasksTunedOn(comparison.trained, scope.tasks);
  if (trained === null) return [];
  const requests = testedTasks(comparison, trained, scope.tasks).flatMap((tested) =>
    comparison.arms.flatMap((arm) =>
      seedsOf(arm, scope).map((seed) => promotModel(arm, trained, tested, scope.scale, seed))
    )
  );
  return requests.filter((request) => request.task === task.name);
}

/** The tasks of these names, or null where the data lacks one. */
function tasksTunedOn(names: TunedOn, tasks: readonly Task[]): readonly [Task, Task?] | null {
  const found = names.map((name) => tasks.find((task) => task.name === name));
  return found.includes(undefined) ? null : found as [Task, Task?];
}

/** Tasks a comparison's models are put to: those tuned on, and those of sets shown in context. */
function testedTasks({ inContext }: Comparison, trained: readonly [Task, Task?], tasks: readonly Task[]): Task[] {
  return tasks.filter((task) =>
    trained.includes(task) ||
    (inContext && setsOf(task).some((set) => (contextSets as readonly string[]).includes(set)))
  );
}

/** All sets of a task. */
export function setsOf({ sets }: Task): string[] {
  return [...sets.inDomain, ...sets.outOfDomain];
}

/** Nothing is random in what is not trained. */
function seedsOf(arm: ArmName, { seeds }: PlanScope): readonly number[] {
  return promotArms[arm].method === "icl" ? [0] : seeds;
}

/** The sets that a model is tuned on; none where the data lacks one of the tasks. */
export function setsTunedOn(view: PlanView, trained: TunedOn): string[] {
  return (tasksTunedOn(trained, view.tasks) ?? []).flatMap((task) => task?.sets.train ?? []);
}

/** What P reports of a task: accuracy of the generated label, ROUGE-2 for summaries, else the task's first metric. */
export function mainMetric(task: Task): string {
  if (task.scorer === "labels") return "free_accuracy";
  return task.scorer === "rouge" ? "rouge2" : metricsOf(task)[0].name;
}

/** Where a model's scores on a set are, one a seed: the paper's metric of the set where none is named. */
export function scoresAt(
  view: PlanView,
  trained: TunedOn,
  arm: ArmName,
  set: string,
  shots: number,
  metric?: string,
): EntryReference[] {
  const tuned = tasksTunedOn(trained, view.tasks);
  const tested = view.tasks.find((task) => setsOf(task).includes(set));
  if (tuned === null || tested === undefined) return [];
  return seedsOf(arm, view).flatMap((seed) => {
    const cell = view.cell(promotModel(arm, tuned, tested, view.scale, seed));
    return cell?.spec.evaluations.filter((e) => e.set === set && e.shots === shots).map((e): EntryReference => ({
      cell: cell.id,
      set,
      format: e.format,
      shots,
      metric: metric ?? mainMetric(tested),
    })) ?? [];
  });
}

/**
 * A model's Norm. Avg, one a seed: the plain mean of its scores on the eight sets shown in context. None where a set has no score of as many
 * seeds.
 */
export function averagesAt(view: PlanView, trained: TunedOn, arm: ArmName, shots: number): ValueReference[] {
  const bySet = contextSets.map((set) => scoresAt(view, trained, arm, set, shots));
  const [first] = bySet;
  if (bySet.some((references) => references.length !== first.length)) return [];
  return first.map((_, seed) => ({ mean: bySet.map((references) => references[seed]) }));
}
