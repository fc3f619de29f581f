/**
 * What gradient_cosine.ts's kernel computes.
 * @module
 */
import { chunkCount, chunkLength } from "../gradient_norm/gradient_norm.ts";
import { flush, mul, stridedSum } from "../numerics.ts";

/** (sum a b, sum a^2, sum b^2, 0) of each chunk. */
export function gradientCosineOracle(a: ArrayLike<number>, b: ArrayLike<number>): Float32Array {
  const partials = new Float32Array(chunkCount(a.length) * 4);
  for (let chunk = 0; chunk < partials.length / 4; chunk++) {
    const start = chunk * chunkLength;
    const length = Math.min(chunkLength, a.length - start);
    [[a, b], [a, a], [b, b]].forEach(([p, q], which) => {
      partials[chunk * 4 + which] = stridedSum(length, (i) => flush(mul(p[start + i], q[start + i])));
    });
  }
  return partials;
}
