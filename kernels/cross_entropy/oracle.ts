/**
 * What cross_entropy.ts's kernels compute.
 * @module
 */
import { add, divide, exponential, flush, logarithm, mul, reciprocal, stridedSum, sub } from "../numerics.ts";

/** Sizes and smoothing of a cross-entropy; see cross_entropy.wgsl. */
export interface CrossEntropyShape {
  /** Target rows. */
  readonly rows: number;
  /** Columns that count. */
  readonly vocabulary: number;
  /** Row stride of the logits. */
  readonly stride: number;
  /** Label smoothing, an f32. */
  readonly smoothing: number;
}

/** Replaces `logits` by their gradient and returns the weighted losses. */
export function crossEntropyOracle(
  logits: Float32Array,
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  { rows, vocabulary, stride, smoothing }: CrossEntropyShape,
): Float32Array {
  const losses = new Float32Array(rows);
  const kept = sub(1, smoothing);
  const share = divide(smoothing, vocabulary);
  for (let row = 0; row < rows; row++) {
    const line = logits.subarray(row * stride, (row + 1) * stride);
    const highest = line.subarray(0, vocabulary).reduce((a, b) => Math.max(a, b), Math.fround(-1e30));
    const z = line.map((x) => sub(x, highest));
    const e = z.map(exponential);
    const zSum = smoothing > 0 ? stridedSum(vocabulary, (i) => z[i]) : 0;
    const total = stridedSum(vocabulary, (i) => e[i]);
    const logTotal = logarithm(total);
    const smoothLoss = sub(logTotal, divide(zSum, vocabulary));
    const loss = add(mul(kept, sub(logTotal, z[targets[row]])), mul(smoothing, smoothLoss));
    losses[row] = flush(mul(weights[row], loss));
    const scale = reciprocal(total);
    for (let i = 0; i < stride; i++) {
      const off = sub(mul(e[i], scale), share);
      const gradient = flush(mul(weights[row], sub(off, i === targets[row] ? kept : 0)));
      line[i] = i < vocabulary ? gradient : 0;
    }
  }
  return losses;
}

/** `start` plus, for each sequence in order (four words: first row, rows, and two unused), its losses summed from zero. */
export function lossSumOracle(losses: ArrayLike<number>, sequences: ArrayLike<number>, start: number): number {
  let total = start;
  for (let s = 0; s < sequences.length; s += 4) {
    let sum = 0;
    for (let i = 0; i < sequences[s + 1]; i++) sum = add(sum, losses[sequences[s] + i]);
    total = add(total, sum);
  }
  return total;
}
