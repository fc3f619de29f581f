/**
 * U section 5.4: do demonstrations in the training examples make the loss harder to lower?
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { type Arm, contrast, finalLoss, ft, fticl } from "./contrasts.ts";
import { fticlShotsOf } from "./profiles.ts";
import { fineTuned, fineTunedInContext } from "./requests.ts";
import type { PlanView, Setting } from "./setting.ts";
import type { ComparisonPlan, TableEntry, TablePlan, TrainValue } from "./types.ts";

/** What the table shows of a training: column and value. */
const columns: readonly (readonly [string, TrainValue])[] = [
  ["first step", "firstLoss"],
  ["last fifth", "lastFifthLoss"],
  ["last step", "finalLoss"],
  ["targets cut, %", "truncation"],
];

/** FT against FTICL at the smallest training size: losses over the target tokens. */
export const trainingLoss: Setting = {
  name: "training_loss",
  title: "Training loss",
  source: "U section 5.4",
  description:
    "Training losses of FT and FTICL at the smallest size, and how many training targets the longest length cuts.",
  requests: (task, { scale, seeds }) => {
    const [size] = scale.sizes;
    return seeds.flatMap((seed) => [
      fineTuned(task, size, seed),
      ...fticlShotsOf(task, scale).map((shown) => fineTunedInContext(task, size, shown, seed)),
    ]);
  },
  tables: (view) => view.tasks.map((task) => tableOf(task, view)).filter((table) => table !== null),
  comparisons: (view) => {
    const contrasts = view.tasks.flatMap((task) =>
      fticlShotsOf(task, view.scale).flatMap((k) =>
        contrast(
          `${task.name}, ${k} shown`,
          finalLoss(view, fticl(view, task, k), task),
          "greater",
          finalLoss(view, ft(view, task, 1), task),
        )
      )
    );
    const comparison: ComparisonPlan = {
      title: "FTICL against FT",
      unit:
        "mean loss per target token over the last fifth of the steps, paired step by step: both see the same rows in the same order",
      sides: ["FTICL", "FT"],
      contrasts,
      notes: [],
    };
    return contrasts.length > 0 ? [comparison] : [];
  },
};

function armsOf(task: Task, view: PlanView): Arm[] {
  return [ft(view, task, 1), ...fticlShotsOf(task, view.scale).map((shown) => fticl(view, task, shown))];
}

function tableOf(task: Task, view: PlanView): TablePlan | null {
  const entries = armsOf(task, view).flatMap((arm) =>
    arm.requests(task, 1).flatMap((request): TableEntry[] => {
      const cell = view.cell(request);
      if (cell === undefined) return [];
      return columns.map(([column, train]) => ({
        row: arm.label,
        column,
        reference: { cell: cell.id, train },
        paper: null,
      }));
    })
  );
  if (entries.length === 0) return null;
  return {
    title: `Training loss: ${task.name}`,
    unit: "mean loss per target token of a step; the share of training examples that lost target tokens",
    rowHeader: "model",
    rows: [...new Set(entries.map(({ row }) => row))],
    columns: columns.map(([column]) => column),
    entries,
    notes: [
      "The paper says in words that FTICL's loss on classification tends to stay higher, and gives no numbers. The rows and their order are " +
      "the same for all models of a task.",
    ],
  };
}
