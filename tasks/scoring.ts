/**
 * Which metrics a task has, and the statistics of one answer for each.
 * @module
 */
import { accuracy, bestLabel, freeAccuracy, offLabelRate, scoreLabel, scoreOffLabel } from "./metrics/accuracy.ts";
import { bleu, bleuStatistics } from "./metrics/bleu.ts";
import { exactMatch, plainExactMatch, scoreExactMatch, scorePlainExactMatch } from "./metrics/exact_match.ts";
import { rougeMetric, type RougeName, rougeStatistics } from "./metrics/rouge.ts";
import { postprocess } from "./postprocess.ts";
import type { ItemStatistics, Metric, Scorer, Task } from "./types.ts";

const rougeNames: readonly RougeName[] = ["rougeL", "rouge1", "rouge2"];

const metrics: Readonly<Record<Scorer, readonly Metric[]>> = {
  labels: [accuracy, freeAccuracy, offLabelRate],
  rouge: rougeNames.map((name) => rougeMetric(name)),
  bleu: [bleu],
  exact_match: [exactMatch, plainExactMatch],
};

/**
 * Metrics of a task, the one its paper reports first, by the task's scorer.
 * ROUGE: `rougeL`, `rouge1`, `rouge2`. BLEU: `bleu`. Exact match: `exact_match`, `plain_exact_match`.
 * Labels: `accuracy`, `free_accuracy`, `off_label_rate`.
 */
export function metricsOf(task: Task): readonly Metric[] {
  return metrics[task.scorer];
}

/**
 * Statistics of a generated answer, by metric name.
 *
 * @param output Generated text, as it came or already post-processed.
 */
export function scoreGeneration(task: Task, output: string, reference: string): Record<string, ItemStatistics> {
  expectKind(task, "generation");
  const answer = postprocess(output);
  if (task.scorer === "bleu") return { bleu: bleuStatistics(answer, [reference]) };
  if (task.scorer === "exact_match") {
    return {
      exact_match: scoreExactMatch(answer, reference),
      plain_exact_match: scorePlainExactMatch(answer, reference),
    };
  }
  return Object.fromEntries(rougeNames.map((name) => [name, rougeStatistics(name, answer, reference)]));
}

/** A scored classification: the label chosen by score, and the statistics by metric name. */
export interface ClassificationScore {
  /** Label word with the highest score. */
  readonly label: string;
  /** Item statistics by metric name. */
  readonly statistics: Record<string, ItemStatistics>;
}

/**
 * Scores a classification. A gold label outside the task's labels (see `toleratedGold`) counts as wrong, whatever the
 * model says.
 *
 * @param labelScores Logits of the labels' first tokens, in the order of `task.labels`.
 * @param output Text the model generated freely, as it came or already post-processed.
 * @throws where `labelScores` does not hold one finite number for each label.
 */
export function scoreClassification(
  task: Task,
  labelScores: ArrayLike<number>,
  output: string,
  reference: string,
): ClassificationScore {
  expectKind(task, "classification");
  const label = bestLabel(task.labels, labelScores);
  const answer = postprocess(output);
  return {
    label,
    statistics: {
      accuracy: scoreLabel(task.labels, label, reference),
      free_accuracy: scoreLabel(task.labels, answer, reference),
      off_label_rate: scoreOffLabel(task.labels, answer),
    },
  };
}

/**
 * A metric's value over items, in 0..100: their mean, for `bleu` the BLEU of the whole. Throws where there are no
 * items.
 */
export function meanValue(metric: Metric, items: readonly ItemStatistics[]): number {
  if (items.length === 0) throw new Error(`${metric.name}: no items; valid: at least one`);
  return metric.aggregate(items);
}

function expectKind(task: Task, kind: Task["kind"]): void {
  if (task.kind !== kind) throw new Error(`task ${task.name} is a ${task.kind} task; valid: a ${kind} task`);
}
