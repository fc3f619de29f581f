/**
 * Demonstrations before training examples that are drawn for each example, instead of being the same for all.
 * @module
 */
import { stream } from "./random.ts";

/**
 * Which rows of a pool stand before training example number `example`: `count` different ones, in order.
 * @param pool number of rows to draw from
 * @param excluded a row of the pool that must not be drawn: the example itself, where it is one
 * @throws where the pool has too few rows
 */
export function sampledDemonstrations(
  seed: number,
  example: number,
  pool: number,
  count: number,
  excluded?: number,
): number[] {
  const rows = Array.from({ length: pool }, (_, i) => i).filter((i) => i !== excluded);
  if (count > rows.length) {
    throw new Error(`${count} demonstrations cannot be drawn from ${rows.length} rows; use fewer demonstrations`);
  }
  return stream(seed, "demonstrations", example).shuffle(rows).slice(0, count);
}
