/**
 * What gradient_norm.ts's kernels compute.
 * @module
 */
import { add, divide, flush, mul, root, stridedSum } from "../numerics.ts";
import { chunkCount, chunkLength } from "./gradient_norm.ts";

/** Sums of squares of the chunks of `gradient`. */
export function squareSumsOracle(gradient: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: chunkCount(gradient.length) }, (_, chunk) => {
    const start = chunk * chunkLength;
    const length = Math.min(chunkLength, gradient.length - start);
    return stridedSum(length, (i) => flush(mul(gradient[start + i], gradient[start + i])));
  });
}

/** Norm of all gradients from their partial sums, and the factor that brings it down to `limit` (0: never clip). */
export function gradientScaleOracle(partials: ArrayLike<number>, limit: number): { norm: number; scale: number } {
  const norm = root(stridedSum(partials.length, (i) => partials[i]));
  const scale = limit > 0 && norm > limit ? divide(limit, add(norm, Math.fround(1e-6))) : 1;
  return { norm, scale };
}
