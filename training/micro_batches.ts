/**
 * Micro-batches: how an optimizer batch is cut, and what of it goes to the GPU. Cutting it otherwise gives the same gradients.
 * @module
 */
import { bucketTokens } from "../kernels/embedding/embedding.ts";
import { upload } from "../kernels/gpu/buffers.ts";
import { promptPlaces } from "../kernels/soft_prompt/soft_prompt.ts";
import type { TargetTensors, TrainingShape } from "../models/backward.ts";
import { type BatchCapacity, type BatchTensors, uploadBatch } from "../models/batch.ts";
import type { Llama } from "../models/llama.ts";

/** A sequence with the weight of each prediction's loss. */
export interface WeightedSequence {
  /** Token ids; those of a soft prompt (`promptOf`) may stand at the beginning. */
  readonly tokens: ArrayLike<number>;
  /** [tokens.length - 1]: weight of predicting tokens[i + 1] from position i; 0 is no target. */
  readonly targetWeights: ArrayLike<number>;
}

/** Sequences that go through the GPU together. */
export interface MicroBatch {
  /** Number of the first one in the optimizer batch. */
  readonly first: number;
  /** The sequences. */
  readonly sequences: readonly WeightedSequence[];
}

/** A sequence's predictions that count: positions, target tokens, weights. */
function targetsOf({ tokens, targetWeights }: WeightedSequence): { position: number; token: number; weight: number }[] {
  const targets = [];
  for (let i = 0; i + 1 < tokens.length; i++) {
    if (targetWeights[i] !== 0) targets.push({ position: i, token: tokens[i + 1], weight: targetWeights[i] });
  }
  return targets;
}

/** Sum of all target weights. */
export function weightOf(sequences: readonly WeightedSequence[]): number {
  return sequences.reduce((sum, s) => targetsOf(s).reduce((part, { weight }) => part + weight, sum), 0);
}

/** Cuts a batch into micro-batches, in order, each within the capacity and of `most` sequences at most. */
export function cut(batch: readonly WeightedSequence[], capacity: BatchCapacity, most: number): MicroBatch[] {
  const cuts: { first: number; sequences: WeightedSequence[] }[] = [];
  let tokens = Infinity;
  let targets = 0;
  batch.forEach((sequence, number) => {
    const { length } = sequence.tokens;
    const count = targetsOf(sequence).length;
    if (length > capacity.longest) {
      throw new Error(`a sequence of ${length} tokens exceeds the ${capacity.longest} this session was made for`);
    }
    if (count > capacity.targets) {
      throw new Error(
        `a sequence has ${count} targets; this adapter fits ${capacity.targets} rows of logits in a buffer`,
      );
    }
    const full = tokens + length > capacity.tokens || targets + count > capacity.targets ||
      cuts.at(-1)!.sequences.length === most;
    if (full) {
      cuts.push({ first: number, sequences: [] });
      tokens = 0;
      targets = 0;
    }
    cuts.at(-1)!.sequences.push(sequence);
    tokens += length;
    targets += count;
  });
  return cuts;
}

/** Uploads a micro-batch; `scale` multiplies its target weights. */
export function uploadMicroBatch(
  llama: Llama,
  batch: BatchTensors,
  targets: TargetTensors,
  { first, sequences }: MicroBatch,
  scale: number,
  at: { slot: number; step: number },
): TrainingShape {
  const rows: number[] = [];
  const tokens: number[] = [];
  const weights: number[] = [];
  const places = new Uint32Array(sequences.length * 4);
  let start = 0;
  sequences.forEach((sequence, s) => {
    const list = targetsOf(sequence);
    places.set([rows.length, list.length], s * 4);
    for (const { position, token, weight } of list) {
      rows.push(start + position);
      tokens.push(token);
      weights.push(weight * scale);
    }
    start += sequence.tokens.length;
  });
  const ofToken = new Uint32Array(start);
  rows.forEach((row, i) => ofToken[row] = i + 1);
  const ids = sequences.map((s) => s.tokens);
  const shape = uploadBatch(llama.arena, llama.config, batch, ids, Uint32Array.from(rows));
  const buckets = bucketTokens(ids.flatMap((list) => Array.from(list)));
  const { gpu } = llama;
  upload(gpu, targets.targets, Uint32Array.from(tokens));
  upload(gpu, targets.weights, Float32Array.from(weights));
  upload(gpu, targets.targetSequences, places);
  upload(gpu, targets.targetOfToken, ofToken);
  upload(gpu, targets.buckets, buckets.buckets);
  upload(gpu, targets.bucketPositions, buckets.positions);
  upload(gpu, targets.promptPlaces, promptPlaces(ids));
  upload(
    gpu,
    targets.numbers,
    Uint32Array.from(ids.flatMap(({ length }, s) => new Array<number>(length).fill(first + s))),
  );
  return { ...shape, buckets: buckets.count, ...at };
}
