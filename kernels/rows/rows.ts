/**
 * Gathers the rows that have a target, and spreads their gradients back. Shapes: rows.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./rows.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";
const uniforms = { rows: "u32", width: "u32" } as const;
const grid: Kernel["grid"] = ({ rows, width }) => threadGrid(rows * width / 4, 64);

/** `y[row] = x[index[row]]`. */
export const gatherRows: Kernel = {
  name: "gather_rows",
  body: kernelSource(source, "gather_rows"),
  inputs: { x: matrix, index: "array<u32>" },
  outputs: { y: matrix },
  uniforms,
  grid,
};

/** `x[row] = y[source[row] - 1]`, zeros where `source[row]` is 0. */
export const scatterRows: Kernel = {
  name: "scatter_rows",
  body: kernelSource(source, "scatter_rows"),
  inputs: { y: matrix, source: "array<u32>" },
  outputs: { x: matrix },
  uniforms,
  grid,
};
