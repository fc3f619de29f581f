/**
 * Packing of weights for bf16 operands. Layout: pack.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./pack.wgsl" with { type: "text" };

/** `packed = bf16(source)`, `length` values, two a word. */
export const pack: Kernel = {
  name: "pack",
  body: kernelSource(source, "pack"),
  inputs: { source: "array<vec4<f32>>" },
  outputs: { packed: "array<vec2<u32>>" },
  uniforms: { length: "u32" },
  grid: ({ length }) => threadGrid(Math.ceil(length / 4), 64),
};
