/**
 * The plain mean of several sets' values as a measured quantity, such as P's Norm. Avg: each set counts alike, however many items it has.
 * @module
 */

/**
 * One value for each item of all sets: their mean is the mean of the sets' means, and the variance of that mean, estimated over the values as
 * over any sample, is that of sets sampled apart, `sum of s^2 / n over the sets, / sets^2`. The values are linear in those given, so that
 * differences of two models' values, item by item, are the values of the differences.
 *
 * @param sets Values of each set's items, at least one of each.
 */
export function setMeanItems(sets: readonly (readonly number[])[]): number[] {
  const means = sets.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / sets.length;
  const all = sets.reduce((sum, { length }) => sum + length, 0);
  return sets.flatMap((values, s) => {
    const n = values.length;
    // A single item does not deviate from its set's mean.
    const weight = n === 1 ? 0 : Math.sqrt(all * (all - 1) / (n * (n - 1))) / sets.length;
    return values.map((value) => mean + weight * (value - means[s]));
  });
}
