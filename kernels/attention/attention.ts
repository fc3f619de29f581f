/**
 * Row operations of causal grouped-query attention. Formulas and shapes: attention.wgsl; its products: matmul.ts, cached.ts.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./attention.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";
const places = "array<vec4<u32>>";

/** The part of attention.wgsl that only the softmax kernels need refers to their bindings, so the others leave it out. */
function plainSource(name: string): string {
  return kernelSource(source.slice(source.indexOf("//// kernel")), name);
}

/** Scores to weights, in place, for all rows of ragged sequences. */
export const attentionSoftmax: Kernel = {
  name: "attention_softmax",
  body: kernelSource(source, "attention_softmax"),
  inputs: { sequences: places },
  outputs: { scores: matrix },
  uniforms: { count: "u32", heads: "u32", longest: "u32", scale: "f32" },
  grid: ({ count, heads, longest }) => [Math.ceil(longest / 16), heads, count],
};

/** Gradient of the weights to gradient of the scores, in place. */
export const attentionSoftmaxBackward: Kernel = {
  name: "attention_softmax_backward",
  body: plainSource("attention_softmax_backward"),
  inputs: { weights: matrix, mixed: matrix, mixedGradient: matrix, sequences: places },
  outputs: { scoreGradient: matrix },
  uniforms: { count: "u32", heads: "u32", headSize: "u32", longest: "u32", scale: "f32" },
  grid: ({ count, heads, longest }) => [Math.ceil(longest / 16), heads, count],
};

/** Scores to weights, in place, for new tokens with cached keys (cached.ts). */
export const attentionSoftmaxCached: Kernel = {
  name: "attention_softmax_cached",
  body: kernelSource(source, "attention_softmax_cached"),
  inputs: { positions: "array<u32>" },
  outputs: { scores: matrix },
  uniforms: { tokens: "u32", heads: "u32", stride: "u32", span: "u32", scale: "f32" },
  grid: ({ tokens, heads }) => threadGrid(tokens * heads, 8),
};
