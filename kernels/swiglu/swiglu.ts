/**
 * SwiGLU, forward and backward. Formulas and shapes: swiglu.wgsl.
 * @module
 */
import { type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./swiglu.wgsl" with { type: "text" };

const uniforms = { rows: "u32", width: "u32" } as const;
const grid: Kernel["grid"] = ({ rows, width }) => threadGrid(rows * width / 4, 64);

/** `y = gate * sigmoid(gate) * up`. */
export const swigluForward: Kernel = {
  name: "swiglu_forward",
  body: kernelSource(source, "swiglu_forward"),
  inputs: { gateUp: matrix },
  outputs: { y: matrix },
  uniforms,
  grid,
};

/** Gradients of gate and up. */
export const swigluBackward: Kernel = {
  name: "swiglu_backward",
  body: kernelSource(source, "swiglu_backward"),
  inputs: { gateUp: matrix, gradient: matrix },
  outputs: { gateUpGradient: matrix },
  uniforms,
  grid,
};
