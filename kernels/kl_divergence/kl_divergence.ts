/**
 * Forward Kullback-Leibler divergence of a tuned model from its base. Formulas and shapes are in kl_divergence.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./kl_divergence.wgsl" with { type: "text" };

/**
 * `divergences[rows] = KL(softmax(base) || softmax(tuned))` in nats, of logits [rows][stride]; `vocabulary <= stride`, `stride` a
 * multiple of 4.
 */
export const klDivergence: Kernel = {
  name: "kl_divergence",
  body: kernelSource(source, "kl_divergence"),
  inputs: { base: "array<vec4<f32>>", tuned: "array<vec4<f32>>" },
  outputs: { divergences: "array<f32>" },
  uniforms: { rows: "u32", vocabulary: "u32", stride: "u32" },
  grid: ({ rows }) => threadGrid(rows, 8),
};
