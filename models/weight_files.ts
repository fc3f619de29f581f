/**
 * The tensors of a model folder, whether in one safetensors file or in the shards of an index, checked against the configuration.
 * @module
 */
import { type LlamaConfig, parameterShapes } from "./config.ts";
import { isJsonObject, readJsonObject } from "./json_file.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";

/** Name of a folder's only weight file. */
export const SINGLE = "model.safetensors";
/** Name of the index of a folder whose weights are in several files. */
export const INDEX = "model.safetensors.index.json";

/** For each tensor its file. */
export type WeightFiles = ReadonlyMap<string, SafetensorsFile>;

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Opens the shards that an index names; index and shards must name the same tensors. */
function openShards(directory: string): WeightFiles {
  const indexPath = `${directory}/${INDEX}`;
  const { weight_map: map } = readJsonObject(indexPath);
  if (!isJsonObject(map)) {
    throw new Error(`${indexPath}: field weight_map must be an object of tensor names and file names`);
  }
  const shards = new Map<string, SafetensorsFile>();
  const tensors = new Map<string, SafetensorsFile>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !/^[^/\\]+\.safetensors$/.test(shard)) {
      throw new Error(
        `${indexPath}: tensor ${name}: must name a .safetensors file in the same folder, not ${JSON.stringify(shard)}`,
      );
    }
    let file = shards.get(shard);
    if (file === undefined) {
      if (!exists(`${directory}/${shard}`)) throw new Error(`${indexPath}: tensor ${name}: there is no file ${shard}`);
      file = openSafetensors(`${directory}/${shard}`);
      shards.set(shard, file);
    }
    if (!file.tensors.has(name)) {
      throw new Error(`${indexPath}: tensor ${name}: is not in ${shard}, which the index names`);
    }
    tensors.set(name, file);
  }
  for (const [shard, file] of shards) {
    for (const name of file.tensors.keys()) {
      if (tensors.get(name) !== file) {
        throw new Error(`${directory}/${shard}: tensor ${name}: the index does not say it is in this file`);
      }
    }
  }
  return tensors;
}

/** Opens the weights of a folder: `model.safetensors`, else the shards of `model.safetensors.index.json`. */
export function openWeights(directory: string): WeightFiles {
  if (exists(`${directory}/${SINGLE}`)) {
    const file = openSafetensors(`${directory}/${SINGLE}`);
    return new Map(Array.from(file.tensors.keys(), (name) => [name, file]));
  }
  if (exists(`${directory}/${INDEX}`)) return openShards(directory);
  const hint = exists(`${directory}/pytorch_model.bin`) ? "; pytorch_model.bin must be converted to safetensors" : "";
  throw new Error(`${directory}: has neither ${SINGLE} nor ${INDEX}${hint}`);
}

/** The fields of `config.json` that a parameter's sizes come from. */
function fieldsOfShape(name: string): string {
  if (/norm\.weight$/.test(name)) return "hidden_size";
  if (/(embed_tokens|lm_head)\.weight$/.test(name)) return "vocab_size, hidden_size";
  if (/q_proj\.weight$/.test(name)) return "num_attention_heads * head_dim, hidden_size";
  if (/[kv]_proj\.weight$/.test(name)) return "num_key_value_heads * head_dim, hidden_size";
  if (/o_proj\.weight$/.test(name)) return "hidden_size, num_attention_heads * head_dim";
  if (/down_proj\.weight$/.test(name)) return "hidden_size, intermediate_size";
  return "intermediate_size, hidden_size";
}

/** Old checkpoints carry these tables, which follow from `rope_theta`. */
const isRotaryTable = (name: string): boolean => name.endsWith(".rotary_emb.inv_freq");

/** A tied model may carry its head once more, if it is the embedding. */
function checkTiedHead(files: WeightFiles): void {
  const head = files.get("lm_head.weight")!;
  const embedding = files.get("model.embed_tokens.weight")!;
  const a = head.read("lm_head.weight");
  const b = embedding.read("model.embed_tokens.weight");
  if (a.length !== b.length || a.some((value, i) => value !== b[i])) {
    throw new Error(
      `${head.path}: tensor lm_head.weight: differs from model.embed_tokens.weight; config.json has tie_word_embeddings true, so they must be equal`,
    );
  }
}

/**
 * Checks that the tensors are those of `config`, with its shapes, no fewer and no more. Throws a line that names the file, the tensor and the
 * fields of `config.json` that it contradicts.
 */
export function checkWeights(files: WeightFiles, config: LlamaConfig, directory: string): void {
  const shapes = new Map(parameterShapes(config).map(({ name, shape }) => [name, shape]));
  for (const [name, shape] of shapes) {
    const file = files.get(name);
    if (file === undefined) {
      const why = name === "lm_head.weight"
        ? "config.json has tie_word_embeddings false, so the head must be there"
        : `config.json has num_hidden_layers ${config.layers}, so it must be there`;
      throw new Error(`${directory}: tensor ${name} is missing; ${why}`);
    }
    const found = file.tensors.get(name)!.shape;
    if (String(found) !== String(shape)) {
      throw new Error(
        `${file.path}: tensor ${name} has shape [${found.join(", ")}]; config.json (${fieldsOfShape(name)}) asks for [${
          shape.join(", ")
        }]`,
      );
    }
  }
  for (const [name, file] of files) {
    if (shapes.has(name) || isRotaryTable(name)) continue;
    if (name === "lm_head.weight") checkTiedHead(files);
    else {
      throw new Error(
        `${file.path}: tensor ${name} is not part of the model that config.json describes (num_hidden_layers ${config.layers}, no biases)`,
      );
    }
  }
}
