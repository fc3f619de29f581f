/**
 * Model folders as Hugging Face stores them: `config.json`, the weights in one safetensors file or in shards, `tokenizer.json` and, where
 * there is one, `tokenizer_config.json`.
 * @module
 */
import { createHash } from "node:crypto";
import { configJson, type LlamaConfig, type ParameterShape, parameterShapes, parseConfig } from "./config.ts";
import { writeAll, writeAtomically } from "./atomic_file.ts";
import type { FloatType } from "./half.ts";
import { modelName } from "./hub.ts";
import { type JsonObject, readJsonObject } from "./json_file.ts";
import { writeSafetensors } from "./safetensors.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";
import { checkWeights, INDEX, openWeights, SINGLE } from "./weight_files.ts";

export { resolveModel } from "./hub.ts";

/** What a model is, whatever its files' layout; equal hashes, equal model. */
export interface CheckpointHashes {
  /** See {@linkcode hashWeights}. */
  readonly weightsSha256: string;
  /** Of the configuration's meaning: fields that change nothing are not in it. */
  readonly configSha256: string;
  /** Of the tokenizer's meaning. */
  readonly tokenizerSha256: string;
}

/** A loaded model folder. Its weights stay on the disk until they are asked for. */
export interface Checkpoint {
  /** The folder. */
  readonly directory: string;
  /** The model's name: `ORG/NAME` where it lies in the Hugging Face cache, else the folder's name. */
  readonly name: string;
  /** Its `config.json`. */
  readonly config: LlamaConfig;
  /** Its tokenizer. */
  readonly tokenizer: TextTokenizer;
  /** One of {@linkcode parameterShapes}'s tensors, widened to f32, read now. */
  tensor(name: string): Float32Array<ArrayBuffer>;
  /** What it is. */
  readonly hashes: CheckpointHashes;
  /** After this, tensors can no longer be read. */
  close(): void;
}

/** What {@linkcode saveCheckpoint} writes. */
export interface CheckpointContent {
  /** Becomes `config.json`. */
  readonly config: LlamaConfig;
  /** Gives each of {@linkcode parameterShapes}'s tensors. */
  tensor(name: string): Float32Array;
  /** `tokenizer.json`: its text, or its value. */
  readonly tokenizerJson: string | JsonObject;
  /** `tokenizer_config.json`: its text, or its value. */
  readonly tokenizerConfigJson: string | JsonObject;
}

const TORCH_NAMES: Readonly<Record<FloatType, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/**
 * SHA-256 over, for each parameter in order, a line of JSON `["name",[shape]]` and its numbers as little-endian f32. It does not depend on
 * how the files are cut or ordered, and depends on the element type only as far as that changed the numbers.
 */
export async function hashWeights(
  shapes: readonly ParameterShape[],
  read: (name: string) => Float32Array | Promise<Float32Array>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const { name, shape } of shapes) {
    const values = await read(name);
    hash.update(`${JSON.stringify([name, shape])}\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

/** Index of the first NaN or infinity, or -1. */
function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    // The difference of a number with itself is 0 only where it is finite.
    if (values[i] - values[i] !== 0) return i;
  }
  return -1;
}

async function checkFolder(directory: string): Promise<void> {
  const info = await Deno.stat(directory).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new Error(`${directory}: cannot be read (${error.message})`);
  });
  if (info?.isDirectory) return;
  throw new Error(
    `${directory}: ${info === null ? "no such folder" : "not a folder"}; a model is a folder, or hf:ORG/NAME`,
  );
}

/** The contents of a JSON file that may be absent, which is like an empty one. */
async function optionalJson(path: string): Promise<JsonObject> {
  const info = await Deno.stat(path).catch(() => null);
  return info === null ? {} : readJsonObject(path);
}

/**
 * Loads a model folder: reads and checks the configuration, the tokenizer and every tensor's place and shape, and hashes the weights, which
 * reads each tensor once. Throws one line that names the file and the field or tensor where they are absent, damaged or contradictory, or
 * where a weight is not finite.
 */
export async function loadCheckpoint(directory: string): Promise<Checkpoint> {
  await checkFolder(directory);
  const configPath = `${directory}/config.json`;
  const config = parseConfig(readJsonObject(configPath), configPath);
  const tokenizerPath = `${directory}/tokenizer.json`;
  const tokenizerConfig = await optionalJson(`${directory}/tokenizer_config.json`);
  const tokenizer = createTokenizer(readJsonObject(tokenizerPath), tokenizerConfig, config, tokenizerPath);
  const files = openWeights(directory);
  checkWeights(files, config, directory);

  const shapes = parameterShapes(config);
  const names = new Set(shapes.map(({ name }) => name));
  let closed = false;
  const tensor = (name: string): Float32Array<ArrayBuffer> => {
    if (closed) throw new Error(`${directory}: is closed; tensor ${name} cannot be read`);
    if (!names.has(name)) throw new Error(`${directory}: the model has no tensor ${name}`);
    return files.get(name)!.read(name);
  };
  const finite = (name: string): Float32Array<ArrayBuffer> => {
    const values = tensor(name);
    const index = firstNonFinite(values);
    if (index >= 0) {
      throw new Error(`${files.get(name)!.path}: tensor ${name}: element ${index} is ${values[index]}; must be finite`);
    }
    return values;
  };
  return {
    directory,
    name: modelName(directory),
    config,
    tokenizer,
    tensor,
    hashes: {
      weightsSha256: await hashWeights(shapes, finite),
      configSha256: createHash("sha256").update(JSON.stringify(configJson(config))).digest("hex"),
      tokenizerSha256: tokenizer.sha256,
    },
    close: () => void (closed = true),
  };
}

/** Writes JSON: a text as it is, a value indented. */
function writeJson(path: string, content: string | JsonObject): void {
  const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
  writeAtomically(path, (file) => writeAll(file, new TextEncoder().encode(text)));
}

/**
 * Writes a model folder (made if it is not there) that {@linkcode loadCheckpoint} and the transformers library read. Each file appears whole
 * or not at all, and `config.json` last, so that a new folder that has one is complete. The bytes depend on the content only.
 */
export async function saveCheckpoint(
  directory: string,
  content: CheckpointContent,
  options: { readonly dtype: FloatType },
): Promise<void> {
  const { dtype } = options;
  await Deno.mkdir(directory, { recursive: true }).catch((error) => {
    throw new Error(`${directory}: the folder cannot be made (${error.message})`);
  });
  // An index left by an earlier checkpoint would name shards that no longer belong to this one.
  if ((await Deno.stat(`${directory}/${INDEX}`).catch(() => null)) !== null) await Deno.remove(`${directory}/${INDEX}`);
  const tensors = parameterShapes(content.config).map(({ name, shape }) => ({
    name,
    shape,
    dtype,
    data: () => content.tensor(name),
  }));
  writeSafetensors(`${directory}/${SINGLE}`, tensors, { format: "pt" });
  writeJson(`${directory}/tokenizer.json`, content.tokenizerJson);
  writeJson(`${directory}/tokenizer_config.json`, content.tokenizerConfigJson);
  writeJson(`${directory}/config.json`, { ...configJson(content.config), torch_dtype: TORCH_NAMES[dtype] });
}
