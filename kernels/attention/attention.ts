/**
 * Row operations of causal grouped-query attention. Formulas and shapes: attention.wgsl; its products: matmul.ts, cached.ts.
 * @module
 */
import { givenInput, type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { rowGrid, type RowSchedule, rowSource, rowType } from "../row_schedule.ts";
import source from "./attention.wgsl" with { type: "text" };
import wideSource from "./attention_wide.wgsl" with { type: "text" };

const places = "array<vec4<u32>>";

/** The part of attention.wgsl that only the softmax kernels need refers to their bindings, so the others leave it out. */
function plainSource(name: string): string {
  return kernelSource(source.slice(source.indexOf("//// kernel")), name);
}

/** WGSL of a softmax kernel. @param image whether a thread reads its row of scores from `given`, an image with a copy of them */
function softmaxSource(name: string, schedule: RowSchedule, image: boolean): string {
  return schedule === "thread"
    ? givenInput("scores", image).wgsl + rowSource(source, name, schedule)
    : rowSource(wideSource, name, schedule);
}

/**
 * Scores to weights, in place, for all rows of ragged sequences.
 * @param image whether a thread reads its row of scores from `given`, an image with a copy of them
 */
export function attentionSoftmax(schedule: RowSchedule, image: boolean): Kernel {
  return {
    name: "attention_softmax",
    body: softmaxSource("attention_softmax", schedule, image),
    inputs: { ...givenInput("scores", image).inputs, sequences: places },
    outputs: { scores: rowType(schedule) },
    uniforms: { count: "u32", heads: "u32", longest: "u32", scale: "f32" },
    grid: ({ count, heads, longest }) => [schedule === "thread" ? Math.ceil(longest / 16) : longest, heads, count],
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
export function attentionSoftmaxCached(schedule: RowSchedule): Kernel {
  return {
    name: "attention_softmax_cached",
    body: softmaxSource("attention_softmax_cached", schedule, false),
    inputs: { positions: "array<u32>" },
    outputs: { scores: rowType(schedule) },
    uniforms: { tokens: "u32", heads: "u32", stride: "u32", span: "u32", scale: "f32" },
    grid: ({ tokens, heads }) => rowGrid(tokens * heads, schedule),
  };
}
