/**
 * What embedding.ts's kernels compute.
 * @module
 */
import { add } from "../numerics.ts";

/** Rows of `weight` (of `width` columns) chosen by `tokens`. */
export function embeddingForwardOracle(
  tokens: ArrayLike<number>,
  weight: ArrayLike<number>,
  width: number,
): Float32Array {
  return Float32Array.from(
    { length: tokens.length * width },
    (_, i) => weight[tokens[Math.floor(i / width)] * width + i % width],
  );
}

/** Adds each row of `gradient` to its token's row of `weightGradient`, positions ascending. */
export function embeddingGradientOracle(
  tokens: ArrayLike<number>,
  gradient: ArrayLike<number>,
  width: number,
  weightGradient: Float32Array,
): void {
  for (let i = 0; i < tokens.length; i++) {
    for (let column = 0; column < width; column++) {
      const at = tokens[i] * width + column;
      weightGradient[at] = add(weightGradient[at], gradient[i * width + column]);
    }
  }
}
