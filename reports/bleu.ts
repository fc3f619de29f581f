/**
 * Corpus BLEU from item counts: `matches_1` to `matches_4`, `total_1` to `total_4`, `predicted`, `target`, as the metric's samples have
 * them. The formula is sacreBLEU's with exponential smoothing (Papineni et al. 2002; Post 2018).
 * @module
 */

const orders = [1, 2, 3, 4] as const;

/** Fields of BLEU's item statistics, sorted. */
export const bleuFields: readonly string[] = [
  ...orders.map((n) => `matches_${n}`),
  "predicted",
  "target",
  ...orders.map((n) => `total_${n}`),
];

type Counts = Readonly<Record<string, number>>;

/** BLEU in 0..100 of counts summed over items. `effective`: orders without n-grams are left out, as of a single sentence. */
export function bleuOf(counts: Counts, effective = false): number {
  const { predicted, target } = counts;
  if (orders.every((n) => counts[`matches_${n}`] === 0)) return 0;
  const present = orders.filter((n) => counts[`total_${n}`] > 0);
  if (present.length < orders.length && !effective) return 0;
  let smoothing = 1;
  let logs = 0;
  for (const n of present) {
    const matches = counts[`matches_${n}`];
    if (matches === 0) smoothing *= 2;
    logs += Math.log((100 * (matches === 0 ? 1 / smoothing : matches)) / counts[`total_${n}`]);
  }
  const brevity = predicted < target ? Math.exp(1 - target / predicted) : 1;
  return brevity * Math.exp(logs / present.length);
}

/** Counts summed over items. */
export function summedCounts(items: readonly Counts[]): Record<string, number> {
  return Object.fromEntries(bleuFields.map((field) => [field, items.reduce((sum, item) => sum + item[field], 0)]));
}

/**
 * What each item adds to corpus BLEU: jackknife pseudo-values (Tukey 1958), BLEU plus (n - 1) times what BLEU loses without the item,
 * moved so that their mean is BLEU itself. Differences of two models' values, item by item, give paired tests of a difference of BLEU.
 */
export function bleuItemValues(items: readonly Counts[]): number[] {
  const sums = summedCounts(items);
  const whole = bleuOf(sums);
  const losses = items.map((item) => {
    const without = Object.fromEntries(bleuFields.map((field) => [field, sums[field] - item[field]]));
    return (items.length - 1) * (whole - bleuOf(without));
  });
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return losses.map((loss) => whole + loss - mean);
}
