/**
 * Cross-entropy with label smoothing and its gradient, in one pass over target rows. Formulas and shapes are in cross_entropy.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { rowGrid, type RowSchedule, rowSource, rowType } from "../row_schedule.ts";
import source from "./cross_entropy.wgsl" with { type: "text" };

/**
 * Weighted losses [rows], and logits [rows][stride] replaced by their gradient. `weights` are already divided by the total weight of
 * the batch; `vocabulary <= stride`, `stride` a multiple of 4, `smoothing` from 0 to 1.
 */
export function crossEntropy(schedule: RowSchedule): Kernel {
  return {
    name: "cross_entropy",
    body: rowSource(source, "cross_entropy", schedule),
    inputs: { targets: "array<u32>", weights: "array<f32>" },
    outputs: { logits: rowType(schedule), losses: "array<f32>" },
    uniforms: { rows: "u32", vocabulary: "u32", stride: "u32", smoothing: "f32" },
    grid: ({ rows }) => rowGrid(rows, schedule),
  };
}

/** `history[slot] +=` the losses of `count` sequences (x first row, y rows), each summed from zero, added in order. */
export const lossSum: Kernel = {
  name: "loss_sum",
  body: kernelSource(source, "loss_sum"),
  inputs: { losses: "array<f32>", sequences: "array<vec4<u32>>" },
  outputs: { history: "array<f32>" },
  uniforms: { count: "u32", slot: "u32" },
  grid: () => [1],
};
