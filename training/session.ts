/**
 * A training session: gradients, AdamW state and recorded programs for one model. A step takes an optimizer batch of any ragged shape,
 * cuts it into micro-batches that fit, and updates the weights; cutting it otherwise gives the same bits.
 * @module
 */
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import { adamw, adamwUniforms } from "../kernels/adamw/adamw.ts";
import { bucketTokens } from "../kernels/embedding/embedding.ts";
import { chunkCount, gradientScale, squareSums } from "../kernels/gradient_norm/gradient_norm.ts";
import {
  allocate,
  createArena,
  readBack,
  readFloats,
  releaseArena,
  type Tensor,
  upload,
} from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import {
  clear,
  createProgram,
  dispatch,
  type DispatchTime,
  profile,
  type Program,
  releaseProgram,
  run,
} from "../kernels/gpu/program.ts";
import {
  allocateGradients,
  allocateTargets,
  recordBackward,
  type TargetTensors,
  type TrainingShape,
  workspaceBytes,
} from "../models/backward.ts";
import { allocateBatch, type BatchCapacity, type BatchTensors, scoreBound, uploadBatch } from "../models/batch.ts";
import { activationBytes, allocateActivations, recordForward } from "../models/forward.ts";
import { tuneProducts } from "../models/products.ts";
import { type Llama, padded, type Parameter, piecesOf, recordPacking } from "../models/llama.ts";
import { loadState, saveState } from "./state.ts";

/** A sequence with the weight of each prediction's loss. */
export interface WeightedSequence {
  /** Token ids. */
  readonly tokens: ArrayLike<number>;
  /** [tokens.length - 1]: weight of predicting tokens[i + 1] from position i; 0 is no target. */
  readonly targetWeights: ArrayLike<number>;
}

/** What a session needs to know at the start. */
export interface SessionOptions {
  /** AdamW's decay of the first moment. */
  readonly beta1: number;
  /** AdamW's decay of the second moment. */
  readonly beta2: number;
  /** AdamW's guard against division by zero. */
  readonly epsilon: number;
  /** AdamW's decoupled weight decay. */
  readonly weightDecay: number;
  /** Norm weights are spared the weight decay. */
  readonly decayMatricesOnly?: boolean;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clip: number | null;
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
  /** Writes weights, AdamW state, history and `extra` to a folder, whole or not at all. */
  save(directory: string, extra: Readonly<Record<string, unknown>>): Promise<void>;
  /** Takes up a saved state; returns its `extra`, or null where the folder holds none. */
  load(directory: string): Promise<Record<string, unknown> | null>;
  /** Gradient of each parameter after the last step, by Hugging Face name. */
  gradients(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  /** Time of each dispatch of the batch's first micro-batch, forward and backward; weights and history stay as they are. */
  profile(batch: readonly WeightedSequence[]): Promise<DispatchTime[]>;
  /** Frees the session's GPU memory; the model stays. */
  release(): void;
}

/** Shape of the optimizer's program. */
interface UpdateShape {
  readonly step: number;
  readonly learningRate: number;
  readonly slot: number;
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
  const weights = llama.parameters.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const lookup = config.tied ? llama.embedding.rows * llama.embedding.columns : 0;
  const capacity = capacityOf(llama, options);
  return 4 * (3 * weights + lookup) + activationBytes(config, capacity, true) + workspaceBytes(config, capacity);
}

/** A sequence's predictions that count: positions, target tokens, weights. */
function targetsOf({ tokens, targetWeights }: WeightedSequence): { position: number; token: number; weight: number }[] {
  const targets = [];
  for (let i = 0; i + 1 < tokens.length; i++) {
    if (targetWeights[i] !== 0) targets.push({ position: i, token: tokens[i + 1], weight: targetWeights[i] });
  }
  return targets;
}

/** Cuts a batch into micro-batches, in order, each within the capacity. */
function cut(batch: readonly WeightedSequence[], capacity: BatchCapacity, most: number): WeightedSequence[][] {
  const cuts: WeightedSequence[][] = [];
  let tokens = Infinity;
  let targets = 0;
  for (const sequence of batch) {
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
      cuts.at(-1)!.length === most;
    if (full) {
      cuts.push([]);
      tokens = 0;
      targets = 0;
    }
    cuts.at(-1)!.push(sequence);
    tokens += length;
    targets += count;
  }
  return cuts;
}

/** Uploads a micro-batch; `scale` multiplies its target weights. */
function uploadTraining(
  llama: Llama,
  batch: BatchTensors,
  targets: TargetTensors,
  sequences: readonly WeightedSequence[],
  scale: number,
  slot: number,
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
  const shape = uploadBatch(llama.arena, llama.config, batch, sequences.map((s) => s.tokens), Uint32Array.from(rows));
  const buckets = bucketTokens(sequences.flatMap((s) => Array.from(s.tokens)));
  const { gpu } = llama;
  upload(gpu, targets.targets, Uint32Array.from(tokens));
  upload(gpu, targets.weights, Float32Array.from(weights));
  upload(gpu, targets.targetSequences, places);
  upload(gpu, targets.targetOfToken, ofToken);
  upload(gpu, targets.buckets, buckets.buckets);
  upload(gpu, targets.bucketPositions, buckets.positions);
  return { ...shape, buckets: buckets.count, slot };
}

/** Parameters with their gradient and AdamW moments. */
interface ParameterState {
  readonly parameter: Parameter;
  readonly gradient: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

/** Records norm, clipping and AdamW over all parameters. */
function recordUpdate(
  program: Program<UpdateShape>,
  states: readonly ParameterState[],
  tensors: { partials: Tensor; scale: Tensor; norms: Tensor },
  options: SessionOptions,
): void {
  let offset = 0;
  for (const { parameter, gradient } of states) {
    const at = offset;
    const length = parameter.rows * parameter.columns;
    dispatch(program, squareSums, { gradient, partials: tensors.partials }, () => ({ length, offset: at }));
    offset += chunkCount(length);
  }
  const { partials, scale, norms } = tensors;
  dispatch(program, gradientScale, { partials, scale, history: norms }, ({ slot }) => ({
    count: offset,
    slot,
    limit: options.clip ?? 0,
  }));
  for (const { parameter, gradient, first, second } of states) {
    const decay = options.decayMatricesOnly && parameter.group === "norms" ? 0 : options.weightDecay;
    const length = parameter.rows * parameter.columns;
    dispatch(
      program,
      adamw,
      { gradient, scale, weight: parameter.tensor, first, second },
      ({ step, learningRate }) => ({
        length,
        ...adamwUniforms(step, { ...options, learningRate, weightDecay: decay }),
      }),
    );
  }
}

/**
 * Opens a session on a model, with fresh AdamW state.
 * @throws where a buffer does not fit the adapter, saying what would
 */
export async function createSession(llama: Llama, options: SessionOptions): Promise<TrainingSession> {
  const { gpu, config } = llama;
  const capacity = capacityOf(llama, options);
  await tuneProducts(gpu, config, capacity, llama.operands);
  const arena = createArena(gpu);
  const program = createProgram<TrainingShape>(gpu, "training step");
  const update = createProgram<UpdateShape>(gpu, "optimizer");
  const packing = createProgram<null>(gpu, "packing");
  const most = options.microBatchSequences ?? Infinity;
  const release = () => {
    releaseArena(arena);
    releaseProgram(program);
    releaseProgram(update);
    releaseProgram(packing);
  };
  let states: ParameterState[];
  let cleared: Tensor[];
  const losses = allocate(arena, "losses", ringLength);
  const norms = allocate(arena, "gradient norms", ringLength);
  let batchTensors: BatchTensors;
  let targetTensors: TargetTensors;
  try {
    const gradients = allocateGradients(arena, llama);
    states = llama.parameters.map((parameter) => ({
      parameter,
      gradient: gradients.of.get(parameter)!,
      first: allocate(arena, `first moment of ${parameter.label}`, parameter.rows * parameter.columns),
      second: allocate(arena, `second moment of ${parameter.label}`, parameter.rows * parameter.columns),
    }));
    cleared = [...new Set([...gradients.of.values(), gradients.lookup])];
    batchTensors = allocateBatch(arena, capacity);
    targetTensors = allocateTargets(arena, capacity);
    const activations = allocateActivations(arena, config, capacity, true);
    recordForward(program, llama, capacity, batchTensors, activations);
    const parts = { batch: batchTensors, targets: targetTensors, activations, gradients, history: losses };
    recordBackward(program, llama, arena, capacity, parts, options.labelSmoothing);
    if (config.tied) {
      dispatch(update, accumulate, { source: gradients.lookup, total: gradients.of.get(llama.embedding)! }, () => ({
        length: llama.embedding.rows * llama.embedding.columns,
      }));
    }
    const chunks = states.reduce((sum, { parameter: { rows, columns } }) => sum + chunkCount(rows * columns), 0);
    const partials = allocate(arena, "gradient norm partials", chunks);
    recordUpdate(update, states, { partials, scale: allocate(arena, "gradient scale", 1), norms }, options);
    recordPacking(update, llama.parameters);
    recordPacking(packing, llama.parameters);
    await settle(gpu);
  } catch (error) {
    release();
    throw error;
  }

  const pastLosses: number[] = [];
  const pastNorms: number[] = [];
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

  return {
    get steps() {
      return steps;
    },
    history,
    async step(batch, learningRate) {
      const cuts = cut(batch, capacity, most);
      const weightOf = (sequences: readonly WeightedSequence[]) =>
        sequences.reduce((sum, s) => targetsOf(s).reduce((part, { weight }) => part + weight, sum), 0);
      const total = weightOf(batch);
      if (!(total > 0)) throw new Error("an optimizer batch has no target token");
      // Means of micro-batches depend on where the batch is cut, so memory may not decide it.
      if (options.microBatchMean && cuts.slice(0, -1).some(({ length }) => length < most)) {
        throw new Error(
          `this adapter cannot hold a micro-batch of ${most} sequences, which the micro-batch mean is defined over`,
        );
      }
      const slot = steps % ringLength;
      if (steps - pastLosses.length === ringLength) await flush();
      if (slot === 0) clear(gpu, [losses]);
      clear(gpu, cleared);
      for (const sequences of cuts) {
        const weight = options.microBatchMean ? weightOf(sequences) * cuts.length : total;
        if (!(weight > 0)) continue;
        run(program, uploadTraining(llama, batchTensors, targetTensors, sequences, 1 / weight, slot));
      }
      steps++;
      run(update, { step: steps, learningRate, slot });
    },
    async save(directory, extra) {
      const { losses, gradientNorms } = await history();
      const names = states.map(({ parameter }) => parameter.label);
      const values = await readFloats(gpu, ...states.flatMap((s) => [s.parameter.tensor, s.first, s.second]));
      saveState(directory, { names, values, losses, gradientNorms, extra });
    },
    async load(directory) {
      const state = loadState(directory, states.map(({ parameter }) => parameter));
      if (!state) return null;
      states.forEach(({ parameter, first, second }, i) => {
        [parameter.tensor, first, second].forEach((tensor, j) => upload(gpu, tensor, state.values[i * 3 + j]));
      });
      run(packing, null);
      steps = state.losses.length;
      pastLosses.splice(0, Infinity, ...state.losses);
      pastNorms.splice(0, Infinity, ...state.gradientNorms);
      clear(gpu, [losses, norms]);
      await settle(gpu);
      return state.extra;
    },
    async gradients() {
      const values = await readFloats(gpu, ...states.map(({ gradient }) => gradient));
      return new Map(states.flatMap(({ parameter }, i) => piecesOf(parameter, values[i])));
    },
    async profile(batch) {
      await flush();
      const first = cut(batch, capacity, most)[0];
      const times = await profile(program, uploadTraining(llama, batchTensors, targetTensors, first, 1, 0));
      clear(gpu, [losses]);
      return times;
    },
    release,
  };
}
