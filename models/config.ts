/**
 * `config.json` of the Llama family, as Hugging Face stores it: read strictly, written back, and what tensors follow from it.
 * A field that asks for something this decoder does not do is an error that names the field; nothing is ignored that could matter.
 * @module
 */
import { isJsonObject, type JsonObject } from "./json_file.ts";

/** Llama-3 frequency scaling (`rope_type` `llama3`). */
export interface RopeScaling {
  /** How far low frequencies are slowed down; from 1. */
  readonly factor: number;
  /** Wavelengths above `originalMaxPositions / lowFrequencyFactor` are slowed down in full. */
  readonly lowFrequencyFactor: number;
  /** Wavelengths below `originalMaxPositions / highFrequencyFactor` are left as they are. */
  readonly highFrequencyFactor: number;
  /** Context length before scaling, in tokens. */
  readonly originalMaxPositions: number;
}

/** The dimensions and constants of a Llama decoder. */
export interface LlamaConfig {
  /** Rows of the embedding: token ids are below it. */
  readonly vocabSize: number;
  /** Width of the residual stream; a multiple of 4. */
  readonly hiddenSize: number;
  /** Width inside the MLP; a multiple of 4. */
  readonly intermediateSize: number;
  /** Number of decoder layers. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads`. */
  readonly keyValueHeads: number;
  /** Width of one head, a multiple of 4; `heads * headSize` may differ from `hiddenSize`. */
  readonly headSize: number;
  /** Longest context in tokens. */
  readonly maxPositions: number;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** Null where frequencies are not scaled. */
  readonly ropeScaling: RopeScaling | null;
  /** Whether the head shares its matrix with the embedding. */
  readonly tied: boolean;
  /** Id that begins a text, or null. */
  readonly bosId: number | null;
  /** Ids that end a text; may be empty. */
  readonly eosIds: readonly number[];
  /** Standard deviation of the initial weights; used only where a model is made from nothing. */
  readonly initializerRange: number;
}

/** Name and shape of one parameter: `[rows, columns]` of a matrix, `[size]` of a norm. */
export interface ParameterShape {
  /** Such as `model.layers.0.mlp.up_proj.weight`. */
  readonly name: string;
  /** Row-major. */
  readonly shape: readonly [number, number] | readonly [number];
}

/** Fields that are accepted with the one value that this decoder implements, which is also what their absence means. */
const FIXED: Readonly<Record<string, string | number | boolean | null>> = {
  hidden_act: "silu",
  attention_bias: false,
  mlp_bias: false,
  attention_dropout: 0,
  pretraining_tp: 1,
  partial_rotary_factor: 1,
  rope_interleaved: false,
  sliding_window: null,
  quantization_config: null,
  is_encoder_decoder: false,
  add_cross_attention: false,
};

/**
 * Fields that do not change what the decoder computes: how the file came to be, how other programs run it (cache, element type to load
 * in, padding, sampling defaults of old versions), labels of classifiers.
 */
const IGNORED: ReadonlySet<string> = new Set([
  ..."_name_or_path transformers_version torch_dtype dtype use_cache pad_token_id unk_token_id sep_token_id".split(" "),
  ..."max_sequence_length model_max_length tokenizer_class is_llama_config is_decoder return_dict torchscript".split(
    " ",
  ),
  ..."output_attentions output_hidden_states output_scores return_dict_in_generate chunk_size_feed_forward".split(" "),
  ..."_attn_implementation_autoset _flash_attn_2_enabled transformers.js_config unsloth_fixed unsloth_version".split(
    " ",
  ),
  ..."id2label label2id problem_type task_specific_params finetuning_task prefix pruned_heads tf_legacy_loss".split(
    " ",
  ),
  ..."use_bfloat16 tie_encoder_decoder cross_attention_hidden_size decoder_start_token_id remove_invalid_values".split(
    " ",
  ),
  ..."max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature".split(
    " ",
  ),
  ..."top_k top_p typical_p repetition_penalty length_penalty no_repeat_ngram_size num_return_sequences".split(" "),
  ..."encoder_no_repeat_ngram_size bad_words_ids forced_bos_token_id forced_eos_token_id suppress_tokens".split(" "),
  ..."begin_suppress_tokens exponential_decay_length_penalty".split(" "),
]);

/** Fields that are read. */
const READ: ReadonlySet<string> = new Set(
  ("model_type architectures vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim " +
    "max_position_embeddings rms_norm_eps rope_theta rope_scaling rope_parameters tie_word_embeddings bos_token_id eos_token_id " +
    "initializer_range").split(" "),
);

const ROPE_DEFAULT_KEYS = ["type", "rope_type", "rope_theta"];
const ROPE_LLAMA3_KEYS = [
  ...ROPE_DEFAULT_KEYS,
  "factor",
  "low_freq_factor",
  "high_freq_factor",
  "original_max_position_embeddings",
];

/** Reads fields of one object; `where` goes before the name of the field in errors. */
interface Fields {
  /** A whole number from 1, or `absent` where the field is not there; without `absent` the field must be there. */
  count(name: string, absent?: number): number;
  /** A finite number above 0, with `absent` as above. */
  positive(name: string, absent?: number): number;
}

function fieldsOf(json: JsonObject, where: string): Fields {
  const number = (
    name: string,
    absent: number | undefined,
    valid: string,
    test: (value: number) => boolean,
  ): number => {
    const value = json[name] ?? absent;
    if (value === undefined) throw new Error(`${where}: field ${name} is missing; must be ${valid}`);
    if (typeof value !== "number" || !test(value)) {
      throw new Error(`${where}: field ${name} is ${JSON.stringify(value)}; must be ${valid}`);
    }
    return value;
  };
  return {
    count: (name, absent) => number(name, absent, "a whole number from 1", (v) => Number.isSafeInteger(v) && v >= 1),
    positive: (name, absent) => number(name, absent, "a number above 0", (v) => Number.isFinite(v) && v > 0),
  };
}

/** The kernels read rows four numbers at a time. */
function checkMultipleOf4(name: string, value: number, path: string): void {
  if (value % 4 !== 0) {
    throw new Error(
      `${path}: field ${name} is ${value}; must be a multiple of 4 (kernels read four numbers at a time)`,
    );
  }
}

function checkKnownFields(json: JsonObject, path: string): void {
  if (json.model_type !== "llama") {
    throw new Error(`${path}: field model_type is ${JSON.stringify(json.model_type)}; must be "llama"`);
  }
  const { architectures } = json;
  if (architectures != null && !(Array.isArray(architectures) && architectures.includes("LlamaForCausalLM"))) {
    throw new Error(
      `${path}: field architectures is ${JSON.stringify(architectures)}; must contain "LlamaForCausalLM"`,
    );
  }
  for (const [name, value] of Object.entries(json)) {
    if (name in FIXED) {
      if (value !== FIXED[name] && value !== null) {
        throw new Error(
          `${path}: field ${name} is ${JSON.stringify(value)}; only ${JSON.stringify(FIXED[name])} is supported`,
        );
      }
    } else if (!READ.has(name) && !IGNORED.has(name)) {
      throw new Error(`${path}: field ${name} is not known for a Llama model; remove it if it changes nothing`);
    }
  }
}

/** An id below `vocabSize`. */
function checkId(name: string, value: unknown, vocabSize: number, path: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) >= vocabSize) {
    throw new Error(
      `${path}: field ${name} is ${JSON.stringify(value)}; must be an id from 0 to ${
        vocabSize - 1
      } (vocab_size - 1), or null`,
    );
  }
  return value as number;
}

/** The ids of a field that may be null, one id, or a list of ids. */
function idsOf(json: JsonObject, name: string, vocabSize: number, path: string): number[] {
  const value = json[name];
  if (value === undefined) throw new Error(`${path}: field ${name} is missing; must be a token id or null`);
  if (value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((id) => checkId(name, id, vocabSize, path));
}

interface Rope {
  readonly theta: number | null;
  readonly scaling: RopeScaling | null;
}

/** One of the two objects that hold rotary settings: `rope_scaling` (older) or `rope_parameters` (newer, with `rope_theta` inside). */
function parseRopeObject(value: unknown, name: string, path: string): Rope | null {
  if (value === undefined || value === null) return null;
  const where = `${path}: ${name}`;
  if (!isJsonObject(value)) throw new Error(`${path}: field ${name} must be null or an object`);
  const type = value.rope_type ?? value.type ?? "default";
  if (value.type != null && value.type !== type) {
    throw new Error(
      `${where}: fields type (${JSON.stringify(value.type)}) and rope_type (${
        JSON.stringify(type)
      }) contradict each other`,
    );
  }
  if (type !== "default" && type !== "llama3") {
    throw new Error(`${where}: field rope_type is ${JSON.stringify(type)}; valid are "default" and "llama3"`);
  }
  const valid = type === "default" ? ROPE_DEFAULT_KEYS : ROPE_LLAMA3_KEYS;
  const unknown = Object.keys(value).find((key) => !valid.includes(key));
  if (unknown !== undefined) {
    throw new Error(
      `${where}: field ${unknown} is not known for rope_type ${JSON.stringify(type)}; valid are ${valid.join(", ")}`,
    );
  }
  const fields = fieldsOf(value, where);
  const theta = value.rope_theta == null ? null : fields.positive("rope_theta");
  if (type === "default") return { theta, scaling: null };
  const scaling: RopeScaling = {
    factor: fields.positive("factor"),
    lowFrequencyFactor: fields.positive("low_freq_factor"),
    highFrequencyFactor: fields.positive("high_freq_factor"),
    originalMaxPositions: fields.count("original_max_position_embeddings"),
  };
  if (scaling.factor < 1) throw new Error(`${where}: field factor is ${scaling.factor}; must be at least 1`);
  if (scaling.highFrequencyFactor <= scaling.lowFrequencyFactor) {
    throw new Error(
      `${where}: field high_freq_factor is ${scaling.highFrequencyFactor}; must be above low_freq_factor (${scaling.lowFrequencyFactor})`,
    );
  }
  return { theta, scaling };
}

/** Rotary settings from `rope_theta`, `rope_scaling` and `rope_parameters`, which must not contradict each other. */
function parseRope(json: JsonObject, path: string): { theta: number; scaling: RopeScaling | null } {
  const older = parseRopeObject(json.rope_scaling, "rope_scaling", path);
  const newer = parseRopeObject(json.rope_parameters, "rope_parameters", path);
  if (older !== null && newer !== null && JSON.stringify(older.scaling) !== JSON.stringify(newer.scaling)) {
    throw new Error(`${path}: fields rope_scaling and rope_parameters contradict each other; give one`);
  }
  const own = json.rope_theta == null ? null : fieldsOf(json, path).positive("rope_theta");
  const thetas = [own, older?.theta ?? null, newer?.theta ?? null].filter((theta) => theta !== null);
  if (new Set(thetas).size > 1) {
    throw new Error(`${path}: field rope_theta has the contradictory values ${thetas.join(" and ")}`);
  }
  // 10000 is what Llama 1 and 2 were trained with, whose files lack the field.
  return { theta: thetas[0] ?? 10000, scaling: (newer ?? older)?.scaling ?? null };
}

/**
 * Reads a `config.json`. `path` names it in errors.
 * Throws one line that names the field and what is valid where a field is missing, has a bad value, contradicts another, or is unknown.
 */
export function parseConfig(json: unknown, path: string): LlamaConfig {
  if (!isJsonObject(json)) throw new Error(`${path}: must be a JSON object`);
  checkKnownFields(json, path);
  const fields = fieldsOf(json, path);
  const vocabSize = fields.count("vocab_size");
  const hiddenSize = fields.count("hidden_size");
  const intermediateSize = fields.count("intermediate_size");
  const heads = fields.count("num_attention_heads");
  const keyValueHeads = fields.count("num_key_value_heads", heads);
  if (heads % keyValueHeads !== 0) {
    throw new Error(
      `${path}: field num_key_value_heads is ${keyValueHeads}; must divide num_attention_heads (${heads})`,
    );
  }
  if (json.head_dim == null && hiddenSize % heads !== 0) {
    throw new Error(
      `${path}: field num_attention_heads is ${heads}; must divide hidden_size (${hiddenSize}) where head_dim is not given`,
    );
  }
  const headSize = fields.count("head_dim", hiddenSize / heads);
  checkMultipleOf4("hidden_size", hiddenSize, path);
  checkMultipleOf4("intermediate_size", intermediateSize, path);
  checkMultipleOf4("head_dim", headSize, path);
  const tied = json.tie_word_embeddings ?? false;
  if (typeof tied !== "boolean") {
    throw new Error(`${path}: field tie_word_embeddings is ${JSON.stringify(tied)}; must be true or false`);
  }
  const bosIds = idsOf(json, "bos_token_id", vocabSize, path);
  if (bosIds.length > 1) throw new Error(`${path}: field bos_token_id is a list; must be one id or null`);
  const rope = parseRope(json, path);
  return {
    vocabSize,
    hiddenSize,
    intermediateSize,
    layers: fields.count("num_hidden_layers"),
    heads,
    keyValueHeads,
    headSize,
    maxPositions: fields.count("max_position_embeddings"),
    normEpsilon: fields.positive("rms_norm_eps"),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    tied,
    bosId: bosIds[0] ?? null,
    eosIds: idsOf(json, "eos_token_id", vocabSize, path),
    initializerRange: fields.positive("initializer_range", 0.02),
  };
}

/** The `config.json` of a configuration, in the form that every version of the transformers library reads. */
export function configJson(config: LlamaConfig): Record<string, unknown> {
  const { ropeScaling } = config;
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: config.bosId,
    eos_token_id: config.eosIds.length > 1 ? config.eosIds : config.eosIds[0] ?? null,
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    mlp_bias: false,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.keyValueHeads,
    rms_norm_eps: config.normEpsilon,
    rope_scaling: ropeScaling === null ? null : {
      rope_type: "llama3",
      factor: ropeScaling.factor,
      low_freq_factor: ropeScaling.lowFrequencyFactor,
      high_freq_factor: ropeScaling.highFrequencyFactor,
      original_max_position_embeddings: ropeScaling.originalMaxPositions,
    },
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tied,
    vocab_size: config.vocabSize,
  };
}

/**
 * Every parameter of the model by its Hugging Face name, in a fixed order: embedding, layers from the first (attention norm and matrices, then
 * MLP norm and matrices), last norm, and the head where it is not tied. Matrices are `[output, input]`.
 */
export function parameterShapes(config: LlamaConfig): ParameterShape[] {
  const { hiddenSize: hidden, intermediateSize: inner, vocabSize } = config;
  const queries = config.heads * config.headSize;
  const keys = config.keyValueHeads * config.headSize;
  const layer = (index: number): ParameterShape[] => {
    const parts: [string, ParameterShape["shape"]][] = [
      ["input_layernorm", [hidden]],
      ["self_attn.q_proj", [queries, hidden]],
      ["self_attn.k_proj", [keys, hidden]],
      ["self_attn.v_proj", [keys, hidden]],
      ["self_attn.o_proj", [hidden, queries]],
      ["post_attention_layernorm", [hidden]],
      ["mlp.gate_proj", [inner, hidden]],
      ["mlp.up_proj", [inner, hidden]],
      ["mlp.down_proj", [hidden, inner]],
    ];
    return parts.map(([name, shape]) => ({ name: `model.layers.${index}.${name}.weight`, shape }));
  };
  return [
    { name: "model.embed_tokens.weight", shape: [vocabSize, hidden] },
    ...Array.from({ length: config.layers }, (_, index) => layer(index)).flat(),
    { name: "model.norm.weight", shape: [hidden] },
    ...(config.tied ? [] : [{ name: "lm_head.weight", shape: [vocabSize, hidden] } as const]),
  ];
}

/** Parameters of the model. */
export function parameterCount(config: LlamaConfig): number {
  return parameterShapes(config).reduce((sum, { shape: [rows, columns = 1] }) => sum + rows * columns, 0);
}
