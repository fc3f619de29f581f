/**
 * Windows summed up: the median, and the quartiles beside it so that a noisy machine shows.
 * @module
 */

/** Median and quartiles of repeated windows. */
export interface Summary {
  readonly median: number;
  /** First quartile. */
  readonly low: number;
  /** Third quartile. */
  readonly high: number;
  /** Number of windows. */
  readonly windows: number;
}

/**
 * The value below which `share` of the sorted values lie, linear between neighbours (type 7 of Hyndman and Fan, numpy's default).
 * @param sorted ascending, at least one
 */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/**
 * Sums up the values of repeated windows.
 * @throws where there is none
 */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) {
    throw new Error("a summary needs at least one window");
  }
  const sorted = [...values].sort((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  return { median, low, high, windows: values.length };
}
