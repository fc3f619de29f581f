/**
 * RMSNorm, forward and backward. Formulas and shapes: rms_norm.wgsl.
 * @module
 */
import { type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import { rowGrid, type RowSchedule, rowSource, rowType } from "../row_schedule.ts";
import source from "./rms_norm.wgsl" with { type: "text" };

/** `y = norm(x) * weight`; saves `inverse` [rows]. */
export function rmsNormForward(schedule: RowSchedule): Kernel {
  const row = rowType(schedule);
  return {
    name: "rms_norm_forward",
    body: rowSource(source, "rms_norm_forward", schedule),
    inputs: { x: row, weight: row },
    outputs: { y: row, inverse: "array<f32>" },
    uniforms: { rows: "u32", width: "u32", epsilon: "f32" },
    grid: ({ rows }) => rowGrid(rows, schedule),
  };
}

/** Gradient of x; with `carried`, the tensor of that name is added. */
export function rmsNormBackward(schedule: RowSchedule, carried: boolean): Kernel {
  const row = rowType(schedule);
  const carry = schedule === "thread"
    ? `fn carried(i: u32) -> vec4<f32> { return ${carried ? "fetch_carried_gradient(i)" : "vec4<f32>(0.0)"}; }\n`
    : `fn carried(i: u32) -> f32 { return ${carried ? "carried_gradient[i]" : "0.0"}; }\n`;
  return {
    name: "rms_norm_backward",
    body: carry + rowSource(source, "rms_norm_backward", schedule),
    inputs: {
      gradient: row,
      x: row,
      weight: row,
      inverse: "array<f32>",
      ...(carried ? { carried_gradient: row } : {}),
    },
    outputs: { xGradient: row },
    uniforms: { rows: "u32", width: "u32" },
    grid: ({ rows }) => rowGrid(rows, schedule),
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
