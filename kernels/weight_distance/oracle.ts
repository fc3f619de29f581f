/**
 * What weight_distance.ts's kernel computes.
 * @module
 */
import { flush, mul, stridedSum, sub } from "../numerics.ts";
import { chunkCount, chunkLength } from "../gradient_norm/gradient_norm.ts";

/** (sum |d|, sum d^2, sum base^2, max |d|) of each chunk, `d = weight - base`. */
export function weightDistanceOracle(weight: ArrayLike<number>, base: ArrayLike<number>): Float32Array {
  const partials = new Float32Array(chunkCount(weight.length) * 4);
  for (let chunk = 0; chunk < partials.length / 4; chunk++) {
    const start = chunk * chunkLength;
    const length = Math.min(chunkLength, weight.length - start);
    const d = Float32Array.from({ length }, (_, i) => Math.abs(flush(sub(weight[start + i], base[start + i]))));
    partials[chunk * 4] = stridedSum(length, (i) => d[i]);
    partials[chunk * 4 + 1] = stridedSum(length, (i) => flush(mul(d[i], d[i])));
    partials[chunk * 4 + 2] = stridedSum(length, (i) => flush(mul(base[start + i], base[start + i])));
    partials[chunk * 4 + 3] = d.reduce((a, b) => Math.max(a, b), 0);
  }
  return partials;
}
