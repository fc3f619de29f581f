/**
 * What accumulate.ts's kernel computes.
 * @module
 */
import { add } from "../numerics.ts";

/** Adds `source` to `total`. */
export function accumulateOracle(source: ArrayLike<number>, total: Float32Array): void {
  for (let i = 0; i < total.length; i++) total[i] = add(total[i], source[i]);
}
