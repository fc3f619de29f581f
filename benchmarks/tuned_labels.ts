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

/** The same of labels that are letters. */
const tunedLetterRate: Metric = {
  ...tunedLabelRate,
  signature: "tuned_label_rate|match:letter-alone|case:exact|version:1",
};

/** The rate by which answers of a model tuned on these labels are counted. */
export function tunedLabelRateOf(labels: readonly string[]): Metric {
  return labels.some(isLetter) ? tunedLetterRate : tunedLabelRate;
}

function isLetter(label: string): boolean {
  return /^\p{L}$/u.test(label);
}

/**
 * Statistics of one answer: whether its first word, whatever its case, is one of the labels. A label that is a letter, as those of multiple
 * choice, counts only as it is written, and where nothing follows it on its line but a mark: the text `A man sat.` begins with an article.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreTunedLabel } from "./tuned_labels.ts";
 *
 * assertEquals(scoreTunedLabel(["yes", "no"], "No, it is not."), { tuned_label: 1 });
 * assertEquals(scoreTunedLabel(["yes", "no"], "Nobody knows."), { tuned_label: 0 });
 * assertEquals(scoreTunedLabel(["True", "False"], "true"), { tuned_label: 1 });
 * assertEquals(scoreTunedLabel(["A", "B"], "A"), { tuned_label: 1 });
 * assertEquals(scoreTunedLabel(["A", "B"], "A man sat."), { tuned_label: 0 });
 * ```
 */
export function scoreTunedLabel(labels: readonly string[], answer: string): ItemStatistics {
  const [first = ""] = answer.toLowerCase().match(/^\p{L}+/u) ?? [];
  const [, letter = ""] = answer.match(/^(\p{L})\s*(?:$|\n|[.):,;])/u) ?? [];
  const found = labels.some((label) => isLetter(label) ? label === letter : label.toLowerCase() === first);
  return { tuned_label: found ? 1 : 0 };
}
