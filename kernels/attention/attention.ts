/**
 * Row operations of causal grouped-query attention. Formulas and shapes: attention.wgsl; its products: matmul.ts, cached.ts.
 * @module
 */
import { givenInput, type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./attention.wgsl" with { type: "text" };

const places = "array<vec4<u32>>";

/** The part of attention.wgsl that only the softmax kernels need refers to their bindings, so the others leave it out. */
function plainSource(name: string): string {
  return kernelSource(source.slice(source.indexOf("//// kernel")), name);
}

/**
 * Scores to weights, in place, for all rows of ragged sequences.
 * @param image whether scores are read from `given`, an image with a copy of them
 */
export function attentionSoftmax(image: boolean): Kernel {
  const { inputs, wgsl } = givenInput("scores", image);
  return {
    name: "attention_softmax",
    body: wgsl + kernelSource(source, "attention_softmax"),
    inputs: { ...inputs, sequences: places },
    outputs: { scores: matrix },
    uniforms: { count: "u32", heads: "u32", longest: "u32", scale: "f32" },
    grid: ({ count, heads, longest }) => [Math.ceil(longest / 16), heads, count],
  };
}

/** For each token's head, the sum of what mixed values and their gradient have in common: `mixedGradient * mixed`. */
export const attentionDeltas: Kernel = {
  name: "attention_deltas",
  body: plainSource("attention_deltas"),
  inputs: { mixed: matrix, mixedGradient: matrix },
  outputs: { deltas: "array<f32>" },
  uniforms: { rows: "u32", headSize: "u32" },
  grid: ({ rows }) => threadGrid(rows, 16),
};

/** Scores to weights, in place, for new tokens with cached keys (cached.ts). */
export const attentionSoftmaxCached: Kernel = {
  name: "attention_softmax_cached",
  body: givenInput("scores", false).wgsl + kernelSource(source, "attention_softmax_cached"),
  inputs: { positions: "array<u32>" },
  outputs: { scores: matrix },
  uniforms: { tokens: "u32", heads: "u32", stride: "u32", span: "u32", scale: "f32" },
  grid: ({ tokens, heads }) => threadGrid(tokens * heads, 16),
};
