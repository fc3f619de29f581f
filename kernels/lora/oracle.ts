/**
 * What lora.ts's kernels compute.
 * @module
 */
import { add, flush, mul } from "../numerics.ts";

/** Multiplies `x` by `scale`, an f32. */
export function loraScaleOracle(x: Float32Array, scale: number): void {
  for (let i = 0; i < x.length; i++) x[i] = flush(mul(scale, x[i]));
}

/** Zeroes `gradient` outside each row's block. */
export function loraBlocksOracle(gradient: Float32Array, blocks: ArrayLike<number>, width: number, rank: number): void {
  for (let i = 0; i < gradient.length; i++) {
    if (Math.floor((i % width) / rank) !== blocks[Math.floor(i / width)]) gradient[i] = 0;
  }
}

/** `base + scale * delta`; `scale` an f32. */
export function loraMergeOracle(base: ArrayLike<number>, delta: ArrayLike<number>, scale: number): Float32Array {
  return Float32Array.from({ length: base.length }, (_, i) => flush(add(base[i], mul(scale, delta[i]))));
}
