/**
 * A training session: gradients, moments and recorded programs for one model. A step takes an optimizer batch of any ragged shape,
 * cuts it into micro-batches that fit, and updates the weights; cutting it otherwise gives the same bits.
 * @module
 */
import { dropoutUniforms } from "../kernels/dropout/dropout.ts";
import {
  allocate,
  type Arena,
  createArena,
  readBack,
  readFloats,
  releaseArena,
  type Tensor,
  upload,
} from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { clear, createProgram, type DispatchTime, profile, releaseProgram, run } from "../kernels/gpu/program.ts";
import { type Adapter, recordMerge } from "../models/adapter.ts";
import {
  allocateTargets,
  recordBackward,
  type TargetTensors,
  type TrainingShape,
  workspaceBytes,
} from "../models/backward.ts";
import { allocateBatch, type BatchCapacity, type BatchTensors, scoreBound } from "../models/batch.ts";
import { activationBytes, allocateActivations, type Dropout, recordForward } from "../models/forward.ts";
import { type Llama, padded, piecesOf, recordPacking } from "../models/llama.ts";
import { tuneProducts } from "../models/products.ts";
import { copyRows, createLearners, type Learnable, type Learners, learningElements } from "./learners.ts";
import { cut, type MicroBatch, uploadMicroBatch, type WeightedSequence, weightOf } from "./micro_batches.ts";
import { allocateMoments, type Moment, type OptimizerOptions, recordUpdate, type UpdateShape } from "./optimizers.ts";
import { loadState, saveState } from "./state.ts";

export type { WeightedSequence };

/** What a session needs to know at the start. */
export interface SessionOptions extends OptimizerOptions {
  /** What learns; the model where absent. All else stays as it is, to the bit. */
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

/** Loss and gradient norm of every step so far. */
export interface History {
  /** Mean loss of each step. */
  readonly losses: Float32Array<ArrayBuffer>;
  /** Global gradient norm of each step, before clipping. */
  readonly gradientNorms: Float32Array<ArrayBuffer>;
}

/** See the module's description. */
export interface TrainingSession {
  /** Steps done. */
  readonly steps: number;
  /** Forward, backward, update. Loss: sum of weight times loss over sum of weights, over the whole batch. */
  step(batch: readonly WeightedSequence[], learningRate: number): Promise<void>;
  /** Loss and gradient norm of all steps. @throws where a loss is not finite, naming the step. */
  history(): Promise<History>;
  /** Writes what learns, the optimizer's moments, history, kept values and `extra` to a folder, whole or not at all. */
  save(directory: string, extra: Readonly<Record<string, unknown>>): Promise<void>;
  /** Takes up a saved state; returns its `extra`, or null where the folder holds none. */
  load(directory: string): Promise<Record<string, unknown> | null>;
  /** Keeps the present values of what learns, in place of those kept before. */
  keep(): Promise<void>;
  /** Puts the kept values back, where there are any. Moments and history stay. */
  restoreKept(): void;
  /** Gradient after the last step: of the model's weights by Hugging Face name, of soft prompts and adapters by label. */
  gradients(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  /** Time of each dispatch of the batch's first micro-batch, forward and backward; weights and history stay as they are. */
  profile(batch: readonly WeightedSequence[]): Promise<DispatchTime[]>;
  /** Frees the session's GPU memory; the model stays. */
  release(): void;
}

/** Losses and norms wait on the GPU for this many steps before they are read back together. */
const ringLength = 8;

/** Buffers' capacity for `options`, within what one binding can hold. */
function capacityOf(llama: Llama, options: SessionOptions): BatchCapacity {
  const elements = Math.floor(llama.gpu.limits.maxStorageBufferBindingSize / 4);
  const fitting = Math.floor(elements / scoreBound(llama.config, 1, options.longest));
  const tokens = Math.max(options.microBatchTokens ?? Math.min(2048, fitting), options.longest);
  const targets = Math.min(tokens, Math.floor(elements / padded(llama.config.vocabSize)));
  const scores = scoreBound(llama.config, tokens, options.longest);
  return { tokens, sequences: tokens, longest: options.longest, targets, scores };
}

/** Bytes on the GPU that training needs beside the weights themselves. */
export function trainingBytes(llama: Llama, options: SessionOptions): number {
  const { config } = llama;
  const { learns = ["model"], adapter = null, optimizer, dropped } = options;
  const elements = learningElements(llama, learns, adapter);
  const lookup = config.tied && learns.includes("model") ? llama.embedding.rows * llama.embedding.columns : 0;
  const capacity = capacityOf(llama, options);
  // Adafactor's moments are rows and columns only.
  const copies = optimizer === "adafactor" ? 1 : 3;
  const branch = dropped ? capacity.tokens * config.hiddenSize : 0;
  return 4 * (copies * elements + lookup + branch) + activationBytes(config, capacity, true) +
    workspaceBytes(config, capacity);
}

/** Where the forward pass of a session drops what branches add; undefined without dropout. */
function dropoutOf(
  arena: Arena,
  llama: Llama,
  capacity: BatchCapacity,
  tables: { positions: Tensor; numbers: Tensor },
  options: SessionOptions,
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
 * Opens a session on a model, with fresh moments.
 * @throws where a buffer does not fit the adapter, saying what would; where what is to learn is not there
 */
export async function createSession(llama: Llama, options: SessionOptions): Promise<TrainingSession> {
  const { gpu, config } = llama;
  const capacity = capacityOf(llama, options);
  await tuneProducts(gpu, config, capacity, llama.operands);
  const arena = createArena(gpu);
  const program = createProgram<TrainingShape>(gpu, "training step");
  const update = createProgram<UpdateShape>(gpu, "optimizer");
  const beforeUpdate = createProgram<null>(gpu, "gradients of what learns");
  const afterUpdate = createProgram<null>(gpu, "merging and packing");
  const most = options.microBatchSequences ?? Infinity;
  const release = () => {
    releaseArena(arena);
    for (const one of [program, beforeUpdate, update, afterUpdate]) releaseProgram<never>(one);
  };
  let learners: Learners;
  let moments: Moment[][];
  const losses = allocate(arena, "losses", ringLength);
  const norms = allocate(arena, "gradient norms", ringLength);
  let batchTensors: BatchTensors;
  let targetTensors: TargetTensors;
  try {
    learners = createLearners(arena, llama, options.learns ?? ["model"], options.adapter ?? null);
    moments = learners.list.map((learner) => allocateMoments(arena, learner, options));
    batchTensors = allocateBatch(arena, capacity);
    targetTensors = allocateTargets(arena, capacity);
    const activations = allocateActivations(arena, config, capacity, true);
    const tables = { positions: batchTensors.positions, numbers: targetTensors.numbers };
    const drop = dropoutOf(arena, llama, capacity, tables, options);
    recordForward(program, llama, capacity, batchTensors, activations, drop);
    const { gradients } = learners;
    const parts = { batch: batchTensors, targets: targetTensors, activations, gradients, history: losses };
    recordBackward(program, llama, arena, capacity, parts, options.labelSmoothing, drop);
    learners.record(beforeUpdate);
    recordUpdate(update, arena, learners.list, moments, norms, options);
    const changing = [...gradients.of.keys()];
    if (options.adapter && changing.length > 0) recordMerge(afterUpdate, options.adapter);
    recordPacking(afterUpdate, changing);
    await settle(gpu);
  } catch (error) {
    release();
    throw error;
  }

  const pastLosses: number[] = [];
  const pastNorms: number[] = [];
  let kept: readonly Float32Array<ArrayBuffer>[] | null = null;
  let steps = 0;
  /** Reads the ring's unread entries back. */
  const flush = async () => {
    const unread = steps - pastLosses.length;
    if (unread === 0) return;
    const first = pastLosses.length % ringLength;
    const parts = await readBack(gpu, [{ tensor: losses }, { tensor: norms }]);
    const [loss, norm] = parts.map((part) => new Float32Array(part));
    for (let i = 0; i < unread; i++) {
      const slot = (first + i) % ringLength;
      if (!Number.isFinite(loss[slot]) || !Number.isFinite(norm[slot])) {
        const step = pastLosses.length + 1;
        throw new Error(`the loss is not finite at step ${step} (loss ${loss[slot]}, gradient norm ${norm[slot]})`);
      }
      pastLosses.push(loss[slot]);
      pastNorms.push(norm[slot]);
    }
  };
  const history = async (): Promise<History> => {
    await flush();
    return { losses: Float32Array.from(pastLosses), gradientNorms: Float32Array.from(pastNorms) };
  };

  const uploadCut = (one: MicroBatch, scale: number, slot: number, step: number) =>
    uploadMicroBatch(llama, batchTensors, targetTensors, one, scale, { slot, step });
  /** Brings what products read up to date with what has learnt. */
  const publish = () => {
    copyRows(llama, learners.list, "out");
    run(afterUpdate, null);
  };
  const stored = learners.list.flatMap(({ label, value }, i) => [
    { name: `${label}/weight`, tensor: value },
    ...moments[i].map(({ kind, tensor }) => ({ name: `${label}/${kind}`, tensor })),
  ]);

  return {
    get steps() {
      return steps;
    },
    history,
    async step(batch, learningRate) {
      const cuts = cut(batch, capacity, most);
      const total = weightOf(batch);
      if (!(total > 0)) throw new Error("an optimizer batch has no target token");
      // Means of micro-batches depend on where the batch is cut, so memory may not decide it.
      if (options.microBatchMean && cuts.slice(0, -1).some(({ sequences }) => sequences.length < most)) {
        throw new Error(
          `this adapter cannot hold a micro-batch of ${most} sequences, which the micro-batch mean is defined over`,
        );
      }
      const slot = steps % ringLength;
      if (slot === 0) {
        await flush();
        clear(gpu, [losses]);
      }
      clear(gpu, learners.cleared);
      steps++;
      for (const one of cuts) {
        const weight = options.microBatchMean ? weightOf(one.sequences) * cuts.length : total;
        if (weight > 0) run(program, uploadCut(one, 1 / weight, slot, steps));
      }
      run(beforeUpdate, null);
      copyRows(llama, learners.list, "gradients");
      run(update, { step: steps, learningRate, slot });
      publish();
    },
    async save(directory, extra) {
      const { losses, gradientNorms } = await history();
      const values = await readFloats(gpu, ...stored.map(({ tensor }) => tensor));
      const tensors = stored.map(({ name }, i) => ({ name, data: values[i] }));
      learners.list.forEach(({ label }, i) => kept && tensors.push({ name: `${label}/kept`, data: kept[i] }));
      saveState(directory, { tensors, losses, gradientNorms, extra });
    },
    async load(directory) {
      const lengths = stored.map(({ name, tensor: { length } }) => ({ name, length }));
      const optional = learners.list.map(({ label, value: { length } }) => ({ name: `${label}/kept`, length }));
      const state = loadState(directory, lengths, optional);
      if (!state) return null;
      stored.forEach(({ tensor }, i) => upload(gpu, tensor, state.values[i]));
      publish();
      steps = state.losses.length;
      pastLosses.splice(0, Infinity, ...state.losses);
      pastNorms.splice(0, Infinity, ...state.gradientNorms);
      clear(gpu, [losses, norms]);
      await settle(gpu);
      kept = state.optional;
      return state.extra;
    },
    async keep() {
      kept = await readFloats(gpu, ...learners.list.map(({ value }) => value));
    },
    restoreKept() {
      const values = kept;
      if (!values) return;
      learners.list.forEach(({ value }, i) => upload(gpu, value, values[i]));
      publish();
    },
    async gradients() {
      const values = await readFloats(gpu, ...learners.list.map(({ gradient }) => gradient));
      return new Map(learners.list.flatMap(({ label }, i): [string, Float32Array<ArrayBuffer>][] => {
        const parameter = llama.parameters.find((one) => one.label === label);
        return parameter ? piecesOf(parameter, values[i]) : [[label, values[i]]];
      }));
    },
    async profile(batch) {
      await flush();
      const first = cut(batch, capacity, most)[0];
      const times = await profile(program, uploadCut(first, 1, 0, steps + 1));
      clear(gpu, [losses]);
      return times;
    },
    release,
  };
}
