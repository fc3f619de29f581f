/**
 * Accuracy of a classification, by label score and by free generation.
 * @module
 */
import type { ItemStatistics, Metric } from "../types.ts";
import { meanMetric } from "./mean.ts";

/**
 * Share of items whose gold label has the highest first-token logit among the labels: U's accuracy. Statistics:
 * `correct`.
 */
export const accuracy: Metric = meanMetric({
  name: "accuracy",
  signature: "accuracy|labels:first-token-argmax|version:1",
  better: "higher",
  value: (statistics) => 100 * statistics.correct,
});

/** Share of items whose freely generated answer is the gold label, letter for letter. Statistics: `correct`. */
export const freeAccuracy: Metric = meanMetric({
  name: "free_accuracy",
  signature: "free_accuracy|match:exact|version:1",
  better: "higher",
  value: (statistics) => 100 * statistics.correct,
});

/**
 * Share of items whose freely generated answer is none of the labels: what scoring labels alone cannot show.
 * Statistics: `off_label`.
 */
export const offLabelRate: Metric = meanMetric({
  name: "off_label_rate",
  signature: "off_label_rate|match:exact|version:1",
  better: "lower",
  value: (statistics) => 100 * statistics.off_label,
});

/**
 * The label with the highest score; of equals, the first.
 *
 * @param scores Logits of the labels' first tokens, in the order of `labels`.
 * @throws where the number of scores is not that of the labels, or a score is not finite.
 */
export function bestLabel(labels: readonly string[], scores: ArrayLike<number>): string {
  if (scores.length !== labels.length || labels.length === 0) {
    throw new Error(`${scores.length} label scores for ${labels.length} labels; valid: one score for each label`);
  }
  let best = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new Error(`the score of label "${labels[i]}" is ${scores[i]}; valid: a finite number`);
    }
    if (scores[i] > scores[best]) best = i;
  }
  return labels[best];
}

/** Statistics of `accuracy`: a gold label outside `labels` is never met. */
export function scoreLabel(labels: readonly string[], chosen: string, gold: string): ItemStatistics {
  return { correct: labels.includes(gold) && chosen === gold ? 1 : 0 };
}

/** Statistics of `off_label_rate` for one answer. */
export function scoreOffLabel(labels: readonly string[], answer: string): ItemStatistics {
  return { off_label: labels.includes(answer) ? 0 : 1 };
}
