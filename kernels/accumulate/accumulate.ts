/**
 * Sum of two tensors in place. See accumulate.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./accumulate.wgsl" with { type: "text" };

/** `total[length] += source[length]`. */
export const accumulate: Kernel = {
  name: "accumulate",
  body: kernelSource(source, "accumulate"),
  inputs: { source: "array<vec4<f32>>" },
  outputs: { total: "array<vec4<f32>>" },
  uniforms: { length: "u32" },
  grid: ({ length }) => threadGrid(Math.ceil(length / 4), 64),
};
