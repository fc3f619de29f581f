/**
 * A training session: gradients, moments and recorded programs for one model. A step takes an optimizer batch of any ragged shape,
 * cuts it into micro-batches that fit, and updates the weights; cutting it otherwise gives the same bits.
 * @module
 */
import { allocate, createArena, readBack, readFloats, releaseArena, upload } from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { clear, createProgram, type DispatchTime, releaseProgram, run } from "../kernels/gpu/program.ts";
import { recordMerge } from "../models/adapter.ts";
import { type Llama, piecesOf, recordOperands } from "../models/llama.ts";
import { createGradientPass, type GradientPass, passBytes, type PassOptions } from "./gradient_pass.ts";
import { copyRows, learningElements } from "./learners.ts";
import type { WeightedSequence } from "./micro_batches.ts";
import { allocateMoments, type Moment, type OptimizerOptions, recordUpdate, type UpdateShape } from "./optimizers.ts";
import { loadState, saveState } from "./state.ts";

export type { WeightedSequence };

/** What a session needs to know at the start. What does not learn stays as it is, to the bit. */
export type SessionOptions = OptimizerOptions & PassOptions;

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
  /** The newest loss that has been read back, of a step up to 16 ago; null before the first. Waits for nothing. */
  newestLoss(): number | null;
  /** Writes what learns, the optimizer's moments, history, kept values and `extra` to a folder, whole or not at all. */
  save(directory: string, extra: Readonly<Record<string, unknown>>): Promise<void>;
  /** Takes up a saved state; returns its `extra`, or null where the folder holds none, or one of more steps than `mostSteps`. */
  load(directory: string, mostSteps?: number): Promise<Record<string, unknown> | null>;
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

/** Bytes on the GPU that training needs beside the weights themselves. */
export function trainingBytes(llama: Llama, options: SessionOptions): number {
  const { learns = ["model"], adapter = null, optimizer } = options;
  // Adafactor's moments are rows and columns only.
  const moments = optimizer === "adafactor" ? 0 : 2;
  return passBytes(llama, options) + 4 * moments * learningElements(llama, learns, adapter);
}

/**
 * Opens a session on a model, with fresh moments.
 * @throws where a buffer does not fit the adapter, saying what would; where what is to learn is not there
 */
export async function createSession(llama: Llama, options: SessionOptions): Promise<TrainingSession> {
  const { gpu } = llama;
  const arena = createArena(gpu);
  const update = createProgram<UpdateShape>(gpu, "optimizer");
  const afterUpdate = createProgram<null>(gpu, "merging and operands");
  let pass: GradientPass | null = null;
  const release = () => {
    pass?.release();
    releaseArena(arena);
    for (const one of [update, afterUpdate]) releaseProgram<never>(one);
  };
  let moments: Moment[][];
  const norms = allocate(arena, "gradient norms", ringLength);
  try {
    pass = await createGradientPass(arena, llama, ringLength, options);
    const { list, gradients } = pass.learners;
    moments = allocateMoments(arena, list, options);
    recordUpdate(update, arena, list, moments, norms, options);
    const changing = [...gradients.of.keys()];
    if (options.adapter && changing.length > 0) recordMerge(afterUpdate, options.adapter);
    recordOperands(afterUpdate, changing);
    await settle(gpu);
  } catch (error) {
    release();
    throw error;
  }
  const { learners, losses, prepare, run: runPass, profile } = pass;

  const pastLosses: number[] = [];
  const pastNorms: number[] = [];
  let kept: readonly Float32Array<ArrayBuffer>[] | null = null;
  let steps = 0;
  /** Steps whose loss and norm have been asked for, and the answer that is still on its way. */
  let asked = 0;
  let answer: Promise<void> | null = null;
  /** Reads the ring's entries from step `from` on; what is submitted afterwards may overwrite them. */
  const read = async (from: number, count: number) => {
    const parts = await readBack(gpu, [{ tensor: losses }, { tensor: norms }]);
    const [loss, norm] = parts.map((part) => new Float32Array(part));
    for (let i = 0; i < count; i++) {
      const slot = (from + i) % ringLength;
      if (!Number.isFinite(loss[slot]) || !Number.isFinite(norm[slot])) {
        const step = from + i + 1;
        throw new Error(`the loss is not finite at step ${step} (loss ${loss[slot]}, gradient norm ${norm[slot]})`);
      }
      pastLosses.push(loss[slot]);
      pastNorms.push(norm[slot]);
    }
  };
  /** Asks for what has not been asked for. A read-back takes 10 ms in Deno: the next steps do not wait for it. */
  const ask = () => {
    if (asked === steps) return;
    answer = read(asked, steps - asked);
    // Whoever waits for it learns what went wrong.
    answer.catch(() => {});
    asked = steps;
  };
  const answered = async () => {
    const waiting = answer;
    answer = null;
    await waiting;
  };
  const history = async (): Promise<History> => {
    await answered();
    ask();
    await answered();
    return { losses: Float32Array.from(pastLosses), gradientNorms: Float32Array.from(pastNorms) };
  };

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
    newestLoss: () => pastLosses.at(-1) ?? null,
    async step(batch, learningRate) {
      const prepared = prepare(batch);
      const slot = steps % ringLength;
      if (slot === 0) {
        await answered();
        ask();
        clear(gpu, [losses]);
      }
      steps++;
      runPass(prepared, { slot, step: steps });
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
    async load(directory, mostSteps = Infinity) {
      const lengths = stored.map(({ name, tensor: { length } }) => ({ name, length }));
      const optional = learners.list.map(({ label, value: { length } }) => ({ name: `${label}/kept`, length }));
      const state = loadState(directory, lengths, optional, mostSteps);
      if (!state) return null;
      await answered();
      stored.forEach(({ tensor }, i) => upload(gpu, tensor, state.values[i]));
      publish();
      steps = asked = state.losses.length;
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
      await history();
      const times = await profile(prepare(batch), steps + 1);
      clear(gpu, [losses]);
      return times;
    },
    release,
  };
}
