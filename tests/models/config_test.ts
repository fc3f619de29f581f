import { assertEquals, assertThrows } from "@std/assert";
import { configJson, parameterCount, parameterShapes, parseConfig } from "../../models/config.ts";
import { tinyConfig } from "./tiny_model.ts";

const parse = (changes: Record<string, unknown>) => parseConfig(tinyConfig(changes), "m/config.json");

const LLAMA3 = {
  rope_type: "llama3",
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const SCALING = { factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 };

/** As published with Llama-3.2-1B. */
const LLAMA_3_2_1B = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  head_dim: 64,
  hidden_act: "silu",
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: LLAMA3,
  rope_theta: 500000.0,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  transformers_version: "4.45.0.dev0",
  use_cache: true,
  vocab_size: 128256,
};

Deno.test("a published Llama 3.2 configuration is read", () => {
  assertEquals(parseConfig(LLAMA_3_2_1B, "config.json"), {
    vocabSize: 128256,
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 16,
    heads: 32,
    keyValueHeads: 8,
    headSize: 64,
    maxPositions: 131072,
    normEpsilon: 1e-5,
    ropeTheta: 500000,
    ropeScaling: SCALING,
    tied: true,
    bosId: 128000,
    eosIds: [128001, 128008, 128009],
    initializerRange: 0.02,
  });
});

Deno.test("a configuration of the first Llama, without the later fields, is read", () => {
  const config = parseConfig({
    architectures: ["LlamaForCausalLM"],
    bos_token_id: 1,
    eos_token_id: 2,
    hidden_act: "silu",
    hidden_size: 4096,
    intermediate_size: 11008,
    initializer_range: 0.02,
    max_sequence_length: 2048,
    max_position_embeddings: 2048,
    model_type: "llama",
    num_attention_heads: 32,
    num_hidden_layers: 32,
    pad_token_id: 0,
    rms_norm_eps: 1e-6,
    torch_dtype: "float16",
    transformers_version: "4.28.0.dev0",
    use_cache: true,
    vocab_size: 32000,
  }, "config.json");
  assertEquals([config.keyValueHeads, config.headSize, config.ropeTheta, config.ropeScaling, config.tied], [
    32,
    128,
    10000,
    null,
    false,
  ]);
});

Deno.test("rotary settings are read from the older and the newer fields alike", () => {
  const { rope_type: type, ...rest } = LLAMA3;
  for (
    const changes of [
      { rope_theta: 5e5, rope_scaling: LLAMA3 },
      { rope_theta: 5e5, rope_scaling: { type, ...rest } },
      { rope_theta: 5e5, rope_scaling: { type, ...LLAMA3 } },
      { rope_parameters: { ...LLAMA3, rope_theta: 5e5 } },
      { rope_theta: 5e5, rope_scaling: LLAMA3, rope_parameters: { ...LLAMA3, rope_theta: 5e5 } },
    ]
  ) {
    const { ropeTheta, ropeScaling } = parse(changes);
    assertEquals({ ropeTheta, ropeScaling }, { ropeTheta: 5e5, ropeScaling: SCALING });
  }
  assertEquals(parse({ rope_parameters: { rope_type: "default", rope_theta: 7 } }).ropeTheta, 7);
  assertEquals(parse({ rope_scaling: { type: "default" } }).ropeScaling, null);
});

Deno.test("what is written is read back as the same configuration", () => {
  for (
    const json of [tinyConfig(), tinyConfig({ eos_token_id: null, bos_token_id: null, head_dim: 12 }), LLAMA_3_2_1B]
  ) {
    const config = parseConfig(json, "config.json");
    assertEquals(parseConfig(JSON.parse(JSON.stringify(configJson(config))), "config.json"), config);
  }
});

Deno.test("parameters come in a fixed order with the shapes of the configuration", () => {
  const shapes = parameterShapes(parse({ head_dim: 12 }));
  const layer = (name: string) => `model.layers.0.${name}.weight`;
  assertEquals(shapes.map(({ name, shape }) => [name, ...shape]), [
    ["model.embed_tokens.weight", 8, 8],
    [layer("input_layernorm"), 8],
    [layer("self_attn.q_proj"), 24, 8],
    [layer("self_attn.k_proj"), 12, 8],
    [layer("self_attn.v_proj"), 12, 8],
    [layer("self_attn.o_proj"), 8, 24],
    [layer("post_attention_layernorm"), 8],
    [layer("mlp.gate_proj"), 12, 8],
    [layer("mlp.up_proj"), 12, 8],
    [layer("mlp.down_proj"), 8, 12],
    ["model.norm.weight", 8],
    ["lm_head.weight", 8, 8],
  ]);
  assertEquals(parameterShapes(parse({ tie_word_embeddings: true })).at(-1)!.name, "model.norm.weight");
});

const COUNT = "must be a whole number from 1";
const POSITIVE = "must be a number above 0";
const ID = "must be an id from 0 to 7 (vocab_size - 1), or null";
/** Changes to a good configuration, and the exact message after the path. */
const BAD: [Record<string, unknown>, string][] = [
  [{ model_type: "mistral" }, `: field model_type is "mistral"; must be "llama"`],
  [{ model_type: undefined }, `: field model_type is undefined; must be "llama"`],
  [{ architectures: ["LlamaModel"] }, `: field architectures is ["LlamaModel"]; must contain "LlamaForCausalLM"`],
  ...[
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
  ]
    .map((name): [Record<string, unknown>, string] => [{ [name]: undefined }, `: field ${name} is missing; ${COUNT}`]),
  [{ rms_norm_eps: undefined }, `: field rms_norm_eps is missing; ${POSITIVE}`],
  [{ bos_token_id: undefined }, ": field bos_token_id is missing; must be a token id or null"],
  [{ eos_token_id: undefined }, ": field eos_token_id is missing; must be a token id or null"],
  [{ hidden_size: "8" }, `: field hidden_size is "8"; ${COUNT}`],
  [{ num_hidden_layers: 0 }, `: field num_hidden_layers is 0; ${COUNT}`],
  [{ num_hidden_layers: 1.5 }, `: field num_hidden_layers is 1.5; ${COUNT}`],
  [{ rms_norm_eps: -1 }, `: field rms_norm_eps is -1; ${POSITIVE}`],
  [{ rope_theta: 0 }, `: field rope_theta is 0; ${POSITIVE}`],
  [
    { num_attention_heads: 4, hidden_size: 16, num_key_value_heads: 3 },
    ": field num_key_value_heads is 3; must divide num_attention_heads (4)",
  ],
  [
    { num_attention_heads: 3, num_key_value_heads: 1 },
    ": field num_attention_heads is 3; must divide hidden_size (8) where head_dim is not given",
  ],
  [
    { hidden_size: 6, head_dim: 4 },
    ": field hidden_size is 6; must be a multiple of 4 (kernels read four numbers at a time)",
  ],
  [
    { intermediate_size: 10 },
    ": field intermediate_size is 10; must be a multiple of 4 (kernels read four numbers at a time)",
  ],
  [{ head_dim: 6 }, ": field head_dim is 6; must be a multiple of 4 (kernels read four numbers at a time)"],
  [{ num_attention_heads: 4 }, ": field head_dim is 2; must be a multiple of 4 (kernels read four numbers at a time)"],
  [{ attention_bias: true }, ": field attention_bias is true; only false is supported"],
  [{ mlp_bias: true }, ": field mlp_bias is true; only false is supported"],
  [{ hidden_act: "gelu" }, `: field hidden_act is "gelu"; only "silu" is supported`],
  [{ attention_dropout: 0.1 }, ": field attention_dropout is 0.1; only 0 is supported"],
  [{ pretraining_tp: 2 }, ": field pretraining_tp is 2; only 1 is supported"],
  [{ quantization_config: { bits: 4 } }, `: field quantization_config is {"bits":4}; only null is supported`],
  [{ num_experts: 8 }, ": field num_experts is not known for a Llama model; remove it if it changes nothing"],
  [{ tie_word_embeddings: "no" }, `: field tie_word_embeddings is "no"; must be true or false`],
  [{ bos_token_id: 8 }, `: field bos_token_id is 8; ${ID}`],
  [{ eos_token_id: [2, -1] }, `: field eos_token_id is -1; ${ID}`],
  [{ bos_token_id: [1, 2] }, ": field bos_token_id is a list; must be one id or null"],
  [{ rope_scaling: 2 }, ": field rope_scaling must be null or an object"],
  [
    { rope_scaling: { type: "yarn", factor: 2 } },
    `: rope_scaling: field rope_type is "yarn"; valid are "default" and "llama3"`,
  ],
  [
    { rope_scaling: { ...LLAMA3, type: "linear" } },
    `: rope_scaling: fields type ("linear") and rope_type ("llama3") contradict each other`,
  ],
  [{ rope_parameters: { ...LLAMA3, factor: undefined } }, `: rope_parameters: field factor is missing; ${POSITIVE}`],
  [{ rope_scaling: { ...LLAMA3, factor: 0.5 } }, ": rope_scaling: field factor is 0.5; must be at least 1"],
  [
    { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } },
    ": rope_scaling: field high_freq_factor is 1; must be above low_freq_factor (1)",
  ],
  [
    { rope_scaling: { rope_type: "default", factor: 2 } },
    `: rope_scaling: field factor is not known for rope_type "default"; valid are type, rope_type, rope_theta`,
  ],
  [
    { rope_scaling: LLAMA3, rope_parameters: { ...LLAMA3, factor: 8 } },
    ": fields rope_scaling and rope_parameters contradict each other; give one",
  ],
  [
    { rope_theta: 1e4, rope_parameters: { rope_theta: 5e5 } },
    ": field rope_theta has the contradictory values 10000 and 500000",
  ],
];

Deno.test("a bad configuration gives one line that names the field and what is valid", () => {
  for (const [changes, message] of BAD) {
    const error = assertThrows(() => parse(changes), Error);
    assertEquals(error.message, `m/config.json${message}`);
  }
  assertEquals(
    assertThrows(() => parseConfig([], "m/config.json"), Error).message,
    "m/config.json: must be a JSON object",
  );
});

Deno.test("the embedded model has as many parameters as its card says, and a published one as many as its publisher says", async () => {
  const path = new URL("../../fixtures/model/config.json", import.meta.url);
  assertEquals(parameterCount(parseConfig(JSON.parse(await Deno.readTextFile(path)), "config.json")), 937_600);
  assertEquals(parameterCount(parseConfig(LLAMA_3_2_1B, "config.json")), 1_235_814_400);
});
