/**
 * Models, places they are put to, and contrasts between them: what comparisons and findings are made of. Where shot counts are several, each
 * side enters with its own best, as in the paper; the paper's own difference is made by the same rule.
 * @module
 */
import { type Task, tasksOf, trainingSet } from "../tasks/mod.ts";
import { crossTaskScore, figure1, figure2, inContextPanel, paperScore } from "./paper_values.ts";
import { fewShotsOf, shotsOf } from "./profiles.ts";
import { type CellRequest, fineTuned, fineTunedInContext, putTo, untrained } from "./requests.ts";
import { type PlanView, scoresByShots } from "./setting.ts";
import type { ContrastPlan, FindingPlan, Side, ValueReference } from "./types.ts";

/** Points of 0..100 within which two scores count as equal where a statement says that they are. */
export const MARGIN = 5;

/** The same for P's Norm. Avg, which averages eight scores and so moves less than one of them. */
export const AVERAGE_MARGIN = 2;

/** A test set, in a prompt format, at some shot counts. */
export interface Place {
  /** The set's task. */
  readonly task: Task;
  /** Test set's name. */
  readonly set: string;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Shot counts; the best of them enters. */
  readonly shots: readonly number[];
}

/** A model of the comparison, and what the paper says of its like. */
export interface Arm {
  /** Such as `FT 200`. */
  readonly label: string;
  /** Its cells that are put to a task, one per seed. */
  requests(task: Task, format: 1 | 2): readonly CellRequest[];
  /** The paper's scores at a place, 0..100; empty where it gives none. */
  paper(place: Place): readonly number[];
}

/** One side of a contrast before it is planned. */
export interface Measured {
  /** Where its values are. */
  readonly side: Side;
  /** The paper's scores of its alternatives. */
  readonly paper: readonly number[];
}

/** A statement before its contrasts are looked up. */
export interface Statement extends Omit<FindingPlan, "contrasts"> {
  /** Its contrasts, as far as the plan has both sides of them. */
  contrasts(view: PlanView): ContrastPlan[];
}

/** The untrained model. */
export const icl: Arm = {
  label: "ICL",
  requests: (task, format) => [putTo(untrained(task), task, format)],
  paper: ({ set, format, shots }) =>
    given(shots.map((k) => format === 1 ? paperScore(figureOf(set), set, k, 0) : crossTaskScore(set, 2, "none", k))),
};

/** Fine-tuning on a task at one of the three training sizes. */
export function ft(view: PlanView, trained: Task, rank: 1 | 2 | 3): Arm {
  const size = view.scale.sizes[rank - 1];
  return {
    label: `FT ${size}`,
    requests: (task, format) => view.seeds.map((seed) => putTo(fineTuned(trained, size, seed), task, format)),
    paper: ({ task, set, format, shots }) =>
      given(shots.map((k) => {
        if (task.name === trained.name) return format === 1 ? paperScore(figureOf(set), set, k, rank) : null;
        return rank === 1 ? crossTaskScore(set, format, trainingSet(trained), k) : null;
      })),
  };
}

/** Fine-tuning in context on a task, at the smallest training size. */
export function fticl(view: PlanView, trained: Task, shown: number): Arm {
  const [size] = view.scale.sizes;
  return {
    label: `FTICL ${size}, ${shown} shown`,
    requests: (task, format) =>
      view.seeds.map((seed) => putTo(fineTunedInContext(trained, size, shown, seed), task, format)),
    paper: ({ set, format }) =>
      given([format === 1 ? inContextPanel(trainingSet(trained), set)?.fticl.get(shown) ?? null : null]),
  };
}

/** Where U's Figures 1 and 2 have a set. */
function figureOf(set: string) {
  return Object.hasOwn(figure1, set) ? figure1 : figure2;
}

function given(scores: readonly (number | null)[]): number[] {
  return scores.filter((score) => score !== null);
}

/** Which of a task's shot counts a place has: all that the profile evaluates, those above zero, zero, or zero and the two after it. */
export type ShotChoice = "all" | "shown" | "none" | "few";

/** The place of one of U's sets, or null where the data lacks its task. */
export function placeOf(view: PlanView, set: string, choice: ShotChoice, format: 1 | 2 = 1): Place | null {
  const task = view.tasks.find(({ sets }) => [...sets.inDomain, ...sets.outOfDomain].includes(set));
  if (task === undefined || task.paper !== "U") return null;
  const all = shotsOf(task, view.scale);
  const shots = choice === "few" ? fewShotsOf(task, view.scale) : all.filter((k) => {
    if (choice === "none") return k === 0;
    return choice === "all" || k > 0;
  });
  return { task, set, format, shots };
}

/** The task of U that trains on a set, where the data has it. */
export function trainedOn(view: PlanView, set: string): Task | null {
  return view.tasks.find((task) => task.paper === "U" && task.sets.train === set) ?? null;
}

/** Names of the sets that U's tasks of a kind train on. */
export function trainingSets(kind: Task["kind"]): string[] {
  return tasksOf("U").filter((task) => task.kind === kind).map(trainingSet);
}

/** A model's scores at a place: of the task's first metric where none is named. */
export function measured(view: PlanView, arm: Arm | null, place: Place | null, metric?: string): Measured {
  if (arm === null || place === null) return { side: [], paper: [] };
  const { task, set, format, shots } = place;
  const keep = (evaluation: { set: string; shots: number }) =>
    evaluation.set === set && shots.includes(evaluation.shots);
  const side = scoresByShots(view, task, arm.requests(task, format), keep, metric);
  return { side, paper: metric === undefined ? arm.paper(place) : [] };
}

/** One value, at one reference a seed; nothing where the plan has none. */
export function sideOf(references: readonly ValueReference[], paper: number | undefined): Measured {
  return { side: references.length === 0 ? [] : [references], paper: paper === undefined ? [] : [paper] };
}

/** A number that nothing was measured for. */
export function constant(value: number): Measured {
  return { side: [[{ constant: value }]], paper: [value] };
}

/** Mean absolute weight difference of an arm's cells. */
export function distance(view: PlanView, arm: Arm, trained: Task, paper: number | null): Measured {
  const cells = arm.requests(trained, 1).map((request) => view.cell(request)).filter((cell) => cell !== undefined);
  const side = cells.length === 0 ? [] : [cells.map(({ id }) => ({ cell: id, distance: "overall.meanAbsolute" }))];
  return { side, paper: given([paper]) };
}

/** Loss of an arm's cells over the last fifth of their steps. */
export function finalLoss(view: PlanView, arm: Arm, trained: Task): Measured {
  const cells = arm.requests(trained, 1).map((request) => view.cell(request)).filter((cell) => cell !== undefined);
  const side = cells.length === 0 ? [] : [cells.map(({ id }) => ({ cell: id, train: "lastFifthLoss" as const }))];
  return { side, paper: [] };
}

/** A contrast, or nothing where the plan lacks a side. */
export function contrast(
  label: string,
  first: Measured,
  claim: ContrastPlan["claim"],
  second: Measured,
  of: ContrastPlan["of"] = "best",
  margin = MARGIN,
): ContrastPlan[] {
  if (first.side.length === 0 || second.side.length === 0) return [];
  const paper = of === "best" ? (scores: readonly number[]) => Math.max(...scores) : spread;
  const both = first.paper.length > 0 && second.paper.length > 0;
  return [{
    label,
    claim,
    margin: claim === "greater" ? 0 : margin,
    first: first.side,
    second: second.side,
    of,
    paper: both ? Number((paper(first.paper) - paper(second.paper)).toPrecision(6)) : null,
  }];
}

function spread(scores: readonly number[]): number {
  return Math.max(...scores) - Math.min(...scores);
}
