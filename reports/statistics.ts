/**
 * Inference for reports: intervals of single values, paired tests, correction for many comparisons.
 * Every function is deterministic; resampling draws from a stream named by the caller.
 * @module
 */
import { resamplingStream } from "./random.ts";

/** An interval, `low <= high`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const Z95 = 1.959963984540054;

/**
 * Quantiles at the given probabilities, linear between order statistics (type 7 of Hyndman and Fan), by mathjs.
 * The library is loaded on first use: it costs some tenths of a second that a command's `--help` should not pay.
 */
export async function quantiles(values: readonly number[], probabilities: readonly number[]): Promise<number[]> {
  const { quantileSeq } = await import("mathjs/number");
  const sorted = [...values].sort((a, b) => a - b);
  return quantileSeq(sorted, [...probabilities], true) as unknown as number[];
}

/**
 * Wilson's 95 % score interval of a proportion (Wilson 1927), as fractions of one.
 * Unlike the normal one it stays inside 0..1 and is not empty at 0 or n.
 * @throws where `hits` is not in 0..n or n is 0
 */
export function wilsonInterval(hits: number, n: number): Interval {
  if (!(n > 0 && hits >= 0 && hits <= n)) throw new Error(`wilsonInterval: ${hits} of ${n} is not a proportion`);
  const p = hits / n;
  const zz = Z95 * Z95;
  const centre = (p + zz / (2 * n)) / (1 + zz / n);
  const half = Z95 / (1 + zz / n) * Math.sqrt(p * (1 - p) / n + zz / (4 * n * n));
  return { low: hits === 0 ? 0 : centre - half, high: hits === n ? 1 : centre + half };
}

/**
 * The 95 % percentile bootstrap interval of a mean over items (Efron 1979).
 *
 * `strata` are lists of item values; the mean is that of the strata's means, weighted by `weights`. Items are resampled within their stratum,
 * so that a mean over several test sets keeps their sizes. One list and weight 1 give the ordinary bootstrap.
 */
export async function bootstrapInterval(
  strata: readonly (readonly number[])[],
  weights: readonly number[],
  options: { readonly resamples: number; readonly seed: string },
): Promise<Interval> {
  const stream = resamplingStream(options.seed);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const means: number[] = [];
  for (let b = 0; b < options.resamples; b++) {
    let mean = 0;
    for (let s = 0; s < strata.length; s++) {
      const values = strata[s];
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[stream.below(values.length)];
      mean += weights[s] / total * (sum / values.length);
    }
    means.push(mean);
  }
  const [low, high] = await quantiles(means, [0.025, 0.975]);
  return { low, high };
}

/**
 * McNemar's exact test (two-sided binomial on the discordant pairs): the probability, were both equally good, of a split at least as uneven
 * as `onlyFirst : onlySecond`. Computed in integers, hence exact to the last rounding for any count.
 * @throws where a count is not a non-negative integer
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  for (const count of [onlyFirst, onlySecond]) {
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`mcnemarExact: ${count} is not a count`);
  }
  const n = onlyFirst + onlySecond;
  const least = Math.min(onlyFirst, onlySecond);
  let binomial = 1n;
  let tail = 1n;
  for (let k = 1; k <= least; k++) {
    binomial = binomial * BigInt(n - k + 1) / BigInt(k);
    tail += binomial;
  }
  // The leading 64 bits are more than a double holds; the rest goes into the exponent.
  const shift = Math.max(0, 4 * tail.toString(16).length - 64);
  return Math.min(1, Number(tail >> BigInt(shift)) * 2 ** (shift + 1 - n));
}

/** What a paired bootstrap says about `mean(second) - mean(first)`. */
export interface PairedResult extends Interval {
  /** Mean of second minus first. */
  readonly difference: number;
  /** Two-sided p with +1 smoothing, hence never 0. */
  readonly p: number;
}

/**
 * Paired bootstrap of the mean difference of two equally long lists over the same items (Koehn 2004; centred and +1-smoothed as in sacreBLEU):
 * `p = (1 + #{ |d* - d| >= |d| }) / (1 + resamples)`, with a 95 % percentile interval of d*.
 * @throws where the lists are empty or of unequal length
 */
export async function pairedBootstrap(
  first: readonly number[],
  second: readonly number[],
  options: { readonly resamples: number; readonly seed: string },
): Promise<PairedResult> {
  const n = first.length;
  if (n === 0 || n !== second.length) throw new Error(`pairedBootstrap: lists of ${n} and ${second.length} items`);
  const differences = first.map((value, i) => second[i] - value);
  const difference = differences.reduce((sum, d) => sum + d, 0) / n;
  if (differences.every((d) => d === 0)) return { difference: 0, low: 0, high: 0, p: 1 };
  const stream = resamplingStream(options.seed);
  const means: number[] = [];
  let extreme = 0;
  // Sums in another order differ in their last bits; a mean that is equal but for those must count as equal.
  const slack = 1e-9 * differences.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  for (let b = 0; b < options.resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[stream.below(n)];
    const mean = sum / n;
    means.push(mean);
    if (Math.abs(mean - difference) >= Math.abs(difference) - slack) extreme++;
  }
  const [low, high] = await quantiles(means, [0.025, 0.975]);
  return { difference, low, high, p: (1 + extreme) / (1 + options.resamples) };
}

/** Holm's step-down adjusted p-values (Holm 1979), in the order given: compare each with the level wanted for the whole family. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b] || a - b);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}
