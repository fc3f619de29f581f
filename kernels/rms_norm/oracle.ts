/**
 * What rms_norm.ts's kernels compute.
 * @module
 */
import { add, divide, flush, mul, reciprocalRoot, stridedSum, sub } from "../numerics.ts";

/** `y` [rows][width] and the saved `inverse` [rows]; rows are as many as `x` holds. */
export function rmsNormForwardOracle(
  x: Float32Array,
  weight: ArrayLike<number>,
  width: number,
  epsilon: number,
): { y: Float32Array; inverse: Float32Array } {
  const rows = x.length / width;
  const inverse = Float32Array.from({ length: rows }, (_, row) => {
    const sum = stridedSum(width, (i) => mul(x[row * width + i], x[row * width + i]));
    return reciprocalRoot(add(divide(sum, width), epsilon));
  });
  const y = x.map((value, i) => flush(mul(mul(value, inverse[Math.floor(i / width)]), weight[i % width])));
  return { y, inverse };
}

/** What the backward pass reads. */
export interface RmsNormSaved {
  /** Gradient of y, [rows][width]. */
  readonly gradient: ArrayLike<number>;
  /** Input, [rows][width]. */
  readonly x: Float32Array;
  /** Weight, [width]. */
  readonly weight: ArrayLike<number>;
  /** Saved by the forward pass, [rows]. */
  readonly inverse: ArrayLike<number>;
}

/** Gradient of x, plus `carried` where given. */
export function rmsNormBackwardOracle(
  { gradient, x, weight, inverse }: RmsNormSaved,
  width: number,
  carried?: ArrayLike<number>,
): Float32Array {
  const result = new Float32Array(x.length);
  for (let row = 0; row < x.length / width; row++) {
    const scaled = (i: number) => mul(weight[i], gradient[row * width + i]);
    const scale = inverse[row];
    const cube = mul(mul(scale, scale), scale);
    const sum = stridedSum(width, (i) => mul(scaled(i), x[row * width + i]));
    const pull = mul(divide(cube, width), sum);
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      const own = flush(sub(mul(scale, scaled(i)), mul(pull, x[at])));
      result[at] = add(carried ? carried[at] : 0, own);
    }
  }
  return result;
}

/** Adds the weight's gradient to `weightGradient`, sequence by sequence (four words: first row, rows, and two unused). */
export function rmsNormWeightGradientOracle(
  { gradient, x, inverse }: Omit<RmsNormSaved, "weight">,
  sequences: ArrayLike<number>,
  weightGradient: Float32Array,
): void {
  const width = weightGradient.length;
  for (let i = 0; i < width; i++) {
    for (let s = 0; s < sequences.length; s += 4) {
      let sum = 0;
      for (let row = sequences[s]; row < sequences[s] + sequences[s + 1]; row++) {
        sum = add(sum, mul(gradient[row * width + i], mul(x[row * width + i], inverse[row])));
      }
      weightGradient[i] = add(weightGradient[i], sum);
    }
  }
}
