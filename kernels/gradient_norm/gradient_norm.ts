/**
 * Global gradient norm and clipping factor. Formulas and shapes are in gradient_norm.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./gradient_norm.wgsl" with { type: "text" };

/** Elements that one partial sum covers. */
export const chunkLength = 4096;

/** Number of chunks, and so of partial sums, of a tensor of `length` elements. */
export function chunkCount(length: number): number {
  return Math.ceil(length / chunkLength);
}

/** `partials[offset + c] =` sum of squares of chunk c of `gradient[length]`. */
export const squareSums: Kernel = {
  name: "square_sums",
  body: kernelSource(source, "square_sums"),
  inputs: { gradient: "array<vec4<f32>>" },
  outputs: { partials: "array<f32>" },
  uniforms: { length: "u32", offset: "u32" },
  grid: ({ length }) => threadGrid(chunkCount(length), 8),
};

/** `history[slot] =` norm of all gradients, `scale[0] =` factor that brings it down to `limit` (0: never clip). */
export const gradientScale: Kernel = {
  name: "gradient_scale",
  body: kernelSource(source, "gradient_scale"),
  inputs: { partials: "array<f32>" },
  outputs: { scale: "array<f32>", history: "array<f32>" },
  uniforms: { count: "u32", slot: "u32", limit: "f32" },
  grid: () => [1],
};
