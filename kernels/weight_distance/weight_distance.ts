/**
 * Weight distance: partial sums on the GPU, put together in f64. Formulas and shapes are in weight_distance.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { chunkCount } from "../gradient_norm/gradient_norm.ts";
import source from "./weight_distance.wgsl" with { type: "text" };

/** `partials[offset + c] = (sum |d|, sum d^2, sum base^2, max |d|)` of chunk c, `d = weight[start + i] - base[i]`.
 * `offset` counts chunks, `start` elements, a multiple of 4. */
export const weightDistance: Kernel = {
  name: "weight_distance",
  body: kernelSource(source, "weight_distance"),
  inputs: { weight: "array<vec4<f32>>", base: "array<vec4<f32>>" },
  outputs: { partials: "array<vec4<f32>>" },
  uniforms: { length: "u32", start: "u32", offset: "u32" },
  grid: ({ length }) => threadGrid(chunkCount(length), 8),
};

/** Distance of a tensor, or of several, from where it was. */
export interface Distance {
  /** Number of weights. */
  readonly parameters: number;
  /** Mean of |d|. */
  readonly meanAbsolute: number;
  /** Square root of the sum of d^2. */
  readonly l2: number;
  /** `l2` over the base's own L2 norm; 0 where the base is zero. */
  readonly relativeL2: number;
  /** Largest |d|. */
  readonly max: number;
}

/** One tensor's partial sums. */
export interface DistancePartials {
  /** Number of weights. */
  readonly length: number;
  /** Four numbers a chunk, as `weightDistance` writes them. */
  readonly partials: ArrayLike<number>;
}

/** Puts the partial sums of one or more tensors together, in order, in f64. */
export function combineDistances(tensors: readonly DistancePartials[]): Distance {
  let [parameters, absolute, square, norm, max] = [0, 0, 0, 0, 0];
  for (const { length, partials } of tensors) {
    parameters += length;
    for (let c = 0; c < chunkCount(length); c++) {
      absolute += partials[c * 4];
      square += partials[c * 4 + 1];
      norm += partials[c * 4 + 2];
      max = Math.max(max, partials[c * 4 + 3]);
    }
  }
  return {
    parameters,
    meanAbsolute: parameters > 0 ? absolute / parameters : 0,
    l2: Math.sqrt(square),
    relativeL2: norm > 0 ? Math.sqrt(square) / Math.sqrt(norm) : 0,
    max,
  };
}
