/**
 * Trains a model on examples: shuffled epochs, batches, learning-rate schedule, checkpoints. Everything a result depends on is in the
 * examples, the hyper-parameters and the seed; interruption and micro-batches change nothing.
 * @module
 */
import type { Adapter } from "../models/adapter.ts";
import type { Llama } from "../models/llama.ts";
import { checkHyperparameters, type Hyperparameters, learningRateAt } from "./hyperparameters.ts";
import type { Learnable } from "./learners.ts";
import { stream } from "./random.ts";
import { createSelection, type Selection } from "./selection.ts";
import { createSession, type SessionOptions, trainingBytes, type WeightedSequence } from "./session.ts";

/** One example: a prompt and its target. */
export interface TrainingExample {
  /** Token ids of prompt and target. */
  readonly tokens: ArrayLike<number>;
  /** Index of the first target token; the tokens before it are context only. */
  readonly targetStart: number;
}

/** How far training is. */
export interface TrainProgress {
  /** Steps done. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Loss of the latest step that has been read back, or null. */
  readonly loss: number | null;
}

/** What a training stage needs beside its examples and hyper-parameters. */
export interface TrainOptions {
  /** Decides the order of the examples, and what dropout drops. */
  readonly seed: number;
  /** Number of the stage, from 0, where a method has several: each draws its own random numbers. */
  readonly stage?: number;
  /** What learns; the model where absent. All else stays as it is, to the bit. */
  readonly learns?: readonly Learnable[];
  /** The adapter on the model, whether it learns or not. */
  readonly adapter?: Adapter | null;
  /**
   * Steps after which to stop, on the schedule and in the data order of the whole training: what is left is its weights after that step, to
   * the bit. No step is selected, whatever `selectEvery` says, so nothing is validated. All steps where absent.
   */
  readonly stopAfter?: number;
  /** Scores the model as it stands on validation rows, more being better; called as `selectEvery` says. */
  readonly validate?: (step: number) => Promise<number>;
  /** Most tokens of a micro-batch. */
  readonly microBatchTokens?: number;
  /**
   * Where to leave a checkpoint after every `every` steps and after the last, and from which to go on. Trainings that differ only in where
   * they stop may share it: one of more steps than are to be taken is not taken up, but replaced.
   */
  readonly checkpoint?: { readonly directory: string; readonly every: number };
  /** Told of each step. */
  readonly onStep?: (progress: TrainProgress) => void;
  /** Stops the run before the next step. */
  readonly signal?: AbortSignal;
}

/** What training did, step by step. */
export interface TrainReport {
  /** Optimizer steps taken. */
  readonly steps: number;
  /** Tokens seen, and target tokens among them, over all steps. */
  readonly tokens: number;
  /** Target tokens among them. */
  readonly targetTokens: number;
  /** Mean loss of each step's batch, before its update. */
  readonly losses: Float32Array<ArrayBuffer>;
  /** Global gradient norm of each step, before clipping. */
  readonly gradientNorms: Float32Array<ArrayBuffer>;
  /** Learning rate of each step. */
  readonly learningRates: Float32Array<ArrayBuffer>;
  /** Tokens of each step's batch. */
  readonly stepTokens: Uint32Array<ArrayBuffer>;
  /** Validation scores and the step whose weights stayed; null where the last step's did. */
  readonly selection: Selection | null;
}

/** Names of a stage's random streams end in its number; those of the first do not. */
function stageNames(stage: number): number[] {
  return stage === 0 ? [] : [stage];
}

/** Indices of the examples of each step, over all epochs. */
export function batchOrder(examples: number, hyper: Hyperparameters, seed: number, stage = 0): number[][] {
  const batches: number[][] = [];
  for (let epoch = 0; epoch < hyper.epochs; epoch++) {
    const order = stream(seed, "data-order", epoch, ...stageNames(stage)).shuffle(
      Array.from({ length: examples }, (_, i) => i),
    );
    for (let i = 0; i < order.length; i += hyper.batchSize) batches.push(order.slice(i, i + hyper.batchSize));
  }
  return batches;
}

/** An example's target weights: 1 from the first target on. @throws where its target starts outside of it */
export function weighted({ tokens, targetStart }: TrainingExample): WeightedSequence {
  if (!(targetStart >= 1 && targetStart <= tokens.length)) {
    throw new Error(`a training example of ${tokens.length} tokens cannot have its target start at ${targetStart}`);
  }
  return {
    tokens,
    targetWeights: Float32Array.from({ length: tokens.length - 1 }, (_, i) => i + 1 >= targetStart ? 1 : 0),
  };
}

/** A batch in which every example was cut before its target teaches nothing, and its mean loss does not exist. */
function checkTargets(examples: readonly TrainingExample[], batches: readonly number[][], maxLength: number): void {
  const empty = batches.findIndex((batch) => batch.every((i) => examples[i].targetStart === examples[i].tokens.length));
  if (empty === -1) return;
  throw new Error(
    `all ${batches[empty].length} examples of optimizer step ${empty + 1} lost their whole target to the limit of ` +
      `${maxLength} tokens; use fewer demonstrations, shorter texts (--input-words) or a model with a longer context`,
  );
}

/** Refuses, before anything is allocated, what cannot fit; says which setting would. */
function checkMemory(llama: Llama, options: SessionOptions): void {
  const need = trainingBytes(llama, options) + llama.gpu.allocated;
  const limit = memoryBudget(llama);
  if (need <= limit) return;
  const smallest = trainingBytes(llama, { ...options, microBatchTokens: options.longest }) + llama.gpu.allocated;
  const advice = smallest <= limit
    ? `--micro-batch-tokens ${options.longest} would need ${toMegabytes(smallest)} MB`
    : `even one sequence a micro-batch would need ${
      toMegabytes(smallest)
    } MB; use a smaller model or shorter sequences`;
  // How much is free varies, and this text can end up in a result file.
  throw new Error(`training would need ${toMegabytes(need)} MB of memory, more than this machine has free; ${advice}`);
}

function toMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Bytes this adapter can give. A software adapter lives in the host's memory; a card's memory WebGPU does not tell. */
function memoryBudget(llama: Llama): number {
  return llama.gpu.adapter.software ? Deno.systemMemoryInfo().available : Infinity;
}

/** What a session is told by a stage's hyper-parameters and options. */
function sessionOptionsOf(hyper: Hyperparameters, options: TrainOptions, longest: number): SessionOptions {
  const { beta1, beta2, epsilon, weightDecay, clip, labelSmoothing, optimizer, scaleByWeights, dropout = 0 } = hyper;
  const microBatchMean = hyper.loss === "micro-batch-mean";
  const random = stream(options.seed, "dropout", ...stageNames(options.stage ?? 0));
  return {
    beta1,
    beta2,
    epsilon,
    weightDecay,
    clip,
    labelSmoothing,
    longest,
    microBatchMean,
    learns: options.learns ?? ["model"],
    adapter: options.adapter ?? null,
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(scaleByWeights === undefined ? {} : { scaleByWeights }),
    ...(dropout === 0 ? {} : { dropped: { rate: dropout, key: [random.u32(), random.u32()] } }),
    // Where the micro-batch is part of the definition, it has to fit whole.
    ...(microBatchMean
      ? { microBatchSequences: hyper.microBatchSize, microBatchTokens: hyper.microBatchSize * longest }
      : options.microBatchTokens === undefined
      ? {}
      : { microBatchTokens: options.microBatchTokens }),
  };
}

/** Refuses what the hyper-parameters, the model's context and the number of steps do not allow. */
function checkStage(
  llama: Llama,
  longest: number,
  steps: number,
  hyper: Hyperparameters,
  options: TrainOptions,
): void {
  checkHyperparameters(hyper);
  const { maxPositions } = llama.config;
  if (longest > maxPositions) {
    throw new Error(
      `a training example of ${longest} tokens, soft prompt included, exceeds the model's context of ${maxPositions}; ` +
        `use a shorter prompt, fewer demonstrations or a smaller maxLength`,
    );
  }
  const { stopAfter, validate } = options;
  if (stopAfter !== undefined && !(Number.isInteger(stopAfter) && stopAfter >= 1 && stopAfter <= steps)) {
    throw new Error(`stopAfter ${stopAfter} is not valid: give an integer from 1 to ${steps}, the steps of the stage`);
  }
  if (stopAfter !== undefined && validate !== undefined) {
    throw new Error(
      "a training that stops before its end selects no step, so it needs nothing that scores validation rows",
    );
  }
  if (stopAfter === undefined && (hyper.selectEvery === undefined) !== (validate === undefined)) {
    throw new Error(
      "selectEvery needs something that scores validation rows, and that needs selectEvery: give both or none",
    );
  }
}

/**
 * Trains `llama` in place, one stage.
 * @throws where memory or the model's context do not suffice, a hyper-parameter is not valid, or a loss is not finite
 */
export async function train(
  llama: Llama,
  examples: readonly TrainingExample[],
  hyper: Hyperparameters,
  options: TrainOptions,
): Promise<TrainReport> {
  if (examples.length === 0) throw new Error("there is no training example");
  const sequences = examples.map(weighted);
  const order = batchOrder(examples.length, hyper, options.seed, options.stage);
  checkTargets(examples, order, hyper.maxLength);
  const longest = Math.max(...sequences.map(({ tokens }) => tokens.length));
  checkStage(llama, longest, order.length, hyper, options);
  const batches = order.slice(0, options.stopAfter);
  const sessionOptions = sessionOptionsOf(hyper, options, longest);
  checkMemory(llama, sessionOptions);
  const session = await createSession(llama, sessionOptions);
  try {
    const steps = batches.length;
    const found = options.checkpoint ? await session.load(options.checkpoint.directory, steps) : null;
    const selectEvery = options.stopAfter === undefined ? hyper.selectEvery : undefined;
    const selection = createSelection(session, selectEvery, steps, options.validate, found);
    for (let step = session.steps; step < steps; step++) {
      options.signal?.throwIfAborted();
      await session.step(batches[step].map((i) => sequences[i]), learningRateAt(hyper, step, order.length));
      const done = step + 1;
      const loss = done < steps ? session.newestLoss() : (await session.history()).losses.at(-1)!;
      options.onStep?.({ step: done, steps, loss });
      const { checkpoint } = options;
      await selection.consider(done);
      if (checkpoint && (done % checkpoint.every === 0 || done === steps)) {
        await session.save(checkpoint.directory, selection.extra());
      }
    }
    selection.finish();
    const { losses, gradientNorms } = await session.history();
    const stepTokens = Uint32Array.from(
      batches,
      (batch) => batch.reduce((sum, i) => sum + sequences[i].tokens.length, 0),
    );
    const targets = (i: number) => sequences[i].tokens.length - examples[i].targetStart;
    return {
      steps,
      tokens: stepTokens.reduce((sum, count) => sum + count, 0),
      targetTokens: batches.flat().reduce((sum, i) => sum + targets(i), 0),
      losses,
      gradientNorms,
      learningRates: Float32Array.from({ length: steps }, (_, step) => learningRateAt(hyper, step, order.length)),
      stepTokens,
      selection: selection.result(),
    };
  } finally {
    session.release();
  }
}
