/**
 * BLEU as sacreBLEU 2.6.0 computes it by default: tokenizer 13a, case kept, exponential smoothing, n-grams up to four.
 * Item statistics are counts, so a corpus score can be recomputed from their sums and compared exactly.
 * Sources: Papineni et al. (2002); Post (2018); `sacrebleu/metrics/bleu.py` and `sacrebleu/tokenizers/tokenizer_13a.py`.
 * @module
 */
import type { ItemStatistics, Metric } from "../types.ts";
import { splitWords, stripEnd } from "../white_space.ts";

const orders = [1, 2, 3, 4] as const;

/**
 * Corpus BLEU: of the summed counts, not a mean over items. One item's value is its sentence BLEU, with the highest
 * order it has n-grams of (`eff:yes`, sacreBLEU's default for sentences).
 */
export const bleu: Metric = {
  name: "bleu",
  signature: "bleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|agg:corpus|version:1",
  better: "higher",
  value: (statistics) => bleuScore(statistics, true),
  aggregate: corpusBleu,
};

/** Marks parted from words, for texts in Western languages. The order counts. */
const rules: readonly (readonly [RegExp, string])[] = [
  // ASCII punctuation but for apostrophe, comma, hyphen and full stop.
  [/([{-~[-` -&(-+:-@/])/g, " $1 "],
  [/([^0-9])([.,])/gu, "$1 $2 "],
  [/([.,])([^0-9])/gu, " $1 $2"],
  [/([0-9])(-)/g, "$1 $2 "],
];

/** Tokens of a text by the rules of mteval-v13a, in sacreBLEU's form. */
export function bleuTokens(text: string): string[] {
  let line = stripEnd(text).replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (line.includes("&")) {
    line = line.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  }
  return splitWords(rules.reduce((padded, [pattern, parted]) => padded.replace(pattern, parted), ` ${line} `));
}

/**
 * Counts of one prediction: `matches_n`, its n-grams that a reference has too (each as often as the reference that has
 * most of it), and `total_n`, its n-grams, for n of 1 to 4; `predicted` and `target`, the lengths in tokens of the
 * prediction and of the reference closest to it in length, the shorter of two equally close.
 *
 * @throws where there is no reference.
 */
export function bleuStatistics(prediction: string, references: readonly string[]): ItemStatistics {
  if (references.length === 0) throw new Error("bleu: no references; valid: at least one");
  const predicted = bleuTokens(prediction);
  const targets = references.map(bleuTokens);
  const statistics: Record<string, number> = {};
  for (const n of orders) {
    const most = new Map<string, number>();
    for (const target of targets) {
      for (const [gram, count] of ngramCounts(target, n)) most.set(gram, Math.max(count, most.get(gram) ?? 0));
    }
    const own = [...ngramCounts(predicted, n)];
    statistics[`matches_${n}`] = own.reduce((sum, [gram, count]) => sum + Math.min(count, most.get(gram) ?? 0), 0);
    statistics[`total_${n}`] = Math.max(0, predicted.length - n + 1);
  }
  const lengths = targets.map((target) => target.length).sort((a, b) => a - b);
  const distance = (length: number) => Math.abs(length - predicted.length);
  const target = lengths.reduce((best, length) => distance(length) < distance(best) ? length : best);
  return { ...statistics, predicted: predicted.length, target };
}

/**
 * BLEU in 0..100 from counts, of one item or summed over items.
 *
 * An order without a match gets half the precision it would have for the last such order's one (`smooth:exp`); without
 * any match at all the score is 0, and so it is where an order has no n-grams, unless it is left out.
 *
 * @param effective Whether orders that have no n-grams are left out.
 */
export function bleuScore(statistics: ItemStatistics, effective = false): number {
  const { predicted, target } = statistics;
  if (orders.every((n) => statistics[`matches_${n}`] === 0)) return 0;
  const present = orders.filter((n) => statistics[`total_${n}`] > 0);
  if (present.length < orders.length && !effective) return 0;
  let smoothing = 1;
  let logs = 0;
  for (const n of present) {
    const matches = statistics[`matches_${n}`];
    if (matches === 0) smoothing *= 2;
    logs += Math.log((100 * (matches === 0 ? 1 / smoothing : matches)) / statistics[`total_${n}`]);
  }
  const brevity = predicted < target ? Math.exp(1 - target / predicted) : 1;
  return brevity * Math.exp(logs / present.length);
}

/** BLEU of a corpus, 0..100, from its items' counts. */
export function corpusBleu(items: readonly ItemStatistics[]): number {
  const sums: Record<string, number> = {};
  for (const item of items) {
    for (const [name, count] of Object.entries(item)) sums[name] = (sums[name] ?? 0) + count;
  }
  return bleuScore(sums);
}

function ngramCounts(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    // Tokens hold no white space, so a joined n-gram stands for no other.
    const gram = tokens.slice(i, i + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}
