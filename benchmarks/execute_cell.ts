/**
 * The real executor: trains a cell's model on the GPU, measures how far its weights moved, evaluates it.
 * @module
 */
import { closeGpu, type Gpu, openGpu } from "../kernels/gpu/device.ts";
import { openUsersTuning } from "../kernels/gpu/tuner.ts";
import { selfcheck } from "../kernels/selfcheck.ts";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { parameterShapes } from "../models/config.ts";
import { createLlama, type Llama, releaseLlama } from "../models/llama.ts";
import { findTask } from "../tasks/mod.ts";
import { attaches, methodOf } from "../training/methods/mod.ts";
import { trainingId } from "./cell.ts";
import { openData } from "./data.ts";
import { evaluate, type Place, type Subject } from "./evaluate.ts";
import type { CellContext, CellExecutor, CellOutcome, ExecutorOptions } from "./executor.ts";
import { alwaysOn, attachedShapes, type HeldModel, holdModel } from "./held_model.ts";
import { runProbes } from "./probes.ts";
import { trainCell, trainSpecs } from "./train_cell.ts";
import {
  keepTraining,
  readAttached,
  readTrainedWeights,
  readTraining,
  type Training,
  type Weights,
} from "./trained_model.ts";
import type { CellSpec } from "./types.ts";

/** The model on the GPU, by the identity of what was trained. */
interface Held {
  readonly id: string;
  readonly model: HeldModel;
  readonly training: Training | null;
}

/**
 * Number of the trained task whose prompt or adapter is on the model for an evaluation or a probe, which is of that task's own training set, or
 * of its training or validation rows, which may be of a set that stands in for it.
 */
export function attachedTask({ method, train }: CellSpec, { task, set, relation, shots }: Place): number | null {
  const trained = train === null ? [] : trainSpecs(train);
  const own = relation === "validation" || relation === "training" || findTask(task).sets.train === set;
  const number = trained.findIndex((one) => one.task === task && own);
  return attaches(methodOf(method).describe(method), number !== -1, shots) ? Math.max(0, number) : null;
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
  const data = openData(options.dataDir, options.inputWords);
  const { signature } = await selfcheck(gpu);
  const shapes = parameterShapes(checkpoint.config);
  let held: Held | null = null;
  /** The base model beside a tuned one, where a probe compares the two. */
  let untuned: Llama | null = null;
  /** Why a model could not be trained: the same again for the next cell that wants it. */
  const failures = new Map<string, Error>();

  async function execute(spec: CellSpec, context: CellContext): Promise<CellOutcome> {
    if (checkpoint.hashes.weightsSha256 !== spec.model.weightsSha256) {
      throw new Error(`${options.modelDir}: the weights changed since the run was planned`);
    }
    const { model, training } = await modelOf(spec, context);
    const subject: Subject = {
      ...model,
      tokenizer: checkpoint.tokenizer,
      batchSize: options.evaluationBatch,
      attached: (evaluation) => attachedTask(spec, evaluation),
    };
    const evaluated = await evaluate(subject, spec.evaluations, data, context);
    const { probes } = spec;
    const measured = probes && await runProbes(subject, probes, { ...options, data, seed: spec.seed, base }, context);
    return {
      train: training?.result ?? null,
      trainSteps: training?.steps ?? [],
      ...evaluated,
      ...(measured === undefined ? {} : { probes: measured }),
    };

    async function base(): Promise<Llama> {
      if (spec.train === null) return (await model.model(null)).llama;
      return untuned ??= await createLlama(gpu, checkpoint.config, (name) => checkpoint.tensor(name), {
        operands: spec.operands,
      });
    }
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
    const build = (tensor: Weights["tensor"]) =>
      createLlama(gpu, checkpoint.config, tensor, { operands: spec.operands });
    const description = methodOf(spec.method).describe(spec.method);
    const { train } = spec;
    const training = train === null ? null : readTraining(context.modelFolder, signature);
    if (train === null || training === null) {
      const llama = await build((name) => checkpoint.tensor(name));
      if (train === null) return held = { id, model: holdModel(llama, description, null, build), training };
      try {
        const made = await trainCell(
          llama,
          spec,
          train,
          { checkpoint, data, options, numericSignature: signature },
          context,
        );
        keepTraining(context.modelFolder, made.training, signature, made.weights, made.attached);
        const trained = alwaysOn(description) ? await rebuilt(llama, () => build(made.weights.tensor)) : llama;
        const model = holdModel(trained, description, made.attached, build);
        return held = { id, model, training: made.training };
      } catch (error) {
        releaseLlama(llama);
        if (error instanceof Error && !context.signal.aborted && gpu.failure === null) failures.set(id, error);
        throw error;
      }
    }
    const llama = await build(await readTrainedWeights(context.modelFolder, shapes, training));
    const parts = attachedShapes(description, checkpoint.config, trainSpecs(train).length);
    const attached = parts.length === 0
      ? null
      : { shapes: parts, tensor: await readAttached(context.modelFolder, parts, training) };
    return held = { id, model: holdModel(llama, description, attached, build), training };
  }

  /** The adapter was taken off with the rest of training, and is put on for good. */
  async function rebuilt(llama: Llama, build: () => Promise<Llama>): Promise<Llama> {
    const trained = await build();
    releaseLlama(llama);
    return trained;
  }

  function release(): void {
    held?.model.release();
    held = null;
    if (untuned !== null) releaseLlama(untuned);
    untuned = null;
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
