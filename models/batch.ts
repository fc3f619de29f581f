/**
 * Ragged batches on the GPU: the tokens of all sequences end to end, with tables that say where each sequence lies. No padding.
 * @module
 */
import { allocate, type Arena, type Tensor, upload } from "../kernels/gpu/buffers.ts";
import type { LlamaConfig } from "./config.ts";
import { padded } from "./llama.ts";

/** What the buffers of a program can hold. */
export interface BatchCapacity {
  readonly tokens: number;
  readonly sequences: number;
  /** Longest sequence. */
  readonly longest: number;
  /** Rows the head runs on. */
  readonly targets: number;
  /** Elements of attention scores: see `scoreElements`. */
  readonly scores: number;
}

/** Sizes of one batch; what the uniforms of a recorded program are computed from. */
export interface BatchShape {
  readonly tokens: number;
  readonly sequences: number;
  readonly longest: number;
  readonly targets: number;
  /** Elements of its attention scores. */
  readonly scores: number;
}

/** A batch's tables on the GPU. */
export interface BatchTensors {
  readonly tokens: Tensor;
  readonly positions: Tensor;
  /** x: first token, y: tokens, z: start of its scores, w: row stride of its scores. */
  readonly sequences: Tensor;
  /** Token index of each row the head runs on. */
  readonly targetRows: Tensor;
}

/** Elements the scores of sequences of these lengths take. */
export function scoreElements(config: LlamaConfig, lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + config.heads * length * padded(length), 0);
}

/** Elements of scores that any batch of `tokens` tokens in sequences of at most `longest` fits in. */
export function scoreBound(config: LlamaConfig, tokens: number, longest: number): number {
  return config.heads * tokens * padded(longest);
}

/** Allocates a batch's tables. */
export function allocateBatch(arena: Arena, capacity: BatchCapacity): BatchTensors {
  return {
    tokens: allocate(arena, "batch tokens", capacity.tokens),
    positions: allocate(arena, "batch positions", capacity.tokens),
    sequences: allocate(arena, "batch sequences", capacity.sequences * 4),
    targetRows: allocate(arena, "batch target rows", capacity.targets),
  };
}

/** Uploads sequences and the token indices the head runs on; returns the batch's shape. */
export function uploadBatch(
  arena: Arena,
  config: LlamaConfig,
  batch: BatchTensors,
  sequences: readonly ArrayLike<number>[],
  targetRows: Uint32Array<ArrayBuffer>,
): BatchShape {
  const total = sequences.reduce((sum, { length }) => sum + length, 0);
  const tokens = new Uint32Array(total);
  const positions = new Uint32Array(total);
  const table = new Uint32Array(sequences.length * 4);
  let start = 0;
  let scores = 0;
  let longest = 0;
  sequences.forEach((sequence, s) => {
    const { length } = sequence;
    for (let i = 0; i < length; i++) {
      tokens[start + i] = sequence[i];
      positions[start + i] = i;
    }
    table.set([start, length, scores, padded(length)], s * 4);
    start += length;
    scores += config.heads * length * padded(length);
    longest = Math.max(longest, length);
  });
  upload(arena.gpu, batch.tokens, tokens);
  upload(arena.gpu, batch.positions, positions);
  upload(arena.gpu, batch.sequences, table);
  upload(arena.gpu, batch.targetRows, targetRows);
  return { tokens: total, sequences: sequences.length, longest, targets: targetRows.length, scores };
}
