/**
 * What low-rank adaptation needs beside linear layers. How they go together is in lora.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./lora.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";
const grid: Kernel["grid"] = ({ length }) => threadGrid(Math.ceil(length / 4), 64);

/** A row of no block, for `loraBlocks`. */
export const noBlock = 0xffffffff;

/** `x[length] *= scale`. */
export const loraScale: Kernel = {
  name: "lora_scale",
  body: kernelSource(source, "lora_scale"),
  inputs: {},
  outputs: { x: matrix },
  uniforms: { length: "u32", scale: "f32" },
  grid,
};

/**
 * Zeroes `gradient[rows][width]` but for the columns `blocks[row] * rank` up to `(blocks[row] + 1) * rank` of each row; all of a row
 * whose block is `noBlock`. `width` a multiple of 4.
 */
export const loraBlocks: Kernel = {
  name: "lora_blocks",
  body: kernelSource(source, "lora_blocks"),
  inputs: { blocks: "array<u32>" },
  outputs: { gradient: matrix },
  uniforms: { rows: "u32", width: "u32", rank: "u32" },
  grid: ({ rows, width }) => threadGrid(rows * width / 4, 64),
};

/** `merged[length] = base + scale * delta`. */
export const loraMerge: Kernel = {
  name: "lora_merge",
  body: kernelSource(source, "lora_merge"),
  inputs: { base: matrix, delta: matrix },
  outputs: { merged: matrix },
  uniforms: { length: "u32", scale: "f32" },
  grid,
};
