/**
 * RMSNorm, forward and backward. Formulas and shapes: rms_norm.wgsl.
 * @module
 */
import { type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import source from "./rms_norm.wgsl" with { type: "text" };

/** `y = norm(x) * weight`; saves `inverse` [rows]. */
export const rmsNormForward: Kernel = {
  name: "rms_norm_forward",
  body: kernelSource(source, "rms_norm_forward"),
  inputs: { x: matrix, weight: matrix },
  outputs: { y: matrix, inverse: "array<f32>" },
  uniforms: { rows: "u32", width: "u32", epsilon: "f32" },
  grid: ({ rows }) => [Math.ceil(rows / 16)],
};

/** Gradient of x; with `carried`, the tensor of that name is added. */
export function rmsNormBackward(carried: boolean): Kernel {
  const carry = carried ? "return fetch_carried_gradient(i);" : "return vec4<f32>(0.0);";
  return {
    name: "rms_norm_backward",
    body: `fn carried(i: u32) -> vec4<f32> { ${carry} }\n${kernelSource(source, "rms_norm_backward")}`,
    inputs: {
      gradient: matrix,
      x: matrix,
      weight: matrix,
      inverse: "array<f32>",
      ...(carried ? { carried_gradient: matrix } : {}),
    },
    outputs: { xGradient: matrix },
    uniforms: { rows: "u32", width: "u32" },
    grid: ({ rows }) => [Math.ceil(rows / 16)],
  };
}

/** Adds the weight's gradient, sequence by sequence. */
export const rmsNormWeightGradient: Kernel = {
  name: "rms_norm_weight_gradient",
  body: kernelSource(source, "rms_norm_weight_gradient"),
  inputs: { gradient: matrix, x: matrix, inverse: "array<f32>", sequences: "array<vec4<u32>>" },
  outputs: { weightGradient: matrix },
  uniforms: { width: "u32", count: "u32" },
  grid: ({ width }) => [Math.ceil(width / 64)],
};
