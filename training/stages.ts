/**
 * Carries out a method: puts its soft prompts and adapter on a model and trains its stages in order. What stays frozen keeps its bits, and
 * an interrupted method goes on from its checkpoints to the same bits.
 * @module
 */
import { allocate, type Arena, createArena, readFloats, releaseArena, upload } from "../kernels/gpu/buffers.ts";
import {
  type Adapter,
  attachAdapter,
  checkAdapter,
  createAdapter,
  detachAdapter,
  releaseAdapter,
} from "../models/adapter.ts";
import { type Llama, promptOf, withPrompts } from "../models/llama.ts";
import type { MethodDescription, PromptSpec, Stage } from "./methods/method.ts";
import { stream } from "./random.ts";
import { train, type TrainingExample, type TrainOptions, type TrainProgress, type TrainReport } from "./trainer.ts";

/** An example of one of several tasks. */
export interface MethodExample extends TrainingExample {
  /** Number of its task, from 0; each task has a soft prompt of its own. 0 where absent. */
  readonly task?: number;
}

/** A model as it is evaluated: what to run, and what to put before each prompt's tokens. */
export interface AttachedModel {
  /** To be given to `answer` in place of the model. */
  readonly llama: Llama;
  /** Tokens of the soft prompt. */
  readonly prefix: readonly number[];
}

/** A run of the trainer within a method. */
export interface StageRun {
  /** Number of the stage, from 0. */
  readonly stage: number;
  /** The only task that is trained, where prompts learn one by one; null where all are. */
  readonly task: number | null;
}

/** What a method needs beside its description and its examples. */
export interface MethodOptions extends Pick<TrainOptions, "seed" | "microBatchTokens" | "signal"> {
  /**
   * Where to leave checkpoints, each run of the trainer in a folder of its own below `directory`, and from which to go on: see
   * {@linkcode TrainOptions}. `firstRun` is the folder of the first run where other trainings share it: they begin with the same one, and find
   * it done.
   */
  readonly checkpoint?: NonNullable<TrainOptions["checkpoint"]> & { readonly firstRun?: string };
  /**
   * Steps of the last stage after which to stop: see {@linkcode TrainOptions}. The stages before it run whole, and select as they always do.
   * To the end where absent.
   */
  readonly stopAfter?: number;
  /**
   * Scores the model as it stands on validation rows, more being better, for stages with `selectEvery`. `attached` gives what to run for a
   * task, prompt and adapter in place.
   */
  readonly validate?: (at: StageRun & { step: number }, attached: (task: number) => AttachedModel) => Promise<number>;
  /** Told of each step. */
  readonly onStep?: (progress: TrainProgress & StageRun) => void;
}

/** A model that a method has trained. */
export interface TrainedModel {
  /** What the runs of the trainer did, in order. */
  readonly reports: readonly (StageRun & { readonly report: TrainReport })[];
  /** The soft prompts, by task; null where the method has none. */
  readonly prompts: readonly Float32Array<ArrayBuffer>[] | null;
  /** The adapter; null where the method has none. */
  readonly adapter: Adapter | null;
  /**
   * The model for an evaluation, with prompt and adapter in place or without: see `attaches`. The adapter is on the model or off it until
   * the next call, which is also how the model's weights are to be read.
   */
  evaluated(attached: boolean, task?: number): AttachedModel;
  /** Frees prompts and adapter, which are taken off; the model stays. */
  release(): void;
}

/** @throws where a method cannot be carried out with these examples, saying why */
function checkMethod(llama: Llama, examples: readonly MethodExample[], description: MethodDescription): void {
  const { prompt, adapter, stages } = description;
  if (stages.length === 0) throw new Error("the method trains nothing");
  if (examples.length === 0) throw new Error("there is no training example");
  if (adapter) checkAdapter(adapter);
  if (!prompt) return;
  const { maxPositions, vocabSize } = llama.config;
  const { length, init, range } = prompt;
  if (!Number.isInteger(length) || length < 1) {
    throw new Error(`a soft prompt's length of ${length} is not valid: give a positive integer`);
  }
  const longest = Math.max(...examples.map(({ tokens }) => tokens.length));
  if (length + longest > maxPositions) {
    throw new Error(
      `a soft prompt of ${length} and an example of ${longest} tokens exceed the model's context of ${maxPositions}; ` +
        "use a shorter prompt, fewer demonstrations or a smaller maxLength",
    );
  }
  if (init === "vocabulary" && length > vocabSize) {
    throw new Error(`a soft prompt of ${length} cannot begin as different tokens of a vocabulary of ${vocabSize}`);
  }
  if (init === "uniform" ? !(range > 0 && Number.isFinite(range)) : range !== 0) {
    throw new Error(
      `a soft prompt's range of ${range} is not valid: give a positive number for uniform values, 0 for those of the vocabulary`,
    );
  }
}

/** First values of a task's prompt [length][hidden]. */
function initialPrompt(
  { length, init, range }: PromptSpec,
  embedding: Float32Array<ArrayBuffer>,
  vocabulary: number,
  width: number,
  seed: number,
  task: number,
): Float32Array<ArrayBuffer> {
  const random = stream(seed, "prompt", task);
  if (init === "uniform") {
    return Float32Array.from({ length: length * width }, () => range * (2 * random.uniform() - 1));
  }
  const tokens = random.shuffle(Array.from({ length: vocabulary }, (_, id) => id)).slice(0, length);
  const values = new Float32Array(length * width);
  tokens.forEach((id, row) => values.set(embedding.subarray(id * width, (id + 1) * width), row * width));
  return values;
}

/** First values of a matrix's A, uniform with variance 1 / (3 columns), as LoRA's code has it. */
function initialA(seed: number, rank: number): (name: string, columns: number) => Float32Array<ArrayBuffer> {
  return (name, columns) => {
    const random = stream(seed, "adapter", name);
    const range = 1 / Math.sqrt(columns);
    return Float32Array.from({ length: rank * columns }, () => range * (2 * random.uniform() - 1));
  };
}

/** The model with these prompts, whose memory is the arena's. */
function prompted(llama: Llama, arena: Arena, prompts: readonly Float32Array<ArrayBuffer>[] | null): Llama {
  if (!prompts) return withPrompts(llama, null);
  const size = prompts[0].length;
  const tensor = allocate(arena, "soft prompts", size * prompts.length);
  prompts.forEach((values, i) => upload(llama.gpu, tensor, values, i * size));
  return withPrompts(llama, { tensor, length: size / llama.config.hiddenSize, count: prompts.length });
}

/** Examples behind their prompts. */
function behindPrompts(llama: Llama, examples: readonly MethodExample[], only: number | null): TrainingExample[] {
  return examples.map(({ tokens, targetStart, task = 0 }) => {
    const prefix = promptOf(llama, only === null ? task : 0);
    return { tokens: [...prefix, ...Array.from(tokens)], targetStart: prefix.length + targetStart };
  });
}

/** Runs of the trainer that a method amounts to: prompts of several tasks learn one by one, everything else together. */
function runsOf(stages: readonly Stage[], tasks: number): StageRun[] {
  return stages.flatMap(({ learns }, stage): StageRun[] => {
    const apart = tasks > 1 && learns.every((one) => one === "prompts");
    return apart ? Array.from({ length: tasks }, (_, task) => ({ stage, task })) : [{ stage, task: null }];
  });
}

/**
 * Trains a model as a method says.
 * @throws where the method cannot be carried out, saying why; and as `train` does
 */
export async function trainMethod(
  llama: Llama,
  examples: readonly MethodExample[],
  description: MethodDescription,
  options: MethodOptions,
): Promise<TrainedModel> {
  checkMethod(llama, examples, description);
  const { gpu, config } = llama;
  const { seed } = options;
  const tasks = 1 + Math.max(...examples.map(({ task = 0 }) => task));
  for (let task = 0; task < tasks; task++) {
    if (!examples.some((example) => (example.task ?? 0) === task)) {
      throw new Error(`task ${task} of ${tasks}, counted from 0, has no training example`);
    }
  }
  const arena = createArena(gpu);
  let adapter: Adapter | null = null;
  const release = () => {
    releaseArena(arena);
    if (!adapter) return;
    detachAdapter(adapter);
    releaseAdapter(adapter);
  };
  try {
    let prompts: Float32Array<ArrayBuffer>[] | null = null;
    if (description.prompt) {
      const [embedding] = await readFloats(gpu, llama.embedding.tensor);
      const { prompt } = description;
      const first = (task: number) => initialPrompt(prompt, embedding, config.vocabSize, config.hiddenSize, seed, task);
      prompts = Array.from({ length: tasks }, (_, task) => first(task));
    }
    if (description.adapter) {
      adapter = await createAdapter(llama, description.adapter, initialA(seed, description.adapter.rank));
    }
    const reports = [];
    for (const [run, at] of runsOf(description.stages, tasks).entries()) {
      const { learns, hyper } = description.stages[at.stage];
      const own = createArena(gpu);
      try {
        const present: Float32Array<ArrayBuffer>[] | null = prompts && at.task !== null ? [prompts[at.task]] : prompts;
        const view = prompted(llama, own, present);
        const chosen = examples.filter(({ task = 0 }) => at.task === null || task === at.task);
        const attached = (task: number) => ({ llama: view, prefix: promptOf(view, at.task === null ? task : 0) });
        const { validate, onStep, checkpoint } = options;
        const stopAfter = at.stage === description.stages.length - 1 ? options.stopAfter : undefined;
        const part = at.task === null ? `stage-${at.stage + 1}` : `stage-${at.stage + 1}-task-${at.task + 1}`;
        const shared = run === 0 ? checkpoint?.firstRun : undefined;
        const report = await train(view, behindPrompts(view, chosen, at.task), hyper, {
          seed,
          stage: at.stage,
          learns,
          adapter,
          ...(stopAfter === undefined ? {} : { stopAfter }),
          ...(hyper.selectEvery !== undefined && validate && stopAfter === undefined
            ? { validate: (step: number) => validate({ ...at, step }, attached) }
            : {}),
          ...(options.microBatchTokens === undefined ? {} : { microBatchTokens: options.microBatchTokens }),
          ...(checkpoint
            ? { checkpoint: { every: checkpoint.every, directory: shared ?? `${checkpoint.directory}/${part}` } }
            : {}),
          ...(onStep ? { onStep: (progress: TrainProgress) => onStep({ ...progress, ...at }) } : {}),
          ...(options.signal ? { signal: options.signal } : {}),
        });
        reports.push({ ...at, report });
        if (prompts && learns.includes("prompts")) {
          const [learnt] = await readFloats(gpu, view.prompts!.tensor);
          const size = prompts[0].length;
          if (at.task !== null) prompts[at.task] = learnt;
          else prompts = prompts.map((_, i) => learnt.slice(i * size, (i + 1) * size));
        }
      } finally {
        releaseArena(own);
      }
    }
    const view = prompted(llama, arena, prompts);
    let merged = true;
    return {
      reports,
      prompts,
      adapter,
      evaluated(attached, task = 0) {
        if (adapter && attached !== merged) (attached ? attachAdapter : detachAdapter)(adapter);
        merged = attached;
        return attached ? { llama: view, prefix: promptOf(view, task) } : { llama, prefix: [] };
      },
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}
