/**
 * How long work takes with a model on this adapter: a few small trainings and answers are timed once, and what is learnt from them is kept in
 * `tunemark/rates.json` in the user's cache folder, by adapter, driver, kernel version and model.
 * @module
 */
import type { Gpu } from "../kernels/gpu/device.ts";
import { adapterKey, readUserCache, userCacheFile, writeUserCache } from "../kernels/gpu/user_cache.ts";
import { type Checkpoint, hashWeights } from "../models/checkpoint.ts";
import { parameterShapes } from "../models/config.ts";
import { answer } from "../models/inference.ts";
import { createLlama, type Llama, readWeights, releaseLlama } from "../models/llama.ts";
import { stream } from "../training/random.ts";
import { train } from "../training/trainer.ts";
import { hyperparameters } from "./profiles.ts";
import type { Operands } from "./types.ts";
import { answeringWork, nothing, trainingWork, type Work, workUnits } from "./work.ts";

/** Work that was done, and the seconds it took. */
export interface Observation {
  readonly work: Work;
  readonly seconds: number;
}

/** What rates are asked for. */
export interface RatesOptions {
  readonly operands: Operands;
  /** Told before measuring begins, which takes seconds. */
  readonly onMeasure?: () => void;
  /** File that keeps rates; the user's where absent, none for null. */
  readonly file?: string | null;
  /** Stops measuring between two pieces of work. */
  readonly signal?: AbortSignal;
}

/** A piece of work of a kind that takes more seconds is the last one: the next is several times as large. */
const patience = 3;

/** Rates of a model on an adapter: those that are kept, else measured now and kept. */
export async function ratesOf(gpu: Gpu, checkpoint: Checkpoint, options: RatesOptions): Promise<Work> {
  const { operands, onMeasure, signal, file = userCacheFile("rates.json") } = options;
  const owner = await adapterKey(gpu);
  const known = await readUserCache<Work>(file, owner);
  // Time depends on the shape of a model, not on its weights.
  const name = `${checkpoint.hashes.configSha256.slice(0, 16)} ${operands}`;
  const kept: Partial<Work> | undefined = known[name];
  if (kept !== undefined && workUnits.every((unit) => Number.isFinite(kept[unit]))) return kept as Work;
  onMeasure?.();
  const rates = fitRates(await observe(gpu, checkpoint, operands, signal));
  await writeUserCache(file, owner, { ...known, [name]: rates });
  return rates;
}

/**
 * Seconds for one of each unit of work that come nearest to what was observed, none of them negative: least squares of relative errors, by
 * coordinate descent. Where observations leave it open, the units that come last in `fitted` take less.
 */
export function fitRates(observations: readonly Observation[]): Work {
  const rates: Record<keyof Work, number> = { ...nothing };
  const rows = observations.map(({ work, seconds }) => ({ work, scale: 1 / seconds }));
  for (let pass = 0; pass < 5000; pass++) {
    for (const unit of fitted) {
      let [product, square] = [0, 0];
      for (const { work, scale } of rows) {
        const others = workUnits.reduce((sum, one) => one === unit ? sum : sum + work[one] * rates[one], 0);
        product += work[unit] * scale * (1 - others * scale);
        square += (work[unit] * scale) ** 2;
      }
      rates[unit] = square === 0 ? 0 : Math.max(0, product / square);
    }
  }
  return rates;
}

/** What grows with the work comes before what is the same for all of it, so that a single observation is read as growing. */
const fitted: readonly (keyof Work)[] = [
  "trainedTokens",
  "promptTokens",
  "decodingSteps",
  "steps",
  "trainedPairs",
  "promptPairs",
  "decodedTokens",
  "trainings",
  "calls",
  "models",
];

/** A piece of work to be timed. */
interface Trial {
  readonly work: Work;
  run(): Promise<void>;
}

/** Small pieces of work: of each kind, growing. */
function trials(llama: Llama): Trial[][] {
  const long = Math.min(256, llama.config.maxPositions - 32);
  const training = (steps: number, sequences: number, length: number): Trial => ({
    work: { ...nothing, ...trainingWork(steps * sequences, length), trainings: 1, steps },
    run: () => trainOnce(llama, steps, sequences, length),
  });
  const answering = (prompts: number, length: number, answerLength: number): Trial => ({
    work: answeringWork(prompts, 0, length, answerLength, prompts),
    run: () => answerOnce(llama, prompts, length, answerLength),
  });
  return [
    [training(1, 1, 8), training(4, 4, 16), training(2, 16, 48), training(2, 8, long)],
    [answering(1, 8, 0), answering(16, 16, 0), answering(64, 32, 0), answering(16, long, 0)],
    [answering(1, 8, 17), answering(16, 8, 17), answering(64, 8, 17)],
  ];
}

async function observe(
  gpu: Gpu,
  checkpoint: Checkpoint,
  operands: Operands,
  signal: AbortSignal | undefined,
): Promise<Observation[]> {
  const begun = performance.now();
  const llama = await createLlama(gpu, checkpoint.config, (name) => checkpoint.tensor(name), { operands });
  try {
    const observations = [{ work: { ...nothing, models: 1 }, seconds: secondsSince(begun) }];
    for (const kind of trials(llama)) {
      for (const { work, run } of kind) {
        signal?.throwIfAborted();
        const seconds = await secondsOf(run);
        observations.push({ work, seconds });
        if (seconds > patience) break;
      }
    }
    return observations;
  } finally {
    releaseLlama(llama);
  }
}

/** A first time of more than so many seconds is the only one: compiling, ten seconds with nothing cached, adds little to it. */
const longFirst = 60;

/** The best of up to three times after a first that compiles; one of more than a second is the last. */
async function secondsOf(run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  while (times.length < 4) {
    const begun = performance.now();
    await run();
    times.push(secondsSince(begun));
    if (times[0] > longFirst || times.slice(1).some((seconds) => seconds > 1)) break;
  }
  return times.length === 1 ? times[0] : Math.min(...times.slice(1));
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

/** Sequences of random tokens. */
function randomSequences({ config: { vocabSize } }: Llama, count: number, length: number): number[][] {
  const random = stream(1, "rates");
  return Array.from({ length: count }, () => Array.from({ length }, () => random.below(vocabSize)));
}

/** Trains and reads the weights, as a cell does that keeps its model. */
async function trainOnce(llama: Llama, steps: number, sequences: number, length: number): Promise<void> {
  const examples = randomSequences(llama, steps * sequences, length).map((tokens) => ({ tokens, targetStart: 1 }));
  const hyper = { ...hyperparameters(1e-6, llama.config.maxPositions), epochs: 1, batchSize: sequences };
  await train(llama, examples, hyper, { seed: 1 });
  const weights = await readWeights(llama);
  await hashWeights(parameterShapes(llama.config), (name) => weights.get(name)!);
}

async function answerOnce(llama: Llama, prompts: number, length: number, answerLength: number): Promise<void> {
  const sequences = randomSequences(llama, prompts, length);
  await answer(llama, sequences, { maxNewTokens: answerLength, stopIds: [], labelIds: [], batchSize: prompts });
}
