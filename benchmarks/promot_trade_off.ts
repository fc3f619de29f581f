/**
 * P section C.3: what does a model keep of other tasks at the score it has reached on the one it is tuned on?
 * @module
 */
import { promotArms } from "./promot_arms.ts";
import {
  checkpointNotes,
  checkpointRequests,
  checkpointSteps,
  meanAfter,
  scoresAfter,
  type WatchedArm,
  watchedArms,
  type WatchedTask,
  watchedTasks,
} from "./promot_checkpoints.ts";
import { tableOf } from "./promot_tables.ts";
import { contextSets } from "./promot_values.ts";
import type { PlanView, Setting } from "./setting.ts";
import type { TableEntry, TablePlan, ValueReference } from "./types.ts";

/** The second coordinates of one table. */
interface Others {
  readonly title: string;
  readonly on: WatchedTask;
  /** By what columns call them, the sets whose scores are averaged. */
  readonly means: Readonly<Record<string, readonly string[]>>;
}

const [eight, labels] = [contextSets, ["cb", "wic"]];

const tables: readonly Others[] = [
  {
    title: "RTE against other tasks",
    on: "promot_rte",
    means: { "Norm. Avg": eight, "the six without labels": eight.filter((set) => !labels.includes(set)) },
  },
  {
    title: "English to French against other tasks",
    on: "translation",
    // The paper's Figures 5 and 6.
    means: { "Norm. Avg": eight, "cb and wic": labels, "ende and enro": ["ende", "enro"] },
  },
];

const notes = [
  "For each model the score on the set tuned on, which is the paper's x, and plain means of other sets' scores at one shot, its y: compare " +
  "the means of two models at rows where their scores on the set tuned on are alike, not at rows of the same step.",
  ...checkpointNotes,
  "The paper shows clouds of points over up to 20,000 steps on English to French, without numbers: mean accuracy of labels (Figure 5) and " +
  "mean BLEU of other pairs (Figure 6), ProMoT's above FT's at equal BLEU on English to French. Norm. Avg, of all eight sets, and RTE are ours.",
];

/** FT and ProMoT over the course of tuning: the score on the set tuned on, and the means of others. */
export const promotTradeOff: Setting = {
  name: "promot_trade_off",
  title: "What tuning gains and what it costs",
  source: "P section C.3",
  description:
    "FT and ProMoT on RTE and on English to French after 0, 1, 2, 4, ... steps: the score on the set tuned on beside the mean of others.",
  onlyByName: true,
  paper: "P",
  requests: checkpointRequests,
  tables: (view) =>
    tables.flatMap((table) => tradeOffTable(view, table)).map((table, i) => i === 0 ? { ...table, notes } : table),
};

function tradeOffTable(view: PlanView, { title, on, means }: Others): TablePlan[] {
  const columnOf = (arm: WatchedArm, what: string) => `${promotArms[arm].label}: ${what}`;
  const all = watchedArms.flatMap((arm) =>
    [watchedTasks[on], ...Object.keys(means)].map((what) => columnOf(arm, what))
  );
  const entries = checkpointSteps(view.scale).flatMap((step) =>
    watchedArms.flatMap((arm) => {
      const at = (what: string, references: readonly ValueReference[]) =>
        references.map((reference): TableEntry => ({
          row: String(step),
          column: columnOf(arm, what),
          reference,
          paper: null,
        }));
      return [
        ...at(watchedTasks[on], scoresAfter(view, on, arm, step, watchedTasks[on])),
        ...Object.entries(means).flatMap(([what, sets]) => at(what, meanAfter(view, on, arm, step, sets))),
      ];
    })
  );
  const unit = "the sets' own metrics and their plain means, 0-100";
  // A part of a plan may lack a model's first step, but not the order of the coordinates.
  return tableOf(title, unit, "step", entries, []).map((table) => ({
    ...table,
    columns: all.filter((column) => table.columns.includes(column)),
  }));
}
