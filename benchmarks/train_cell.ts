/**
 * Trains a cell's model as its method says, and tells what that left.
 * @module
 */
import { type Checkpoint, hashWeights } from "../models/checkpoint.ts";
import { parameterShapes } from "../models/config.ts";
import { type Llama, readWeights } from "../models/llama.ts";
import { findTask } from "../tasks/mod.ts";
import { sampledDemonstrations } from "../training/demonstrations.ts";
import { type MethodDescription, methodOf } from "../training/methods/mod.ts";
import { type AttachedModel, type MethodExample, type TrainedModel, trainMethod } from "../training/stages.ts";
import { weightDistances } from "../training/weight_distances.ts";
import type { Data } from "./data.ts";
import { distanceResult } from "./distance.ts";
import { evaluate, type Subject, unchanged } from "./evaluate.ts";
import { encodeExamples } from "./examples.ts";
import type { CellContext, ExecutorOptions } from "./executor.ts";
import { alwaysOn, attachedShapes } from "./held_model.ts";
import { shortestF32 } from "./numbers.ts";
import { checkpointFolder, firstStageFolder, stoppedFolder, type Training, type Weights } from "./trained_model.ts";
import type { CellSpec, TrainResult, TrainSpec, TrainStep } from "./types.ts";

/** Optimizer steps between training checkpoints. */
const CHECKPOINT_EVERY = 50;

/** What a cell is trained with. */
export interface Workshop {
  /** The base model, which the weights are measured against. */
  readonly checkpoint: Checkpoint;
  /** The data folder. */
  readonly data: Data;
  /** How the cell is run. */
  readonly options: ExecutorOptions;
  /** Self-check of the adapter. */
  readonly numericSignature: string;
}

/** What training leaves. */
export interface TrainedCell {
  readonly training: Training;
  /** The weights, with an adapter that is never taken off. */
  readonly weights: Weights;
  /** What can be put on the model; null where there is nothing. */
  readonly attached: Weights | null;
}

/** The rows that a cell trains on: of its task, and of the other one where there is one. Their position is the number of the task. */
export function trainSpecs(from: TrainSpec): readonly TrainSpec[] {
  return from.also === undefined ? [from] : [from, from.also];
}

/** Trains `llama` in place. Prompt and adapter are off it afterwards. */
export async function trainCell(
  llama: Llama,
  spec: CellSpec,
  from: TrainSpec,
  workshop: Workshop,
  context: CellContext,
): Promise<TrainedCell> {
  const { checkpoint, data, options } = workshop;
  const description = methodOf(spec.method).describe(spec.method);
  if (description.stages.length === 0) {
    throw new Error(`method ${spec.method.name} trains nothing, but the cell has training rows`);
  }
  const trained = trainSpecs(from);
  const examples: MethodExample[] = [];
  let truncated = 0;
  for (const [task, train] of trained.entries()) {
    const encoded = await examplesOf(train, spec.seed, description, workshop);
    examples.push(...encoded.examples.map((example) => trained.length === 1 ? example : { ...example, task }));
    truncated += encoded.truncated;
  }
  const directory = spec.stopAfter === undefined
    ? checkpointFolder(context.modelFolder)
    : stoppedFolder(context.modelFolder, spec, workshop.numericSignature);
  const firstStage = firstStageFolder(context.modelFolder, spec, workshop.numericSignature);
  const model = await trainMethod(llama, examples, description, {
    seed: spec.seed,
    ...(spec.stopAfter === undefined ? {} : { stopAfter: spec.stopAfter }),
    checkpoint: { directory, every: CHECKPOINT_EVERY, ...(firstStage === null ? {} : { firstRun: firstStage }) },
    onStep: ({ step, steps, loss }) => context.report({ stage: "train", step, steps, loss }),
    signal: context.signal,
    ...(trained.every(({ validation }) => validation === undefined) ? {} : {
      validate: async ({ task }, attached) => {
        const chosen = task === null ? [...trained.keys()] : [task];
        const scores: number[] = [];
        for (const one of chosen) {
          scores.push(await validationScore(trained[one], attached(one), description, data, workshop, context));
        }
        return scores.reduce((sum, score) => sum + score, 0) / scores.length;
      },
    }),
    ...(options.microBatchTokens === undefined ? {} : { microBatchTokens: options.microBatchTokens }),
  });
  try {
    const shapes = parameterShapes(checkpoint.config);
    const weights = await weightsOf(llama, model, alwaysOn(description));
    const weightDistance = distanceResult(await weightDistances(llama, (name) => checkpoint.tensor(name)));
    const attached = await attachedOf(llama, model, description, trained.length);
    const result: TrainResult = {
      ...totals(model, examples.length, truncated),
      weightsSha256: await hashWeights(shapes, weights),
      ...(attached === null ? {} : { attachedSha256: await hashWeights(attached.shapes, attached.tensor) }),
      weightDistance,
    };
    return { training: { result, steps: trainSteps(model) }, weights: { shapes, tensor: weights }, attached };
  } finally {
    model.release();
  }
}

async function examplesOf(train: TrainSpec, seed: number, description: MethodDescription, workshop: Workshop) {
  const { checkpoint: { config, tokenizer }, data } = workshop;
  const { demonstrations: { count, sampled }, prompt, stages } = description;
  const task = findTask(train.task);
  const where = `${train.task}/${train.set}`;
  const rows = unchanged(await data.train(task, train.set, train.size), train.rowsSha256, `${where}: training rows`);
  const fixed = unchanged(
    await data.demonstrations(task, train.set, sampled ? 0 : count),
    train.demonstrationsSha256,
    `${where}: demonstrations`,
  );
  const shown = sampled
    ? (i: number) => sampledDemonstrations(seed, i, rows.length, count, i).map((at) => rows[at])
    : fixed;
  const most = Math.min(...stages.map(({ hyper }) => hyper.maxLength));
  const encode = (maxLength: number) => encodeExamples(tokenizer, task, train.format, shown, rows, maxLength);
  if (prompt === null) return encode(most);
  const room = config.maxPositions - prompt.length;
  const encoded = encode(Math.min(most, room));
  // What the demonstrations or the row itself cut is U's protocol; that a label is lost to the prompt is a mistake.
  if (task.kind === "classification" && room < most && encoded.truncated > encode(most).truncated) {
    throw new Error(
      `${where}: with a soft prompt of ${prompt.length} tokens ${encoded.truncated} of ${rows.length} labels no longer fit ` +
        `the model's context of ${config.maxPositions}; use a shorter prompt or fewer demonstrations`,
    );
  }
  return encoded;
}

/** The score by which the best step is kept: of free generation for labels, as P does, else the task's first metric. */
async function validationScore(
  { validation }: TrainSpec,
  attached: AttachedModel,
  { prompt }: MethodDescription,
  data: Data,
  { checkpoint: { config, tokenizer }, options }: Workshop,
  context: CellContext,
): Promise<number> {
  const subject: Subject = {
    config,
    tokenizer,
    batchSize: options.evaluationBatch,
    attached: () => 0,
    promptLength: prompt?.length ?? 0,
    model: () => Promise.resolve(attached),
  };
  const quiet = { ...context, report: () => {} };
  const { evaluations: [{ metrics }] } = await evaluate(subject, [validation!], data, quiet);
  return Number((metrics.find(({ name }) => name === "free_accuracy") ?? metrics[0]).value);
}

async function weightsOf(llama: Llama, model: TrainedModel, attached: boolean) {
  model.evaluated(attached);
  const weights = await readWeights(llama);
  return (name: string) => weights.get(name)!;
}

async function attachedOf(
  llama: Llama,
  model: TrainedModel,
  description: MethodDescription,
  tasks: number,
): Promise<Weights | null> {
  const shapes = attachedShapes(description, llama.config, tasks);
  if (shapes.length === 0) return null;
  const { prompts } = model;
  if (prompts === null) return { shapes, tensor: await weightsOf(llama, model, true) };
  return { shapes, tensor: (name) => prompts[Number(name.split(".")[1])] };
}

function totals(
  { reports }: TrainedModel,
  examples: number,
  truncated: number,
): Omit<TrainResult, "weightsSha256" | "weightDistance"> {
  const sum = (of: "steps" | "tokens" | "targetTokens") => reports.reduce((total, { report }) => total + report[of], 0);
  const losses = reports.flatMap(({ report }) => [...report.losses]);
  const lastFifth = losses.slice(losses.length - Math.ceil(losses.length / 5));
  const selections = reports.flatMap(({ report: { selection } }) => selection === null ? [] : [selection]);
  return {
    steps: sum("steps"),
    examples,
    tokens: sum("tokens"),
    targetTokens: sum("targetTokens"),
    truncated,
    firstLoss: shortestF32(losses[0]),
    finalLoss: shortestF32(losses[losses.length - 1]),
    lastFifthLoss: shortestF32(lastFifth.reduce((total, loss) => total + loss, 0) / lastFifth.length),
    ...(selections.length === 0 ? {} : {
      selections: selections.map(({ scores, best }) => ({
        scores: scores.map(({ step, score }) => ({ step, score: score.toFixed(4) })),
        best,
      })),
    }),
  };
}

function trainSteps({ reports }: TrainedModel): TrainStep[] {
  const steps = reports.flatMap(({ report: { losses, gradientNorms, learningRates, stepTokens } }) =>
    Array.from(losses, (loss, i) => ({
      loss: shortestF32(loss),
      gradientNorm: shortestF32(gradientNorms[i]),
      learningRate: shortestF32(learningRates[i]),
      tokens: stepTokens[i],
    }))
  );
  return steps.map((step, i) => ({ step: i + 1, ...step }));
}
