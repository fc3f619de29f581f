/**
 * P Table 4: what is left of in-context learning after tuning on translation?
 * @module
 */
import {
  type Comparison,
  comparisonRequests,
  contextTables,
  promotComparisons,
  supervisedTable,
} from "./promot_tables.ts";
import { afterEnFr, supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const comparison: Comparison = {
  trained: ["translation"],
  arms: ["pretrained", "ft", "prompt_tuning", "promot", "promot_1"],
  inContext: true,
};

/** Models tuned on WMT14 English to French, on eight sets shown in context. */
export const promotTranslation: Setting = {
  name: "promot_translation",
  title: "In-context learning after translation",
  source: "P Table 4",
  description: "As promot_nli, tuned on English to French instead of RTE.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) => comparisonRequests(comparison, task, scope),
  tables: (view) => [
    ...contextTables(view, "After English to French", comparison, afterEnFr),
    ...supervisedTable(view, "On English to French", [comparison], supervised),
  ],
  comparisons: (view) =>
    promotComparisons(
      view,
      comparison,
      [["promot", "ft"], ["promot", "pretrained"], ["promot_1", "promot"]],
      afterEnFr,
    ),
};
