/**
 * What kl_divergence.ts's kernel computes.
 * @module
 */
import { add, divide, exponential, flush, logarithm, mul, stridedSum, sub } from "../numerics.ts";

/** Logits of a row less their maximum. */
function shifted(logits: Float32Array): Float32Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), Math.fround(-1e30));
  return logits.map((x) => sub(x, highest));
}

/** The divergence of each row; uniforms as the kernel's. */
export function klDivergenceOracle(
  base: Float32Array,
  tuned: Float32Array,
  { rows, vocabulary, stride }: { rows: number; vocabulary: number; stride: number },
): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) => {
    const [y, z] = [base, tuned].map((x) => shifted(x.subarray(row * stride, row * stride + vocabulary)));
    const e = y.map(exponential);
    const baseTotal = stridedSum(vocabulary, (i) => e[i]);
    const tunedTotal = stridedSum(vocabulary, (i) => exponential(z[i]));
    const difference = stridedSum(vocabulary, (i) => flush(mul(e[i], sub(y[i], z[i]))));
    const shift = sub(logarithm(tunedTotal), logarithm(baseTotal));
    const divergence = add(divide(difference, baseTotal), shift);
    return divergence > 0 ? flush(divergence) : 0;
  });
}
