/**
 * Row operations of causal grouped-query attention, and attention over a key-value cache. Formulas and shapes: attention.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { type Operands, operandWgsl } from "../numerics.ts";
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
  grid: ({ count, heads, longest }) => [Math.ceil(longest / 8), heads, count],
};

/** Gradient of the weights to gradient of the scores, in place. */
export const attentionSoftmaxBackward: Kernel = {
  name: "attention_softmax_backward",
  body: plainSource("attention_softmax_backward"),
  inputs: { weights: matrix, mixed: matrix, mixedGradient: matrix, sequences: places },
  outputs: { scoreGradient: matrix },
  uniforms: { count: "u32", heads: "u32", headSize: "u32", longest: "u32", scale: "f32" },
  grid: ({ count, heads, longest }) => [Math.ceil(longest / 8), heads, count],
};

const decodeUniforms = {
  rows: "u32",
  heads: "u32",
  keyValueHeads: "u32",
  headSize: "u32",
  width: "u32",
  capacity: "u32",
} as const;

/** Scores of one new query a row against its cached keys; `longest` bounds the grid. */
export function attentionScoresDecode(operands: Operands): Kernel {
  return {
    name: "attention_scores_decode",
    body: operandWgsl(operands) + plainSource("attention_scores_decode"),
    inputs: { queries: matrix, cache: matrix, state: places },
    outputs: { scores: "array<f32>" },
    uniforms: { ...decodeUniforms, longest: "u32" },
    grid: ({ rows, heads, longest }) => [Math.ceil(longest / 64), rows * heads],
  };
}

/** Scores to weights for one new query a row. */
export const attentionSoftmaxDecode: Kernel = {
  name: "attention_softmax_decode",
  body: kernelSource(source, "attention_softmax_decode"),
  inputs: { state: places },
  outputs: { scores: matrix },
  uniforms: { rows: "u32", heads: "u32", capacity: "u32", scale: "f32" },
  grid: ({ rows, heads }) => [Math.ceil(rows * heads / 8)],
};

/** Mixed values of one new query a row. */
export function attentionValuesDecode(operands: Operands): Kernel {
  return {
    name: "attention_values_decode",
    body: operandWgsl(operands) + plainSource("attention_values_decode"),
    inputs: { weights: matrix, cache: matrix, state: places },
    outputs: { mixed: matrix },
    uniforms: decodeUniforms,
    grid: ({ rows, heads, headSize }) => [Math.ceil(headSize / 32), rows * heads],
  };
}

/** Copies new keys and values into the cache. */
export const cacheAppend: Kernel = {
  name: "cache_append",
  body: plainSource("cache_append"),
  inputs: { queriesKeysValues: matrix, slots: "array<u32>" },
  outputs: { cache: matrix },
  uniforms: { rows: "u32", heads: "u32", keyValueHeads: "u32", headSize: "u32", width: "u32" },
  grid: ({ rows, keyValueHeads, headSize }) => threadGrid(rows * keyValueHeads * headSize / 2, 64),
};
