/**
 * P Tables 2 and 9: is two-stage tuning as good as fine-tuning on what is tuned on?
 * @module
 */
import { labelTables } from "./promot_labels.ts";
import { type Comparison, comparisonRequests } from "./promot_scores.ts";
import { promotNotes, supervisedTable } from "./promot_tables.ts";
import { supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const arms = ["pretrained", "prompt_tuning", "ft", "promot"] as const;
const oneShot = [...arms, "prompt_tuning_1", "promot_1"] as const;

const comparisons: readonly Comparison[] = [
  { trained: ["promot_rte"], arms: oneShot, inContext: false },
  { trained: ["translation"], arms: oneShot, inContext: false },
  { trained: ["promot_inference"], arms, inContext: false },
  { trained: ["multiple_choice"], arms, inContext: false },
];

/** Prompt tuning, fine-tuning and ProMoT on the sets they are tuned on. */
export const promotSupervised: Setting = {
  name: "promot_supervised",
  title: "ProMoT on what it is tuned on",
  source: "P Tables 2, 9",
  description: "Prompt tuning, FT and ProMoT, with and without a demonstration, on the four sets they are tuned on.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) => comparisons.flatMap((comparison) => comparisonRequests(comparison, task, scope)),
  tables: (view) => [
    ...supervisedTable(view, "On the set tuned on", comparisons, supervised).map((table) => ({
      ...table,
      notes: promotNotes,
    })),
    ...labelTables(view, "On the set tuned on", comparisons),
  ],
};
