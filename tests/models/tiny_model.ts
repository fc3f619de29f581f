/**
 * The smallest model folder that loads, for tests that damage one thing of it.
 * @module
 */
import { parameterShapes, parseConfig } from "../../models/config.ts";
import { writeSafetensors } from "../../models/safetensors.ts";

/** A value of JSON that tests change freely. */
export type Json = Record<string, unknown>;

/** `config.json` of one layer, untied, with the fields that have to be there. */
export function tinyConfig(changes: Json = {}): Json {
  const config: Json = {
    model_type: "llama",
    vocab_size: 8,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 16,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
    ...changes,
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** `tokenizer.json` of eight tokens: byte-level, so that a space is `Ġ`. */
export function tinyTokenizer(model: Json = {}, top: Json = {}): Json {
  const special = (id: number, content: string) => ({ id, content, special: true });
  return {
    added_tokens: [special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      unk_token: "<unk>",
      vocab: { "<unk>": 0, "<s>": 1, "</s>": 2, a: 3, b: 4, "Ġ": 5, ab: 6, "Ġab": 7 },
      merges: [["a", "b"], ["Ġ", "ab"]],
      ...model,
    },
    ...top,
  };
}

/** Tensors of a configuration: element `i` of tensor `t` is `(i % 13 - 6) / 8 + t`, which every float type holds exactly. */
export function tinyTensors(config: Json): Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }> {
  const shapes = parameterShapes(parseConfig(config, "config.json"));
  return new Map(shapes.map(({ name, shape }, t) => {
    const size = shape.reduce((product: number, n) => product * n, 1);
    return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => (i % 13 - 6) / 8 + t) }];
  }));
}

/** Writes a model folder and gives its path; `tensors` may have been changed after `tinyTensors(config)`. */
export function writeTinyModel(config: Json = tinyConfig(), tensors = tinyTensors(config)): string {
  const directory = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${directory}/config.json`, JSON.stringify(config));
  Deno.writeTextFileSync(`${directory}/tokenizer.json`, JSON.stringify(tinyTokenizer()));
  Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, JSON.stringify({ bos_token: "<s>", eos_token: "</s>" }));
  writeSafetensors(`${directory}/model.safetensors`, Array.from(tensors, ([name, tensor]) => ({ name, ...tensor })));
  return directory;
}
