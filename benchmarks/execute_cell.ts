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
import { openData } from "./data.ts";
import { distanceResult } from "./distance.ts";
import { evaluate, unchanged } from "./evaluate.ts";
import { encodeExamples } from "./examples.ts";
import type { CellContext, CellExecutor, CellOutcome, ExecutorOptions } from "./executor.ts";
import { shortestF32 } from "./numbers.ts";
import type { CellSpec, TrainResult, TrainSpec, TrainStep } from "./types.ts";

/** Optimizer steps between training checkpoints. */
const CHECKPOINT_EVERY = 50;

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

  async function execute(spec: CellSpec, context: CellContext): Promise<CellOutcome> {
    if (checkpoint.hashes.weightsSha256 !== spec.model.weightsSha256) {
      throw new Error(`${options.modelDir}: the weights changed since the run was planned`);
    }
    // A device that failed in an earlier cell is of no use to this one.
    if (gpu.failure !== null) {
      closeGpu(gpu);
      gpu = await openTunedGpu();
    }
    const llama = await createLlama(gpu, checkpoint.config, (name) => checkpoint.tensor(name), {
      operands: spec.operands,
    });
    try {
      const trained = spec.train === null ? null : await trainCell(llama, spec, spec.train, context);
      const subject = { llama, tokenizer: checkpoint.tokenizer, batchSize: options.evaluationBatch };
      const evaluated = await evaluate(subject, spec.evaluations, data, context);
      return { train: trained?.result ?? null, trainSteps: trained?.steps ?? [], ...evaluated };
    } finally {
      releaseLlama(llama);
    }
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
      checkpoint: { directory: context.checkpointDir, every: CHECKPOINT_EVERY },
      onStep: ({ step, steps, loss }) => context.report({ stage: "train", step, steps, loss }),
      signal: context.signal,
      ...(options.microBatchTokens === undefined ? {} : { microBatchTokens: options.microBatchTokens }),
    });
    const result = await trainResult(llama, checkpoint, report, encoded.truncated, rows.length);
    return { result, steps: trainSteps(report) };
  }

  return {
    numericSignature: signature,
    adapter: gpu.adapter,
    execute,
    close: () => closeGpu(gpu),
  };
}

async function trainResult(
  llama: Llama,
  checkpoint: Checkpoint,
  { steps, tokens, targetTokens, losses }: TrainReport,
  truncated: number,
  examples: number,
): Promise<TrainResult> {
  const weights = await readWeights(llama);
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
    weightsSha256: await hashWeights(parameterShapes(checkpoint.config), (name) => weights.get(name)!),
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
