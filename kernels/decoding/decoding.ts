/**
 * Choosing tokens and scoring labels on the GPU. Shapes: decoding.wgsl.
 * @module
 */
import { prefersImages } from "../gpu/buffers.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Kernel, kernelSource, matrixType } from "../gpu/program.ts";
import source from "./decoding.wgsl" with { type: "text" };

/** Lanes that go over a row's logits on this adapter: one vector register of a processor, two warps or a wave of a card. */
export function decodingLanes(gpu: Pick<Gpu, "adapter" | "subgroupSize">): number {
  return prefersImages(gpu) ? gpu.subgroupSize : 64;
}

const bodyOf = (name: string, lanes: number) => kernelSource(source, name).replaceAll("LANES", `${lanes}`);

/** Greedy choice, stop tokens, and the state of the next step. */
export function chooseToken(lanes: number): Kernel {
  return {
    name: "choose_token",
    body: bodyOf("choose_token", lanes),
    inputs: { logits: matrixType, stopTokens: "array<u32>" },
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
}

/** Logits of label tokens, and the largest logit with its lead. */
export function scoreLabels(lanes: number): Kernel {
  return {
    name: "score_labels",
    body: bodyOf("score_labels", lanes),
    inputs: { logits: matrixType, labelTokens: "array<u32>" },
    outputs: { scores: "array<f32>", best: "array<u32>", choice: "array<vec2<f32>>" },
    uniforms: { rows: "u32", vocabulary: "u32", stride: "u32", labels: "u32" },
    grid: ({ rows }) => [rows],
  };
}
