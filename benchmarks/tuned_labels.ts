/**
 * How often a model that was tuned on labels answers with one where a text is asked for.
 * @module
 */
import type { ItemStatistics, Metric } from "../tasks/mod.ts";

/** Share of answers that begin with a label word of the task the model was tuned on. Statistics: `tuned_label`. */
export const tunedLabelRate: Metric = {
  name: "tuned_label_rate",
  signature: "tuned_label_rate|match:first-word|case:lower|version:1",
  better: "lower",
  value: ({ tuned_label }) => 100 * tuned_label,
  aggregate: (items) => 100 * items.reduce((sum, { tuned_label }) => sum + tuned_label, 0) / items.length,
};

/**
 * Statistics of one answer: whether its first word, whatever its case, is one of the labels.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreTunedLabel } from "./tuned_labels.ts";
 *
 * assertEquals(scoreTunedLabel(["yes", "no"], "No, it is not."), { tuned_label: 1 });
 * assertEquals(scoreTunedLabel(["yes", "no"], "Nobody knows."), { tuned_label: 0 });
 * assertEquals(scoreTunedLabel(["True", "False"], "true"), { tuned_label: 1 });
 * ```
 */
export function scoreTunedLabel(labels: readonly string[], answer: string): ItemStatistics {
  const [first = ""] = answer.toLowerCase().match(/^\p{L}+/u) ?? [];
  return { tuned_label: labels.some((label) => label.toLowerCase() === first) ? 1 : 0 };
}
