/**
 * U section 5.3: do demonstrations in the training examples keep the weights nearer to the base model's?
 * @module
 */
import { type Task, trainingSet } from "../tasks/mod.ts";
import { contrast, distance, ft, fticl } from "./contrasts.ts";
import { section53 } from "./paper_values.ts";
import { fticlShotsOf, type Scale } from "./profiles.ts";
import { type CellRequest, fineTuned, fineTunedInContext } from "./requests.ts";
import { type PlanView, scoreTable, type Setting, tableMetrics } from "./setting.ts";
import type { TableEntry, TablePlan } from "./types.ts";

/** A method of the comparison: its label, its cells by seed, the paper's mean absolute difference. */
interface Arm {
  readonly label: string;
  readonly requests: readonly CellRequest[];
  readonly paper: number | null;
}

const statistics: Readonly<Record<string, string>> = {
  "mean |Δw|": "meanAbsolute",
  "L2": "l2",
  "relative L2": "relativeL2",
  "max |Δw|": "max",
};

const paperNotes = [
  "The paper gives a mean over all parameters of Llama-2-7b, without its formula; read as the mean absolute difference.",
  "The paper does not say how many demonstrations its FTICL model was trained with: its one number stands beside each.",
];

/** FT against FTICL at the smallest training size: distances of the trained weights from the base model's. */
export const weightDistance: Setting = {
  name: "weight_distance",
  title: "Weight distance",
  source: "U section 5.3",
  description: "Distance of the weights from the base model's after FT and after FTICL, at the smallest training size.",
  requests: (task, { scale, seeds }) => arms(task, scale, seeds).flatMap((arm) => arm.requests),
  tables: (view) => view.tasks.flatMap((task) => tablesOf(task, view)),
  comparisons: (view) => {
    const contrasts = view.tasks.flatMap((task) => {
      const set = trainingSet(task);
      const paper = Object.hasOwn(section53, set) ? section53[set] : null;
      const plain = distance(view, ft(view, task, 1), task, paper?.ft ?? null);
      return fticlShotsOf(task, view.scale).flatMap((k) => {
        const inContext = distance(view, fticl(view, task, k), task, paper?.fticl ?? null);
        return contrast(`${task.name}, ${k} shown`, inContext, "greater", plain);
      });
    });
    const sides = ["FTICL", "FT"] as const;
    const notes = ["A distance is one number a seed: of one seed there is no interval."];
    return contrasts.length > 0 ? [{ title: "FTICL against FT", unit: "mean |Δw|, f32", sides, contrasts, notes }] : [];
  },
};

function arms(task: Task, scale: Scale, seeds: readonly number[]): Arm[] {
  const size = scale.sizes[0];
  const set = trainingSet(task);
  const paper = Object.hasOwn(section53, set) ? section53[set] : undefined;
  return [
    { label: `FT ${size}`, requests: seeds.map((seed) => fineTuned(task, size, seed)), paper: paper?.ft ?? null },
    ...fticlShotsOf(task, scale).map((k) => ({
      label: `FTICL ${size}, ${k} shown`,
      requests: seeds.map((seed) => fineTunedInContext(task, size, k, seed)),
      paper: paper?.fticl ?? null,
    })),
  ];
}

function tablesOf(task: Task, view: PlanView): TablePlan[] {
  const compared = arms(task, view.scale, view.seeds);
  return [overallTable(task, compared, view), partsTable(task, compared, view), ...scoreTables(task, compared, view)]
    .filter((table) => table !== null);
}

/** Rows: methods. Columns: statistics over all weights. */
function overallTable(task: Task, compared: readonly Arm[], view: PlanView): TablePlan | null {
  const entries = compared.flatMap((arm) =>
    Object.entries(statistics).flatMap(([column, statistic]) =>
      distanceEntries(view, arm, arm.label, column, `overall.${statistic}`, statistic === "meanAbsolute")
    )
  );
  if (entries.length === 0) return null;
  return {
    title: `Weight distance: ${task.name}`,
    unit: "difference between trained and base weights, f32",
    rowHeader: "model",
    rows: compared.map((arm) => arm.label).filter((label) => entries.some((entry) => entry.row === label)),
    columns: Object.keys(statistics),
    entries,
    notes: entries.some((entry) => entry.paper !== null) ? paperNotes : [],
  };
}

/** Rows: tensor groups, then layers. Columns: methods. */
function partsTable(task: Task, compared: readonly Arm[], view: PlanView): TablePlan | null {
  const groups = ["embedding", "attention", "mlp", "norms", ...(view.model.tied ? [] : ["head"])];
  const parts = [
    ...groups.map((group) => ({ row: group, path: `groups.${group}` })),
    ...Array.from({ length: view.model.layers }, (_, i) => ({ row: `layer ${i}`, path: `layers.${i}` })),
  ];
  const entries = parts.flatMap(({ row, path }) =>
    compared.flatMap((arm) => distanceEntries(view, arm, row, arm.label, `${path}.meanAbsolute`, false))
  );
  if (entries.length === 0) return null;
  return {
    title: `Weight distance by part: ${task.name}`,
    unit: "mean |Δw|, f32",
    rowHeader: "part",
    rows: parts.map(({ row }) => row),
    columns: compared.map((arm) => arm.label).filter((label) => entries.some((entry) => entry.column === label)),
    entries,
    notes: view.model.tied ? ["The head is the embedding."] : [],
  };
}

/** What the same models score on the training set: a distance says little about a model that has not learnt. */
function scoreTables(task: Task, compared: readonly Arm[], view: PlanView): (TablePlan | null)[] {
  const shots = [0, ...fticlShotsOf(task, view.scale)];
  const rows = compared.map((arm) => ({ label: arm.label, requests: arm.requests, paper: () => null }));
  const title = `Scores of the same models: ${task.name}`;
  return tableMetrics(task).slice(0, 1).map((metric) =>
    scoreTable(view, title, metric, rows, (e) => e.set === task.sets.train && shots.includes(e.shots), [])
  );
}

function distanceEntries(
  view: PlanView,
  arm: Arm,
  row: string,
  column: string,
  distance: string,
  withPaper: boolean,
): TableEntry[] {
  return arm.requests.flatMap((request) => {
    const cell = view.cell(request);
    if (cell === undefined) return [];
    return [{ row, column, reference: { cell: cell.id, distance }, paper: withPaper ? arm.paper : null }];
  });
}
