/**
 * AdamW. Formulas and shapes are in adamw.wgsl.
 * @module
 */
import { type Kernel, kernelSource, type Uniforms } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./adamw.wgsl" with { type: "text" };

/** One AdamW step on `weight[length]` and its moments `first` and `second`, in place. `scale[0]` multiplies the gradient. */
export const adamw: Kernel = {
  name: "adamw",
  body: kernelSource(source, "adamw"),
  inputs: { gradient: "array<vec4<f32>>", scale: "array<f32>" },
  outputs: { weight: "array<vec4<f32>>", first: "array<vec4<f32>>", second: "array<vec4<f32>>" },
  uniforms: {
    length: "u32",
    decayFactor: "f32",
    beta1: "f32",
    oneMinusBeta1: "f32",
    beta2: "f32",
    oneMinusBeta2: "f32",
    stepSize: "f32",
    inverseRootCorrection2: "f32",
    epsilon: "f32",
  },
  grid: ({ length }) => threadGrid(Math.ceil(length / 4), 64),
};

/** Hyper-parameters of one AdamW step. */
export interface AdamwHyper {
  /** Learning rate of this step. */
  readonly learningRate: number;
  /** Decay of the first moment, from 0 up to but not 1. */
  readonly beta1: number;
  /** Decay of the second moment, from 0 up to but not 1. */
  readonly beta2: number;
  /** Added to the root; greater than zero. */
  readonly epsilon: number;
  /** Decoupled weight decay. */
  readonly weightDecay: number;
}

/** x to the power of n by squaring: the same bits everywhere, which Math.pow does not promise. */
function power(x: number, n: number): number {
  let result = 1;
  for (let square = x, rest = n; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}

/**
 * Uniforms of `adamw` but for `length`, in f64 rounded to f32 once.
 * @param step number of this step, from 1
 */
export function adamwUniforms(step: number, hyper: AdamwHyper): Uniforms {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = hyper;
  const uniforms = {
    decayFactor: 1 - learningRate * weightDecay,
    beta1,
    oneMinusBeta1: 1 - beta1,
    beta2,
    oneMinusBeta2: 1 - beta2,
    stepSize: learningRate / (1 - power(beta1, step)),
    inverseRootCorrection2: 1 / Math.sqrt(1 - power(beta2, step)),
    epsilon,
  };
  return Object.fromEntries(Object.entries(uniforms).map(([name, value]) => [name, Math.fround(value)]));
}
