/**
 * Forward Kullback-Leibler divergence of a tuned model from its base, where an answer is given: how far apart their next-token distributions
 * are along the reference answer. On inputs of the task tuned on it predicts how much else is forgotten (Shenfeld, Pari and Agrawal,
 * "RL's Razor", 2025, who found changes of weights not to).
 * @module
 */
import { klDivergence } from "../kernels/kl_divergence/kl_divergence.ts";
import { allocate, createArena, readBack, releaseArena } from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, releaseProgram, run } from "../kernels/gpu/program.ts";
import { allocateBatch, type BatchShape, uploadBatch } from "../models/batch.ts";
import { allocateActivations, recordForward } from "../models/forward.ts";
import { padded } from "../models/llama.ts";
import { capacityOf } from "./gradient_pass.ts";
import { cut, type WeightedSequence } from "./micro_batches.ts";
import type { AttachedModel } from "./stages.ts";
import { type TrainingExample, weighted } from "./trainer.ts";

/** Divergence along the answer of one example. */
export interface AnswerDivergence {
  /** Mean over the answer's positions, in nats. */
  readonly mean: number;
  /** Positions: tokens of the answer. */
  readonly positions: number;
}

/**
 * For each example with input x and answer y[1..T], its end token included,
 *
 *     1/T sum over t of KL( base(. | x, y[1..t-1]) || tuned(. | x, y[1..t-1]) ),   KL(p || q) = sum over v of p(v) log(p(v) / q(v))
 *
 * over the whole vocabulary, in nats, at temperature 1. It is forward KL: the expectation is over the base model's distribution of the
 * next token. The tokens before it are the reference answer's (teacher forcing) and not drawn from either model, so nothing is sampled; KL
 * of whole answers would be T times this if the base model answered as the reference does.
 *
 * Each model reads the input behind its own soft prompt, if it has one. What an example gets does not depend on its company.
 *
 * @param base the model before tuning
 * @param tuned the same after it, on the same GPU
 * @throws where an example has no answer, or is longer than the model's context, by its number from 1; where the models differ in shape
 */
export async function forwardKl(
  base: AttachedModel,
  tuned: AttachedModel,
  examples: readonly TrainingExample[],
  options: { readonly microBatchTokens?: number; readonly signal?: AbortSignal } = {},
): Promise<AnswerDivergence[]> {
  if (examples.length === 0) return [];
  const { gpu, config } = tuned.llama;
  const { vocabSize: vocabulary } = config;
  checkModels(base, tuned);
  const room = Math.max(base.prefix.length, tuned.prefix.length);
  const sequences = withRoom(examples, room, config.maxPositions);
  const longest = Math.max(...sequences.map(({ tokens }) => tokens.length));
  const { microBatchTokens } = options;
  const capacity = capacityOf(tuned.llama, {
    longest,
    ...(microBatchTokens === undefined ? {} : { microBatchTokens }),
  });
  const stride = padded(vocabulary);
  const arena = createArena(gpu);
  const programs = ["base", "tuned"].map((name) => createProgram<BatchShape>(gpu, `forward pass, ${name}`));
  const compare = createProgram<{ rows: number }>(gpu, "forward KL");
  try {
    // Both models work in the same memory, but for their logits.
    const activations = allocateActivations(arena, config, capacity, false);
    const logits = [activations.logits, allocate(arena, "logits of the tuned model", capacity.targets * stride)];
    const divergences = allocate(arena, "divergences", capacity.targets);
    const batch = allocateBatch(arena, capacity);
    const sides = [base, tuned].map(({ llama, prefix }, side) => {
      recordForward(programs[side], llama, capacity, batch, { ...activations, logits: logits[side] });
      return (examples: readonly TrainingExample[]) => {
        const rows: number[] = [];
        let start = 0;
        const tokens = examples.map(({ tokens, targetStart }) => {
          const first = start + prefix.length;
          for (let i = targetStart; i < tokens.length; i++) rows.push(first + i - 1);
          start = first + tokens.length;
          return [...prefix, ...Array.from(tokens)];
        });
        run(programs[side], uploadBatch(arena, config, batch, tokens, Uint32Array.from(rows)));
        return rows.length;
      };
    });
    dispatch(compare, klDivergence, { base: logits[0], tuned: logits[1], divergences }, ({ rows }) => ({
      rows,
      vocabulary,
      stride,
    }));
    await settle(gpu);
    const results: AnswerDivergence[] = [];
    for (const { first, sequences: { length } } of cut(sequences, capacity, Infinity)) {
      options.signal?.throwIfAborted();
      const together = examples.slice(first, first + length);
      const [rows] = sides.map((forward) => forward(together));
      run(compare, { rows });
      const [values] = (await readBack(gpu, [{ tensor: divergences, length: rows }])).map((part) =>
        new Float32Array(part)
      );
      let at = 0;
      for (const { tokens, targetStart } of together) {
        const positions = tokens.length - targetStart;
        const own = values.subarray(at, at += positions);
        const mean = own.reduce((sum, value) => sum + value, 0) / positions;
        results.push({ mean, positions });
      }
    }
    return results;
  } finally {
    for (const program of programs) releaseProgram(program);
    releaseProgram(compare);
    releaseArena(arena);
  }
}

/** @throws where the models cannot be compared */
function checkModels(base: AttachedModel, tuned: AttachedModel): void {
  if (base.llama.gpu !== tuned.llama.gpu) throw new Error("the two models are not on the same GPU");
  const [first, second] = [base, tuned].map(({ llama }) => JSON.stringify(llama.config));
  if (first !== second) throw new Error(`the two models differ in configuration: ${first} and ${second}`);
}

/** The examples as sequences with room for the longer soft prompt, for cutting. */
function withRoom(examples: readonly TrainingExample[], room: number, maxPositions: number): WeightedSequence[] {
  return examples.map(({ tokens, targetStart }, i) => {
    const length = room + tokens.length;
    if (targetStart === tokens.length) throw new Error(`example ${i + 1} has no token of an answer`);
    if (length > maxPositions) {
      throw new Error(
        `example ${i + 1} of ${length} tokens, soft prompt included, exceeds the model's context of ${maxPositions}`,
      );
    }
    return weighted({
      tokens: [...new Array<number>(room).fill(0), ...Array.from(tokens)],
      targetStart: room + targetStart,
    });
  });
}
