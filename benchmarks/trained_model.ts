/**
 * Trained models of a run, `models/<training id>/`: `weights.safetensors`, `attached.safetensors` where prompts or an adapter can be taken
 * off the model, and `training.json`, written last, whose presence means that the model is there. Cells that evaluate the same model share it. The folder may be deleted: what is asked for later is then trained again.
 *
 * A training that stops before its end leaves its last state in `models/<lineage id>/stopped-<numeric signature>/`, and goes on from one of
 * an earlier step that it finds there: the first stages of a method are trained once, wherever the last one stops. A first stage that leaves
 * little, a prompt or an adapter, has its state in `models/<first stage's id>/first-stage-<numeric signature>/`, for all that begin with it.
 * @module
 */
import { hashWeights } from "../models/checkpoint.ts";
import type { ParameterShape } from "../models/config.ts";
import { openSafetensors, writeSafetensors } from "../models/safetensors.ts";
import { canonicalJson } from "./canonical_json.ts";
import { firstStageId, lineageId } from "./cell.ts";
import { makeFolder, readText, reasonOf, removeIfThere, StoreError, writeWhole } from "./store.ts";
import type { CellSpec, TrainResult, TrainStep } from "./types.ts";

/** What training left, besides the weights. */
export interface Training {
  /** Totals, losses, distances, the weights' hash. */
  readonly result: TrainResult;
  /** Every step. */
  readonly steps: readonly TrainStep[];
}

/** A trained model's weights, by Hugging Face name. */
export interface Weights {
  /** Names and shapes in the checkpoint's order. */
  readonly shapes: readonly ParameterShape[];
  /** A tensor's values. */
  tensor(name: string): Float32Array<ArrayBuffer>;
}

/** `training.json`. */
interface TrainingFile extends Training {
  readonly schema: "tunemark.training/1";
  /** Self-check of the adapter it was trained on: on another, the bits may differ. */
  readonly numericSignature: string;
}

/** Folder in which a model's training keeps its checkpoint; there only while it trains. */
export function checkpointFolder(modelFolder: string): string {
  return `${modelFolder}/checkpoint`;
}

/**
 * Folder in which a training that stops keeps its state, and which trainings share that differ only in where they stop, on adapters of the
 * same numeric signature.
 */
export function stoppedFolder(modelFolder: string, spec: CellSpec, numericSignature: string): string {
  return beside(modelFolder, lineageId(spec), `stopped-${numericSignature.slice(0, 16)}`);
}

/**
 * Folder of the state of a training's first stage, which trainings share that begin alike, on adapters of the same numeric signature; null
 * where the first stage is the training's own.
 */
export function firstStageFolder(modelFolder: string, spec: CellSpec, numericSignature: string): string | null {
  const id = firstStageId(spec);
  return id === null ? null : beside(modelFolder, id, `first-stage-${numericSignature.slice(0, 16)}`);
}

function beside(modelFolder: string, id: string, name: string): string {
  return `${modelFolder.slice(0, modelFolder.lastIndexOf("/"))}/${id}/${name}`;
}

/**
 * A model that was trained before on an adapter of the same numeric signature, or null.
 *
 * @throws {StoreError} Where `training.json` is there and is not one.
 */
export function readTraining(folder: string, numericSignature: string): Training | null {
  const path = `${folder}/training.json`;
  const text = readText(path);
  if (text === null) return null;
  let file: TrainingFile;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new StoreError(`${path} is not JSON: ${reasonOf(error)}; remove ${folder} to train again`);
  }
  if (file.schema !== "tunemark.training/1") {
    throw new StoreError(`${path}: schema is "${file.schema}", this version reads "tunemark.training/1"`);
  }
  return file.numericSignature === numericSignature ? { result: file.result, steps: file.steps } : null;
}

/**
 * The weights of a model that was trained before.
 *
 * @throws {StoreError} Where the file is not there, or is not the one that training wrote.
 */
export function readTrainedWeights(
  folder: string,
  shapes: readonly ParameterShape[],
  { result }: Training,
): Promise<(name: string) => Float32Array<ArrayBuffer>> {
  return readTensors(folder, "weights", shapes, result.weightsSha256);
}

/**
 * The soft prompts of a model that was trained before, or its weights with the adapter.
 *
 * @throws {StoreError} Where the file is not there, or is not the one that training wrote.
 */
export function readAttached(
  folder: string,
  shapes: readonly ParameterShape[],
  { result }: Training,
): Promise<(name: string) => Float32Array<ArrayBuffer>> {
  return readTensors(folder, "attached", shapes, result.attachedSha256 ?? "");
}

async function readTensors(folder: string, kind: string, shapes: readonly ParameterShape[], sha256: string) {
  const path = `${folder}/${kind}.safetensors`;
  const remedy = `remove ${folder} to train again`;
  try {
    const file = openSafetensors(path);
    const found = await hashWeights(shapes, (name) => file.read(name));
    if (found !== sha256) throw new Error(`${path}: are not the weights that training wrote`);
    return (name: string) => file.read(name);
  } catch (error) {
    throw new StoreError(`${reasonOf(error)}; ${remedy}`);
  }
}

/** Keeps a trained model, `training.json` last, and removes its checkpoint. */
export function keepTraining(
  folder: string,
  training: Training,
  numericSignature: string,
  weights: Weights,
  attached: Weights | null = null,
): void {
  makeFolder(folder);
  const tensors = ({ shapes, tensor }: Weights) =>
    shapes.map(({ name, shape }) => ({ name, shape, data: tensor(name) }));
  try {
    writeSafetensors(`${folder}/weights.safetensors`, tensors(weights));
    if (attached !== null) writeSafetensors(`${folder}/attached.safetensors`, tensors(attached));
  } catch (error) {
    throw new StoreError(reasonOf(error));
  }
  const file: TrainingFile = { schema: "tunemark.training/1", numericSignature, ...training };
  writeWhole(`${folder}/training.json`, canonicalJson(file, 2) + "\n");
  removeIfThere(checkpointFolder(folder));
}
