/**
 * ROUGE-1, ROUGE-2 and sentence-level ROUGE-L as google-research's `rouge_score` computes them.
 * Item statistics are counts, so a score can be recomputed and compared exactly.
 * @module
 */
import type { ItemStatistics, Metric } from "../types.ts";
import { meanMetric } from "./mean.ts";
import { porterStem } from "./porter.ts";

/** Which ROUGE. */
export type RougeName = "rouge1" | "rouge2" | "rougeL";

/** Precision, recall and F1, each in 0..1. */
export interface RougeScore {
  /** Common part over the prediction. */
  readonly precision: number;
  /** Common part over the reference. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
}

/**
 * Tokens of a text: lower-cased runs of `a-z0-9`; everything else parts tokens, so letters outside ASCII are lost
 * ("Café" is `caf`). Lower-casing comes first: it brings some letters into ASCII (the Kelvin sign becomes `k`).
 *
 * @param stem Whether tokens longer than three letters go through the Porter stemmer.
 */
export function rougeTokens(text: string, stem = false): string[] {
  const tokens = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return stem ? tokens.map((token) => token.length > 3 ? porterStem(token) : token) : tokens;
}

/**
 * Counts of one prediction against its reference.
 * ROUGE-L: `lcs`, length of the longest common subsequence, and the lengths in tokens `predicted` and `target`.
 * ROUGE-N: `overlap`, n-grams in common (each as often as both have it), and the n-gram counts `predicted` and
 * `target`.
 */
export function rougeStatistics(name: RougeName, prediction: string, reference: string, stem = false): ItemStatistics {
  const predicted = rougeTokens(prediction, stem);
  const target = rougeTokens(reference, stem);
  if (name === "rougeL") {
    return { lcs: lcsLength(predicted, target), predicted: predicted.length, target: target.length };
  }
  const n = name === "rouge1" ? 1 : 2;
  const a = ngrams(predicted, n);
  const b = ngrams(target, n);
  return { overlap: overlapOf(a, b), predicted: a.length, target: b.length };
}

/** Precision, recall and F1 from the counts of {@linkcode rougeStatistics}; a side with nothing in it gives 0. */
export function rougeScore(statistics: ItemStatistics): RougeScore {
  const { predicted, target } = statistics;
  const common = statistics.lcs ?? statistics.overlap;
  if (common === 0) return { precision: 0, recall: 0, f1: 0 };
  // 2PR / (P + R) with P = c/p and R = c/t is 2c / (p + t): one rounding only.
  return { precision: common / predicted, recall: common / target, f1: (2 * common) / (predicted + target) };
}

/**
 * A ROUGE as a metric: F1 times 100 of each item; the mean over items is arithmetic, not the bootstrap median U's code
 * reports.
 */
export function rougeMetric(name: RougeName, stem = false): Metric {
  return meanMetric({
    name,
    signature: `${name}|tok:rouge_score|stem:${stem ? "porter-nltk" : "no"}|agg:mean|version:1`,
    better: "higher",
    value: ({ lcs, overlap, predicted, target }) => {
      const common = lcs ?? overlap;
      return common === 0 ? 0 : (200 * common) / (predicted + target);
    },
  });
}

function ngrams(tokens: readonly string[], n: number): string[] {
  const count = Math.max(0, tokens.length - n + 1);
  return Array.from({ length: count }, (_, i) => tokens.slice(i, i + n).join(" "));
}

function overlapOf(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>();
  for (const gram of b) left.set(gram, (left.get(gram) ?? 0) + 1);
  let common = 0;
  for (const gram of a) {
    const count = left.get(gram) ?? 0;
    if (count === 0) continue;
    left.set(gram, count - 1);
    common++;
  }
  return common;
}

function lcsLength(a: readonly string[], b: readonly string[]): number {
  // One row of the table at a time; `diagonal` is the value up and to the left.
  const row = new Uint32Array(b.length + 1);
  for (const token of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      row[j] = token === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row[b.length];
}
