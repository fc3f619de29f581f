/**
 * P Tables 5 and 11: tuned on RTE and translation at once, each behind a prompt of its own.
 * @module
 */
import {
  type Comparison,
  comparisonRequests,
  contextTables,
  promotComparisons,
  supervisedTable,
} from "./promot_tables.ts";
import { afterBoth, bothSupervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const comparison: Comparison = {
  trained: ["promot_rte", "translation"],
  arms: ["pretrained", "ft", "promot", "ft_1", "promot_1"],
  inContext: true,
};

/** Models tuned on two tasks at once, on eight sets shown in context. */
export const promotMultiTask: Setting = {
  name: "promot_multi_task",
  title: "In-context learning after RTE and translation",
  source: "P Tables 5, 11",
  description: "FT and ProMoT on RTE and English to French at once, on eight sets at one and four shots.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) => comparisonRequests(comparison, task, scope),
  tables: (view) => [
    ...contextTables(view, "After RTE and English to French", comparison, afterBoth).map((table, i) => ({
      ...table,
      notes: i > 0 ? table.notes : [...table.notes, "As many rows of either task; the paper does not give its ratio."],
    })),
    ...supervisedTable(view, "On RTE and English to French", [comparison], bothSupervised),
  ],
  comparisons: (view) =>
    promotComparisons(
      view,
      comparison,
      [["promot", "ft"], ["promot", "pretrained"], ["promot_1", "promot"]],
      afterBoth,
    ),
};
