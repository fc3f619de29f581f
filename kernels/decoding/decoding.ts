/**
 * Choosing tokens and scoring labels on the GPU. Shapes: decoding.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import source from "./decoding.wgsl" with { type: "text" };

/** Greedy choice, stop tokens, and the state of the next step. */
export const chooseToken: Kernel = {
  name: "choose_token",
  body: kernelSource(source, "choose_token"),
  inputs: { logits: "array<f32>", stopTokens: "array<u32>" },
  outputs: {
    state: "array<vec4<u32>>",
    tokens: "array<u32>",
    positions: "array<u32>",
    slots: "array<u32>",
    sequences: "array<vec4<u32>>",
    generated: "array<u32>",
  },
  uniforms: {
    rows: "u32",
    vocabulary: "u32",
    stride: "u32",
    stops: "u32",
    limit: "u32",
    prefix: "u32",
    capacity: "u32",
  },
  grid: ({ rows }) => [rows],
};

/** Logits of label tokens, and the largest logit with its lead. */
export const scoreLabels: Kernel = {
  name: "score_labels",
  body: kernelSource(source, "score_labels"),
  inputs: { logits: "array<f32>", labelTokens: "array<u32>" },
  outputs: { scores: "array<f32>", best: "array<u32>", choice: "array<vec2<f32>>" },
  uniforms: { rows: "u32", vocabulary: "u32", stride: "u32", labels: "u32" },
  grid: ({ rows }) => [rows],
};
