/**
 * What adamw.ts's kernel computes.
 * @module
 */
import type { Uniforms } from "../gpu/program.ts";
import { add, bitsOf, flush, mul, reciprocal, root, sub } from "../numerics.ts";

/** The tensors of an AdamW step, all of one length. */
export interface AdamwTensors {
  /** Gradient before scaling. */
  readonly gradient: ArrayLike<number>;
  /** Weights, updated. */
  readonly weight: Float32Array;
  /** First moments, updated. */
  readonly first: Float32Array;
  /** Second moments, updated. */
  readonly second: Float32Array;
}

/** One step in place; `uniforms` from `adamwUniforms`, `scale` multiplies the gradient. */
export function adamwOracle(
  { gradient, weight, first, second }: AdamwTensors,
  scale: number,
  uniforms: Uniforms,
): void {
  const { decayFactor, beta1, oneMinusBeta1, beta2, oneMinusBeta2, stepSize, inverseRootCorrection2, epsilon } =
    uniforms;
  for (let i = 0; i < weight.length; i++) {
    const scaled = mul(gradient[i], scale);
    const g = (bitsOf(scaled) & 0x7fffffff) >= 0x26800000 ? scaled : 0;
    const m = flush(add(mul(beta1, first[i]), mul(oneMinusBeta1, g)));
    const v = flush(add(mul(beta2, second[i]), mul(oneMinusBeta2, mul(g, g))));
    const denominator = add(mul(root(v), inverseRootCorrection2), epsilon);
    const change = flush(mul(stepSize, mul(m, reciprocal(denominator))));
    first[i] = m;
    second[i] = v;
    weight[i] = flush(sub(mul(weight[i], decayFactor), change));
  }
}
