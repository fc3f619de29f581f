/**
 * What cells amount to, counted before they run: tokens to train on, prompts to read, tokens to generate. Lengths are means over the first
 * rows of each set, and an answer is taken to be as long as the longest reference among them.
 * @module
 */
import type { TextTokenizer } from "../models/tokenizer.ts";
import { type DatasetRow, findTask, type PromptFormat, renderPrompt, type Task } from "../tasks/mod.ts";
import { methodOf, type Stage } from "../training/methods/mod.ts";
import { firstStageId, lineageId, trainingId } from "./cell.ts";
import { type Data, evaluationRows, probeRows } from "./data.ts";
import type { CellSpec, EvaluationSpec, ProbeSpec, TrainSpec } from "./types.ts";

/** An amount of everything that takes time; or, as a rate, the seconds that one of each takes. */
export interface Work {
  /** Models put on the GPU. */
  readonly models: number;
  /** Runs of the trainer, with programs recorded before and weights read after. */
  readonly trainings: number;
  /** Optimizer steps. */
  readonly steps: number;
  /** Tokens of all steps. */
  readonly trainedTokens: number;
  /** Pairs of tokens that attention looks at in training: over sequences, the sum of squared lengths. */
  readonly trainedPairs: number;
  /** Calls that answer prompts. */
  readonly calls: number;
  /** Tokens of prompts; what the prompts of a call have in common counts once. */
  readonly promptTokens: number;
  /** Pairs of tokens that attention looks at in prompts. */
  readonly promptPairs: number;
  /** Steps of decoding, each of a batch of prompts. */
  readonly decodingSteps: number;
  /** Prompts in those steps, over all of them. */
  readonly decodedTokens: number;
}

/** No work. */
export const nothing: Work = {
  models: 0,
  trainings: 0,
  steps: 0,
  trainedTokens: 0,
  trainedPairs: 0,
  calls: 0,
  promptTokens: 0,
  promptPairs: 0,
  decodingSteps: 0,
  decodedTokens: 0,
};

/** What is counted. */
export const workUnits = Object.keys(nothing) as readonly (keyof Work)[];

/** The sum of amounts. */
export function totalWork(amounts: readonly Partial<Work>[]): Work {
  const sum = (unit: keyof Work) => amounts.reduce((total, amount) => total + (amount[unit] ?? 0), 0);
  return Object.fromEntries(workUnits.map((unit) => [unit, sum(unit)])) as unknown as Work;
}

/** An amount, so many times. */
export function timesWork(amount: Partial<Work>, times: number): Work {
  const entries = workUnits.map((unit) => [unit, times * (amount[unit] ?? 0)]);
  return Object.fromEntries(entries) as unknown as Work;
}

/** Work of an optimizer step, or of a pass over rows, of `sequences` sequences of `length` tokens. */
export function trainingWork(sequences: number, length: number): Pick<Work, "trainedTokens" | "trainedPairs"> {
  return { trainedTokens: sequences * length, trainedPairs: sequences * length * length };
}

/**
 * Work of a call that answers `rows` prompts, which have `shared` tokens in common and `own` of their own.
 *
 * @param answer Tokens that are generated for each.
 * @param batchSize Prompts decoded together.
 */
export function answeringWork(rows: number, shared: number, own: number, answer: number, batchSize: number): Work {
  // Rows that are finished leave every eighth step.
  const steps = 8 * Math.ceil(Math.max(0, answer - 1) / 8);
  return {
    ...nothing,
    calls: 1,
    promptTokens: shared + rows * own,
    promptPairs: shared * shared + rows * own * (2 * shared + own),
    decodingSteps: Math.ceil(rows / batchSize) * steps,
    decodedTokens: rows * steps,
  };
}

/** Mean lengths of a list of rows, in tokens. */
interface Lengths {
  readonly prompt: number;
  readonly output: number;
  readonly longestOutput: number;
}

/** Counts the work of cells, and keeps what it has counted. */
export interface Counter {
  /** Work of some cells; a model that several of them evaluate is trained once, and so is a first stage that several trainings begin with. */
  workOf(specs: readonly CellSpec[]): Promise<Work>;
}

/** What work is counted with. */
export interface CounterOptions {
  readonly data: Data;
  readonly tokenizer: TextTokenizer;
  /** Longest context of the model. */
  readonly maxPositions: number;
  /** Prompts decoded together. */
  readonly batchSize: number;
}

/** Rows of a set that lengths are taken from. */
const looked = 24;

/**
 * Share of a step that is left where few weights learn: forward and the inputs' gradients are all there. Prompts need no gradient of a weight,
 * values, or an adapter on queries and values, that of the one product which gives queries, keys and values.
 */
function shareOf({ learns }: Stage, { method }: CellSpec): number {
  const { adapter } = methodOf(method).describe(method);
  if (learns.includes("model") || (learns.includes("adapter") && adapter?.targets === "all")) return 1;
  return learns.every((one) => one === "prompts") ? 2 / 3 : 4 / 5;
}

/** Opens a counter. */
export function openCounter({ data, tokenizer, maxPositions, batchSize }: CounterOptions): Counter {
  const count = (text: string) => tokenizer.encode(text).length;
  const known = new Map<string, Promise<Lengths>>();

  function lengths(task: Task, format: PromptFormat, sha256: string, read: () => Promise<readonly DatasetRow[]>) {
    const key = `${task.name} ${format} ${sha256}`;
    const found = known.get(key) ?? read().then((rows) => lengthsOf(rows, task, format));
    known.set(key, found);
    return found;
  }

  function lengthsOf(rows: readonly DatasetRow[], task: Task, format: PromptFormat): Lengths {
    const some = rows.slice(0, looked);
    const outputs = some.map(({ output }) => count(output));
    return {
      prompt: mean(some.map((row) => count(renderPrompt(task, format, row)))),
      output: mean(outputs),
      longestOutput: Math.max(0, ...outputs),
    };
  }

  /** Tokens of the demonstrations before a prompt, with the blank line after each. */
  async function shownTokens(task: Task, set: string, format: PromptFormat, shots: number): Promise<number> {
    if (shots === 0) return 0;
    const { rows, sha256 } = await data.demonstrations(task, set, shots);
    const { prompt, output } = await lengths(task, format, sha256, () => Promise.resolve(rows));
    return shots * (prompt + output + count("\n\n"));
  }

  async function evaluationWork(spec: EvaluationSpec): Promise<Work> {
    const task = findTask(spec.task);
    const read = async () => (await evaluationRows(data, task, spec)).rows;
    const { prompt, longestOutput } = await lengths(task, spec.format, spec.rowsSha256, read);
    const shown = await shownTokens(task, spec.set, spec.format, spec.shots);
    const room = maxPositions - spec.maxNewTokens;
    // A prompt that does not fit loses its beginning, and has nothing in common with the others any more.
    const [shared, own] = 1 + shown + prompt > room ? [0, room] : shown === 0 ? [0, 1 + prompt] : [1 + shown, prompt];
    return answeringWork(spec.rows, shared, own, Math.min(spec.maxNewTokens, longestOutput + 1), batchSize);
  }

  /** Of each run of the trainer, in order: prompts of several tasks learn one by one, everything else together. */
  function trainRuns(spec: CellSpec, first: TrainSpec): Promise<Work[]> {
    const { stages } = methodOf(spec.method).describe(spec.method);
    const trained = first.also === undefined ? [first] : [first, first.also];
    return Promise.all(stages.flatMap((stage, i) => {
      const stopAfter = i === stages.length - 1 ? spec.stopAfter : undefined;
      const apart = stage.learns.every((one) => one === "prompts");
      return (apart ? trained.map((one) => [one]) : [trained]).map((some) => runWork(spec, stage, some, stopAfter));
    }));
  }

  async function runWork(
    spec: CellSpec,
    stage: Stage,
    trained: readonly TrainSpec[],
    stopAfter: number | undefined,
  ): Promise<Work> {
    const { demonstrations, prompt: soft } = methodOf(spec.method).describe(spec.method);
    const { hyper } = stage;
    const passes = await Promise.all(trained.map(async (one) => {
      const task = findTask(one.task);
      const { rows, sha256 } = await data.train(task, one.set, one.size);
      const { prompt, output } = await lengths(task, one.format, sha256, () => Promise.resolve(rows));
      const shown = demonstrations.sampled
        ? demonstrations.count * (prompt + output)
        : await shownTokens(task, one.set, one.format, demonstrations.count);
      const length = Math.min(hyper.maxLength, 2 + shown + prompt + output) + (soft?.length ?? 0);
      return trainingWork(rows.length, length);
    }));
    const rows = trained.reduce((sum, { size }) => sum + size, 0);
    const whole = hyper.epochs * Math.ceil(rows / hyper.batchSize);
    const steps = stopAfter ?? whole;
    const learning = totalWork([{ steps }, timesWork(totalWork(passes), hyper.epochs * steps / whole)]);
    const selects = hyper.selectEvery !== undefined && stopAfter === undefined;
    const scored = selects ? await Promise.all(trained.map(({ validation }) => evaluationWork(validation!))) : [];
    return totalWork([
      { trainings: 1 },
      timesWork(learning, shareOf(stage, spec)),
      timesWork(totalWork(scored), selects ? Math.ceil(steps / hyper.selectEvery!) : 0),
    ]);
  }

  /** Of some trainings: a first stage that several of them begin with is counted once. */
  async function trainingsWork(trainings: readonly CellSpec[]): Promise<Work> {
    const known = new Set<string>();
    const parts: Work[] = [];
    for (const spec of trainings) {
      const runs = await trainRuns(spec, spec.train!);
      const id = firstStageId(spec);
      parts.push(...runs.slice(id !== null && known.has(id) ? 1 : 0));
      if (id !== null) known.add(id);
    }
    return totalWork(parts);
  }

  /** Of the model's gradient on two lists of answers, or of the model and its base along one. */
  async function probeWork(spec: ProbeSpec): Promise<Work> {
    const task = findTask(spec.task);
    const read = async () => (await probeRows(data, task, spec)).rows;
    const { prompt, output } = await lengths(task, spec.format, spec.rowsSha256, read);
    const shown = await shownTokens(task, spec.set, spec.format, spec.shots);
    const length = Math.min(maxPositions, 2 + shown + prompt + output);
    return spec.probe === "gradient_alignment"
      ? totalWork([{ trainings: 1, ...trainingWork(2 * spec.rows, length) }])
      : totalWork([{ models: 1 }, timesWork(answeringWork(spec.rows, 0, length, 0, batchSize), 2)]);
  }

  async function answersWork({ evaluations, probes = [] }: CellSpec): Promise<Work> {
    return totalWork(await Promise.all([...evaluations.map(evaluationWork), ...probes.map(probeWork)]));
  }

  return {
    async workOf(specs) {
      const models = new Set(specs.map(trainingId)).size;
      const trainings = [...Map.groupBy(specs.filter(({ train }) => train !== null), lineageId).values()]
        .flatMap(trainedToTheirEnds);
      return totalWork([
        { models },
        await trainingsWork(trainings),
        ...await Promise.all(specs.map(answersWork)),
      ]);
    },
  };
}

/** Of trainings that differ in where they stop, those that run: one that goes on from stop to stop, and one that goes to the end. */
function trainedToTheirEnds(lineage: readonly CellSpec[]): CellSpec[] {
  const stopped = lineage.filter(({ stopAfter }) => stopAfter !== undefined);
  const whole = lineage.filter(({ stopAfter }) => stopAfter === undefined).slice(0, 1);
  return [...whole, ...stopped.toSorted((a, b) => b.stopAfter! - a.stopAfter!).slice(0, 1)];
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
