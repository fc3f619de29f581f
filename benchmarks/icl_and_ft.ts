/**
 * The cells and tables that U's Figures 1 and 2 share: the untrained model and three training sizes, at every shot count.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { type PaperCurves, paperScore } from "./paper_values.ts";
import type { Scale } from "./profiles.ts";
import { type CellRequest, fineTuned, untrained } from "./requests.ts";
import { type PlanView, type ScoreRow, scoreTable, tableMetrics } from "./setting.ts";
import type { Relation, TablePlan } from "./types.ts";

const paperSizes = ["2,000", "4,000", "6,000"];

/** The untrained model, and fine-tuning at each size with each seed. */
export function iclAndFtRequests(task: Task, scale: Scale, seeds: readonly number[]): CellRequest[] {
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
