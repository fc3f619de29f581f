/**
 * Cosine of two gradients: partial sums on the GPU, put together here. Formulas and shapes are in gradient_cosine.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { chunkCount } from "../gradient_norm/gradient_norm.ts";
import { stridedSum } from "../numerics.ts";
import source from "./gradient_cosine.wgsl" with { type: "text" };

/** `partials[offset + c] = (sum a b, sum a^2, sum b^2, 0)` of chunk c of `length` elements of `a` and `b` from element `start`, a
 * multiple of 4. `offset` counts chunks (`chunkCount`). */
export const gradientCosine: Kernel = {
  name: "gradient_cosine",
  body: kernelSource(source, "gradient_cosine"),
  inputs: { a: "array<vec4<f32>>", b: "array<vec4<f32>>" },
  outputs: { partials: "array<vec4<f32>>" },
  uniforms: { length: "u32", start: "u32", offset: "u32" },
  grid: ({ length }) => threadGrid(chunkCount(length), 8),
};

/** Two gradients of one tensor, or of a stretch of its rows, compared. */
export interface Cosine {
  /** Sum of products. */
  readonly dot: number;
  /** Sum of squares of the first. */
  readonly aSquares: number;
  /** Sum of squares of the second. */
  readonly bSquares: number;
  /** `dot / sqrt(aSquares bSquares)`; null where a gradient is zero. */
  readonly cosine: number | null;
}

/**
 * Puts the partial sums of one stretch together: strided f32 sums over its chunks, the order of the gradient norm; the cosine in f64.
 * @param partials four numbers a chunk, as `gradientCosine` writes them
 */
export function combineCosine(partials: ArrayLike<number>): Cosine {
  const [dot, aSquares, bSquares] = [0, 1, 2].map((which) =>
    stridedSum(partials.length / 4, (chunk) => partials[chunk * 4 + which])
  );
  const norms = Math.sqrt(aSquares) * Math.sqrt(bSquares);
  return { dot, aSquares, bSquares, cosine: norms > 0 ? dot / norms : null };
}
