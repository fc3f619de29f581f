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

/** An interval of fractions of one in percent. */
export function percent({ low, high }: Interval): Interval {
  return { low: 100 * low, high: 100 * high };
}

/** The 95 % percentile bootstrap interval of a value over `n` items (Efron 1979); `value` is told the positions of the items drawn. */
export async function bootstrapInterval(
  n: number,
  value: (positions: Uint32Array) => number,
  options: { readonly resamples: number; readonly seed: string },
): Promise<Interval> {
  const drawn = resamples(n, options);
  const found = Array.from({ length: options.resamples }, (_, b) => value(drawn.subarray(b * n, (b + 1) * n)));
  const [low, high] = await quantiles(found, [0.025, 0.975]);
  return { low, high };
}

const drawnBefore = new Map<string, Uint32Array>();

/** Item numbers of all resamples of `n` items, one after the other. A report asks for the same ones hundreds of times. */
function resamples(n: number, options: { readonly resamples: number; readonly seed: string }): Uint32Array {
  const key = JSON.stringify([n, options.resamples, options.seed]);
  const known = drawnBefore.get(key);
  if (known !== undefined) return known;
  const stream = resamplingStream(options.seed);
  const drawn = Uint32Array.from({ length: n * options.resamples }, () => stream.below(n));
  drawnBefore.set(key, drawn);
  return drawn;
}

/** A mean with its 95 % interval. */
export interface MeanInterval extends Interval {
  readonly mean: number;
  /** Its standard error. */
  readonly error: number;
  /** Degrees of freedom of the t distribution behind the interval; 0 where nothing varies. */
  readonly freedom: number;
}

/**
 * The 95 % interval of a mean over seeds and items, both being samples: another training run and other test rows.
 *
 * `values[s][i]` is item i under seed s; all seeds see the same items. In the two-way layout with random effects (Searle, Casella and
 * McCulloch, Variance Components, 1992) with mean squares of seeds, items and the residual
 *
 *     Var(mean) = (MS_seeds + MS_items - MS_residual) / (seeds * items)
 *
 * where a negative variance component counts as zero. The interval is t's with Satterthwaite's degrees of freedom (1946). Of one seed only
 * the items vary, and it is the ordinary t interval. Differences of two models, item by item and seed by seed, give the paired interval.
 *
 * @throws where there is no seed or no item, or seeds have unequally many items
 */
export async function twoLevelInterval(values: readonly (readonly number[])[]): Promise<MeanInterval> {
  const seeds = values.length;
  const items = values[0]?.length ?? 0;
  if (items === 0 || values.some((list) => list.length !== items)) {
    throw new Error(`twoLevelInterval: lists of ${values.map((list) => list.length).join(", ")} items`);
  }
  const average = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const bySeed = values.map(average);
  const byItem = values[0].map((_, i) => average(values.map((list) => list[i])));
  const mean = average(bySeed);
  const square = (x: number) => x * x;
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const ofItems = items === 1 ? 0 : seeds * sum(byItem.map((m) => square(m - mean))) / (items - 1);
  const ofSeeds = seeds === 1 ? 0 : items * sum(bySeed.map((m) => square(m - mean))) / (seeds - 1);
  const residual = seeds === 1 || items === 1 ? 0 : sum(
    values.flatMap((list, s) => list.map((value, i) => square(value - bySeed[s] - byItem[i] + mean))),
  ) / ((seeds - 1) * (items - 1));
  // Both components positive: the sum. Else the one that is, or whatever variation there is.
  const both = ofSeeds > residual && ofItems > residual;
  const parts: [number, number][] = both
    ? [[ofSeeds, seeds - 1], [ofItems, items - 1], [-residual, (seeds - 1) * (items - 1)]]
    : [ofSeeds > ofItems ? [ofSeeds, seeds - 1] : [ofItems, items - 1]];
  const used = parts.filter(([part]) => part !== 0);
  const total = sum(used.map(([part]) => part));
  if (!(total > 1e-12 * square(mean))) return { mean, low: mean, high: mean, error: 0, freedom: 0 };
  const least = Math.min(...used.map(([, freedom]) => freedom));
  const freedom = Math.max(least, square(total) / sum(used.map(([part, f]) => square(part) / f)));
  const error = Math.sqrt(total / (seeds * items));
  const half = await studentQuantile(freedom) * error;
  return { mean, low: mean - half, high: mean + half, error, freedom };
}

/** Probability that Student's t of some degrees of freedom (any positive number) exceeds `t` in size. */
export async function studentTail(t: number, freedom: number): Promise<number> {
  return await incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The 97.5 % quantile of Student's t, by bisection. */
export async function studentQuantile(freedom: number): Promise<number> {
  let low = 0;
  let high = 2;
  while (await studentTail(high, freedom) > 0.05) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (await studentTail(middle, freedom) > 0.05) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularized incomplete beta function, by Lentz's continued fraction (Numerical Recipes, section 6.4). */
async function incompleteBeta(x: number, a: number, b: number): Promise<number> {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - await incompleteBeta(1 - x, b, a);
  const { lgamma } = await import("mathjs/number");
  const front = Math.exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  const tiny = 1e-300;
  const away = (value: number) => Math.abs(value) < tiny ? tiny : value;
  let c = 1;
  let d = 1 / away(1 - (a + b) * x / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
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
