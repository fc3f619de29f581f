/**
 * The cells and tables that U's Figures 1 and 2 share: the untrained model and three training sizes, at every shot count.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { contrast, ft, icl, measured, placeOf } from "./contrasts.ts";
import { type PaperCurves, paperScore } from "./paper_values.ts";
import { type CellRequest, fineTuned, untrained } from "./requests.ts";
import { type PlanScope, type PlanView, type ScoreRow, scoreTable, tableMetrics, unitOf } from "./setting.ts";
import type { ComparisonPlan, Relation, TablePlan } from "./types.ts";

const paperSizes = ["2,000", "4,000", "6,000"];

/** The untrained model, and fine-tuning at each size with each seed. */
export function iclAndFtRequests(task: Task, { scale, seeds }: PlanScope): CellRequest[] {
  return [untrained(task), ...scale.sizes.flatMap((size) => seeds.map((seed) => fineTuned(task, size, seed)))];
}

/** For each task a table per metric over the sets of one relation, with the paper's curves beside it. */
export function iclAndFtTables(
  view: PlanView,
  relation: Relation,
  title: string,
  figure: Readonly<Record<string, PaperCurves>>,
): TablePlan[] {
  const ranks = view.scale.sizes.map((size, i) => `${size} for its ${paperSizes[i]}`).join(", ");
  const note =
    `The paper's numbers are for Llama-2-7b on its own data; training sizes answer to its sizes by rank (${ranks}).`;
  return view.tasks.flatMap((task) =>
    tableMetrics(task).map((metric, i) => {
      const notes = i === 0 ? [note] : [];
      const keep = (evaluation: { relation: Relation }) => evaluation.relation === relation;
      return scoreTable(view, `${title}: ${task.name}`, metric, scoreRows(task, view, figure), keep, notes);
    })
  ).filter((table) => table !== null);
}

/** Each size against the untrained model on the sets that `sets` names, each at its best shot count. */
export function iclAndFtComparisons(view: PlanView, sets: (task: Task) => readonly string[]): ComparisonPlan[] {
  return view.tasks.map((task): ComparisonPlan => ({
    title: `${task.name}: fine-tuned against untrained`,
    unit: `${unitOf(tableMetrics(task)[0])}, each at its best shot count`,
    sides: ["FT", "ICL"],
    contrasts: sets(task).flatMap((set) =>
      ([1, 2, 3] as const).flatMap((rank) => {
        const arm = ft(view, task, rank);
        const place = placeOf(view, set, "all");
        return contrast(`${set}, ${arm.label}`, measured(view, arm, place), "greater", measured(view, icl, place));
      })
    ),
    notes: [],
  })).filter(({ contrasts }) => contrasts.length > 0);
}

function scoreRows(task: Task, view: PlanView, figure: Readonly<Record<string, PaperCurves>>): ScoreRow[] {
  return [
    { label: "ICL", requests: [untrained(task)], paper: (set, shots) => paperScore(figure, set, shots, 0) },
    ...view.scale.sizes.map((size, i): ScoreRow => ({
      label: `FT ${size}`,
      requests: view.seeds.map((seed) => fineTuned(task, size, seed)),
      paper: (set, shots) => paperScore(figure, set, shots, i + 1),
    })),
  ];
}
