/**
 * Exact match of a short answer, after TriviaQA's normalisation and letter for letter.
 * @module
 */
import type { ItemStatistics, Metric } from "../types.ts";
import { splitWords, strip } from "../white_space.ts";
import { meanMetric } from "./mean.ts";

/** Share of items whose answer is the reference after {@linkcode normalizeAnswer}. Statistics: `correct`. */
export const exactMatch: Metric = meanMetric({
  name: "exact_match",
  signature: "exact_match|norm:triviaqa|agg:mean|version:1",
  better: "higher",
  value: (statistics) => 100 * statistics.correct,
});

/** Share of items whose answer is the reference but for white space at its ends. Statistics: `correct`. */
export const plainExactMatch: Metric = meanMetric({
  name: "plain_exact_match",
  signature: "plain_exact_match|norm:strip|agg:mean|version:1",
  better: "higher",
  value: (statistics) => 100 * statistics.correct,
});

/** Python's `string.punctuation`, and the quotation marks TriviaQA's script adds to it. The underscore is part of it. */
const punctuation = /[!-/:-@[-`{-~‘’´]/g;
/** Python's `\b` in Unicode text: JavaScript's takes accented letters for the end of a word. */
const article = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/**
 * An answer as TriviaQA's evaluation script compares it (`normalize_answer` of mandarjoshi90/triviaqa): lower case,
 * punctuation turned into spaces, the articles a, an and the left out, words parted by one space. SQuAD's script, which
 * it follows, leaves punctuation out instead: there `u.s.` is `us`, here it is `u s`.
 */
export function normalizeAnswer(answer: string): string {
  return splitWords(answer.toLowerCase().replace(punctuation, " ").replace(article, " ")).join(" ");
}

/** Statistics of `exact_match` for one answer. */
export function scoreExactMatch(answer: string, reference: string): ItemStatistics {
  return { correct: normalizeAnswer(answer) === normalizeAnswer(reference) ? 1 : 0 };
}

/** Statistics of `plain_exact_match` for one answer. */
export function scorePlainExactMatch(answer: string, reference: string): ItemStatistics {
  return { correct: strip(answer) === strip(reference) ? 1 : 0 };
}
