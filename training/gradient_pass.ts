/**
 * Loss and gradients of a batch of any ragged shape: the recorded forward and backward pass of one model, and all the memory they work in.
 * A batch is cut into micro-batches that fit; cutting it otherwise gives the same bits. Training adds an optimizer, a probe only looks.
 * @module
 */
import { dropoutUniforms } from "../kernels/dropout/dropout.ts";
import { allocate, type Arena, type Tensor } from "../kernels/gpu/buffers.ts";
import { clear, createProgram, type DispatchTime, profile, releaseProgram, run } from "../kernels/gpu/program.ts";
import type { Adapter } from "../models/adapter.ts";
import {
  allocateTargets,
  recordBackward,
  type TargetTensors,
  type TrainingShape,
  workspaceBytes,
} from "../models/backward.ts";
import { allocateBatch, type BatchCapacity, type BatchTensors, scoreBound } from "../models/batch.ts";
import { activationBytes, allocateActivations, type Dropout, recordForward } from "../models/forward.ts";
import { type Llama, padded } from "../models/llama.ts";
import { tuneProducts } from "../models/products.ts";
import { copyRows, createLearners, type Learnable, type Learners, learningElements } from "./learners.ts";
import { cut, type MicroBatch, uploadMicroBatch, type WeightedSequence, weightOf } from "./micro_batches.ts";

/** What a pass needs to know at the start. */
export interface PassOptions {
  /** What has a gradient; the model where absent. */
  readonly learns?: readonly Learnable[];
  /** The adapter on the model, whether it learns or not. */
  readonly adapter?: Adapter | null;
  /** Share of what attention and MLP add to the residual stream that is dropped, and two words that decide which; none where absent. */
  readonly dropped?: { readonly rate: number; readonly key: ArrayLike<number> };
  /** Share of the target spread over the vocabulary, from 0 up to but not 1. */
  readonly labelSmoothing: number;
  /** Longest sequence that will come. */
  readonly longest: number;
  /**
   * Most tokens of a micro-batch; decides memory and speed, never results. Default: 2048, fewer where their attention scores would not
   * fit a buffer, and one longest sequence at least.
   */
  readonly microBatchTokens?: number;
  /** Sequences of a micro-batch; as many as fit where absent. */
  readonly microBatchSequences?: number;
  /** Each micro-batch's loss is averaged on its own, then the micro-batches are averaged; else one mean over the whole batch. */
  readonly microBatchMean?: boolean;
}

/** A batch that was looked at and cut. */
export interface PreparedBatch {
  readonly cuts: readonly MicroBatch[];
  /** Sum of all target weights. */
  readonly total: number;
}

/** See the module's description. */
export interface GradientPass {
  /** What has a gradient. */
  readonly learners: Learners;
  /** Losses of batches, by slot: sum of weight times loss over sum of weights. A batch adds to its slot. */
  readonly losses: Tensor;
  /** Cuts a batch. @throws where it has no target, or a sequence or a defined micro-batch does not fit */
  prepare(batch: readonly WeightedSequence[]): PreparedBatch;
  /** Makes the learners' gradients those of a batch. `step` decides what dropout drops. */
  run(batch: PreparedBatch, at: { readonly slot: number; readonly step: number }): void;
  /** Time of each dispatch of a batch's first micro-batch. The losses' slot 0 and the gradients are not to be read afterwards. */
  profile(batch: PreparedBatch, step: number): Promise<DispatchTime[]>;
  /** Frees the programs; the memory is the arena's. */
  release(): void;
}

/** Buffers' capacity for `options`, within what one binding can hold. */
export function capacityOf(
  llama: Llama,
  options: Pick<PassOptions, "longest" | "microBatchTokens">,
): BatchCapacity {
  const elements = Math.floor(llama.gpu.limits.maxStorageBufferBindingSize / 4);
  const fitting = Math.floor(elements / scoreBound(llama.config, 1, options.longest));
  const tokens = Math.max(options.microBatchTokens ?? Math.min(2048, fitting), options.longest);
  const targets = Math.min(tokens, Math.floor(elements / padded(llama.config.vocabSize)));
  const scores = scoreBound(llama.config, tokens, options.longest);
  return { tokens, sequences: tokens, longest: options.longest, targets, scores };
}

/** Bytes on the GPU that a pass needs beside the weights themselves. */
export function passBytes(llama: Llama, options: PassOptions): number {
  const { gpu, config } = llama;
  const { learns = ["model"], adapter = null, dropped } = options;
  const lookup = config.tied && learns.includes("model") ? llama.embedding.rows * llama.embedding.columns : 0;
  const capacity = capacityOf(llama, options);
  const branch = dropped ? capacity.tokens * config.hiddenSize : 0;
  return 4 * (learningElements(llama, learns, adapter) + lookup + branch) +
    activationBytes(gpu, config, capacity, true) +
    workspaceBytes(config, capacity);
}

/** Where the forward pass drops what branches add; undefined without dropout. */
function dropoutOf(
  arena: Arena,
  llama: Llama,
  capacity: BatchCapacity,
  tables: { positions: Tensor; numbers: Tensor },
  options: PassOptions,
): Dropout<TrainingShape> | undefined {
  if (!options.dropped) return undefined;
  const { hiddenSize: width } = llama.config;
  const fixed = { ...dropoutUniforms(options.dropped.rate, options.dropped.key), width };
  return {
    ...tables,
    branch: allocate(arena, "a branch's output", capacity.tokens * width),
    uniforms: ({ tokens: rows, step }, layer) => ({ ...fixed, rows, step, layer }),
  };
}

/**
 * Records a pass over a model.
 * @param slots losses that are kept
 * @throws where a buffer does not fit the adapter, saying what would; where what is to learn is not there
 */
export async function createGradientPass(
  arena: Arena,
  llama: Llama,
  slots: number,
  options: PassOptions,
): Promise<GradientPass> {
  const { gpu, config } = llama;
  const capacity = capacityOf(llama, options);
  await tuneProducts(gpu, config, capacity, llama.operands);
  const program = createProgram<TrainingShape>(gpu, "forward and backward");
  const after = createProgram<null>(gpu, "gradients of what learns");
  const most = options.microBatchSequences ?? Infinity;
  const release = () => {
    releaseProgram(program);
    releaseProgram(after);
  };
  let learners: Learners;
  let batchTensors: BatchTensors;
  let targetTensors: TargetTensors;
  const losses = allocate(arena, "losses", slots);
  try {
    learners = createLearners(arena, llama, options.learns ?? ["model"], options.adapter ?? null);
    batchTensors = allocateBatch(arena, capacity);
    targetTensors = allocateTargets(arena, capacity);
    const activations = allocateActivations(arena, config, capacity, true);
    const tables = { positions: batchTensors.positions, numbers: targetTensors.numbers };
    const drop = dropoutOf(arena, llama, capacity, tables, options);
    recordForward(program, llama, capacity, batchTensors, activations, drop);
    const { gradients } = learners;
    const parts = { batch: batchTensors, targets: targetTensors, activations, gradients, history: losses };
    recordBackward(program, llama, arena, capacity, parts, options.labelSmoothing, drop);
    learners.record(after);
  } catch (error) {
    release();
    throw error;
  }
  const uploadCut = (one: MicroBatch, scale: number, at: { slot: number; step: number }) =>
    uploadMicroBatch(llama, batchTensors, targetTensors, one, scale, at);
  return {
    learners,
    losses,
    prepare(batch) {
      const cuts = cut(batch, capacity, most);
      const total = weightOf(batch);
      if (!(total > 0)) throw new Error("an optimizer batch has no target token");
      // Means of micro-batches depend on where the batch is cut, so memory may not decide it.
      if (options.microBatchMean && cuts.slice(0, -1).some(({ sequences }) => sequences.length < most)) {
        throw new Error(
          `this adapter cannot hold a micro-batch of ${most} sequences, which the micro-batch mean is defined over`,
        );
      }
      return { cuts, total };
    },
    run({ cuts, total }, at) {
      clear(gpu, learners.cleared);
      for (const one of cuts) {
        const weight = options.microBatchMean ? weightOf(one.sequences) * cuts.length : total;
        if (weight > 0) run(program, uploadCut(one, 1 / weight, at));
      }
      run(after, null);
      copyRows(llama, learners.list, "gradients");
    },
    profile: ({ cuts }, step) => profile(program, uploadCut(cuts[0], 1, { slot: 0, step })),
    release,
  };
}
