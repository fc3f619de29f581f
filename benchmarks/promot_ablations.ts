/**
 * P Tables 6 and 15: which part of ProMoT does it? Joint tuning, a demonstration alone, a random prompt, an adapter for the prompt.
 * @module
 */
import { type Comparison, comparisonRequests } from "./promot_scores.ts";
import { labelTables } from "./promot_labels.ts";
import { averageTable, contextTables, promotComparisons, supervisedTable } from "./promot_tables.ts";
import { ablationsRte, ablationsSupervised, loraEnFr } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const onRte: Comparison = {
  trained: ["promot_rte"],
  arms: ["joint", "ft_1", "random_prompt", "promot_1"],
  inContext: true,
};

const onEnFr: Comparison = { trained: ["translation"], arms: ["lora_2", "lora_4", "promot"], inContext: true };

/** Ablations of ProMoT on RTE, and adapters in the place of its prompt on translation. */
export const promotAblations: Setting = {
  name: "promot_ablations",
  title: "Ablations of ProMoT",
  source: "P Tables 6, 15",
  description: "Joint tuning, FT + 1-shot and a fixed random prompt on RTE; LoRA for the prompt on English to French.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) => [onRte, onEnFr].flatMap((comparison) => comparisonRequests(comparison, task, scope)),
  tables: (view) => [
    ...contextTables(view, "After RTE", onRte, ablationsRte),
    ...supervisedTable(view, "On RTE", [onRte], ablationsSupervised),
    ...labelTables(view, "After RTE", [onRte]),
    ...averageTable(view, "After English to French", onEnFr, loraEnFr.average),
    ...supervisedTable(view, "On English to French", [onEnFr], { enfr: loraEnFr.supervised }),
  ],
  comparisons: (view) =>
    promotComparisons(
      view,
      "RTE",
      onRte,
      [["promot_1", "joint"], ["promot_1", "ft_1"], ["promot_1", "random_prompt"]],
      ablationsRte,
    ),
};
