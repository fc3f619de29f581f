/**
 * P Table 3: what is left of in-context learning after tuning on RTE?
 * @module
 */
import {
  type Comparison,
  comparisonRequests,
  contextTables,
  promotComparisons,
  supervisedTable,
} from "./promot_tables.ts";
import { afterRte, supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const comparison: Comparison = {
  trained: ["promot_rte"],
  arms: ["pretrained", "ft", "prompt_tuning", "promot", "promot_1"],
  inContext: true,
};

/** Models tuned on RTE, on eight sets shown in context. */
export const promotNli: Setting = {
  name: "promot_nli",
  title: "In-context learning after RTE",
  source: "P Table 3",
  description: "FT, prompt tuning and ProMoT on RTE, and the untrained model, on eight sets at one and four shots.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) => comparisonRequests(comparison, task, scope),
  tables: (view) => [
    ...contextTables(view, "After RTE", comparison, afterRte),
    ...supervisedTable(view, "On RTE", [comparison], supervised),
  ],
  comparisons: (view) =>
    promotComparisons(view, comparison, [["promot", "ft"], ["promot", "pretrained"], ["promot_1", "promot"]], afterRte),
};
