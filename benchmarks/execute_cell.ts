/**
 * The real executor: trains a cell's model on the GPU, measures how far its weights moved, evaluates it.
 * @module
 */
import { closeGpu, type Gpu, openGpu } from "../kernels/gpu/device.ts";
import { openUsersTuning } from "../kernels/gpu/tuner.ts";
import { selfcheck } from "../kernels/selfcheck.ts";
import { type Checkpoint, hashWeights, loadCheckpoint } from "../models/checkpoint.ts";
import { parameterShapes } from "../models/config.ts";
import { createLlama, type Llama, readWeights, releaseLlama } from "../models/llama.ts";
import { findTask } from "../tasks/mod.ts";
import { methodOf } from "../training/methods/mod.ts";
import { train, type TrainReport } from "../training/trainer.ts";
import { weightDistances } from "../training/weight_distances.ts";
import { trainingId } from "./cell.ts";
import { openData } from "./data.ts";
import { distanceResult } from "./distance.ts";
import { evaluate, unchanged } from "./evaluate.ts";
import { encodeExamples } from "./examples.ts";
import type { CellContext, CellExecutor, CellOutcome, ExecutorOptions } from "./executor.ts";
import { shortestF32 } from "./numbers.ts";
import { checkpointFolder, keepTraining, readTrainedWeights, readTraining, type Training } from "./trained_model.ts";
import type { CellSpec, TrainResult, TrainSpec, TrainStep } from "./types.ts";

/** Optimizer steps between training checkpoints. */
const CHECKPOINT_EVERY = 50;

/** The model on the GPU, by the identity of what was trained. */
interface Held {
  readonly id: string;
  readonly llama: Llama;
  readonly training: Training | null;
}

async function openTunedGpu(): Promise<Gpu> {
  const gpu = await openGpu();
  await openUsersTuning(gpu);
  return gpu;
}

/**
 * Opens the GPU, the model and the data.
 *
 * @throws NoAdapterError where there is no GPU adapter.
 */
export async function openExecutor(options: ExecutorOptions): Promise<CellExecutor> {
  let gpu = await openTunedGpu();
  const checkpoint = await loadCheckpoint(options.modelDir);
  const data = openData(options.dataDir);
  const { signature } = await selfcheck(gpu);
  const shapes = parameterShapes(checkpoint.config);
  let held: Held | null = null;
  /** Why a model could not be trained: the same again for the next cell that wants it. */
  const failures = new Map<string, Error>();

  async function execute(spec: CellSpec, context: CellContext): Promise<CellOutcome> {
    if (checkpoint.hashes.weightsSha256 !== spec.model.weightsSha256) {
      throw new Error(`${options.modelDir}: the weights changed since the run was planned`);
    }
    const { llama, training } = await modelOf(spec, context);
    const subject = { llama, tokenizer: checkpoint.tokenizer, batchSize: options.evaluationBatch };
    const evaluated = await evaluate(subject, spec.evaluations, data, context);
    return { train: training?.result ?? null, trainSteps: training?.steps ?? [], ...evaluated };
  }

  /** The model that a cell evaluates: still on the GPU from the cell before, kept in the run folder, or trained now. */
  async function modelOf(spec: CellSpec, context: CellContext): Promise<Held> {
    // A device that failed in an earlier cell is of no use to this one.
    if (gpu.failure !== null) {
      release();
      closeGpu(gpu);
      gpu = await openTunedGpu();
    }
    const id = trainingId(spec);
    if (held?.id === id) return held;
    release();
    const failure = failures.get(id);
    if (failure !== undefined) throw failure;
    const training = spec.train === null ? null : readTraining(context.modelFolder, signature);
    const tensor = training === null
      ? (name: string) => checkpoint.tensor(name)
      : await readTrainedWeights(context.modelFolder, shapes, training);
    const llama = await createLlama(gpu, checkpoint.config, tensor, { operands: spec.operands });
    if (spec.train === null || training !== null) return held = { id, llama, training };
    try {
      return held = { id, llama, training: await trainCell(llama, spec, spec.train, context) };
    } catch (error) {
      releaseLlama(llama);
      if (error instanceof Error && !context.signal.aborted && gpu.failure === null) failures.set(id, error);
      throw error;
    }
  }

  function release(): void {
    if (held !== null) releaseLlama(held.llama);
    held = null;
  }

  async function trainCell(llama: Llama, spec: CellSpec, from: TrainSpec, context: CellContext) {
    const task = findTask(from.task);
    const method = methodOf(spec.method);
    const hyper = method.training(spec.method);
    if (hyper === null) throw new Error(`method ${method.name} trains nothing, but the cell has training rows`);
    const shown = method.demonstrations(spec.method);
    const where = `${from.task}/${from.set}`;
    const rows = unchanged(await data.train(task, from.set, from.size), from.rowsSha256, `${where}: training rows`);
    const demonstrations = unchanged(
      await data.demonstrations(task, from.set, shown),
      from.demonstrationsSha256,
      `${where}: demonstrations`,
    );
    const { tokenizer } = checkpoint;
    const encoded = encodeExamples(tokenizer, task, from.format, demonstrations, rows, hyper.maxLength);
    const report = await train(llama, encoded.examples, hyper, {
      seed: spec.seed,
      checkpoint: { directory: checkpointFolder(context.modelFolder), every: CHECKPOINT_EVERY },
      onStep: ({ step, steps, loss }) => context.report({ stage: "train", step, steps, loss }),
      signal: context.signal,
      ...(options.microBatchTokens === undefined ? {} : { microBatchTokens: options.microBatchTokens }),
    });
    const weights = await readWeights(llama);
    const tensor = (name: string) => weights.get(name)!;
    const totals = { truncated: encoded.truncated, examples: rows.length };
    const result = await trainResult(llama, checkpoint, report, tensor, totals);
    const training = { result, steps: trainSteps(report) };
    keepTraining(context.modelFolder, training, signature, { shapes, tensor });
    return training;
  }

  return {
    numericSignature: signature,
    adapter: gpu.adapter,
    execute,
    close: () => {
      release();
      closeGpu(gpu);
    },
  };
}

async function trainResult(
  llama: Llama,
  checkpoint: Checkpoint,
  { steps, tokens, targetTokens, losses }: TrainReport,
  tensor: (name: string) => Float32Array,
  { truncated, examples }: Pick<TrainResult, "truncated" | "examples">,
): Promise<TrainResult> {
  const lastFifth = losses.subarray(losses.length - Math.ceil(losses.length / 5));
  return {
    steps,
    examples,
    tokens,
    targetTokens,
    truncated,
    firstLoss: shortestF32(losses[0]),
    finalLoss: shortestF32(losses[losses.length - 1]),
    lastFifthLoss: shortestF32(lastFifth.reduce((sum, loss) => sum + loss, 0) / lastFifth.length),
    weightsSha256: await hashWeights(parameterShapes(checkpoint.config), tensor),
    weightDistance: distanceResult(await weightDistances(llama, (name) => checkpoint.tensor(name))),
  };
}

function trainSteps({ losses, gradientNorms, learningRates, stepTokens }: TrainReport): TrainStep[] {
  return Array.from(losses, (loss, i) => ({
    step: i + 1,
    loss: shortestF32(loss),
    gradientNorm: shortestF32(gradientNorms[i]),
    learningRate: shortestF32(learningRates[i]),
    tokens: stepTokens[i],
  }));
}
