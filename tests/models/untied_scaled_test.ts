/**
 * An untied, grouped-query decoder with Llama-3 rope scaling against PyTorch: transformers 5.18 LlamaForCausalLM in f32, weights and tokens by
 * the formulas below, logits of the last position, the mean loss over all 47 predictions, and gradient norms.
 */
import { assert } from "@std/assert";
import { inverseFrequencies } from "../../kernels/rope/rope.ts";
import { type LlamaConfig, parameterShapes } from "../../models/config.ts";
import { fullLogits } from "../../models/inference.ts";
import { createLlama, releaseLlama } from "../../models/llama.ts";
import { createSession } from "../../training/session.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig } from "./random_llama.ts";

const config: LlamaConfig = {
  ...randomConfig,
  ropeTheta: 500000,
  ropeScaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 32 },
  tied: false,
};

const expected = {
  inverseFrequencies: [1, 0.004700753837823868, 0.00017677668074611574, 6.647869668086059e-6],
  lastLogits: [2.097492, 1.497581, -1.28136, 2.161454, 1.712383, -0.873073, 1.155236, 0.263683],
  absoluteSum: 3837.1834804727696,
  loss: 4.755497932434082,
  gradientNorms: {
    "model.embed_tokens.weight": 3.2656352519989014,
    "model.layers.1.self_attn.q_proj.weight": 1.4144625663757324,
    "model.layers.1.self_attn.k_proj.weight": 0.6577908992767334,
    "model.layers.1.self_attn.v_proj.weight": 1.4282238483428955,
    "model.layers.1.self_attn.o_proj.weight": 2.025301933288574,
    "model.layers.1.mlp.gate_proj.weight": 2.029125928878784,
    "model.layers.1.mlp.up_proj.weight": 2.6012299060821533,
    "model.layers.1.mlp.down_proj.weight": 0.6196187734603882,
    "model.layers.1.input_layernorm.weight": 0.5239166617393494,
    "model.layers.1.post_attention_layernorm.weight": 0.7761740684509277,
    "model.norm.weight": 0.5239275097846985,
    "lm_head.weight": 0.9380671381950378,
  },
};

/** Element i of tensor t: (7919 i + 104729 t mod 2003) / 2003 - 1/2, plus 1 for norms. */
const weights = new Map(
  parameterShapes(config).map(({ name, shape }, t) => {
    const size = shape.reduce((product: number, n) => product * n, 1);
    const offset = shape.length === 1 ? 0.5 : -0.5;
    return [name, Float32Array.from({ length: size }, (_, i) => (i * 7919 + t * 104729) % 2003 / 2003 + offset)];
  }),
);
const tokens = Array.from({ length: 48 }, (_, i) => (i * 37 + 11) % 50);

function close(actual: number, wanted: number, relative: number, what: string): void {
  assert(Math.abs(actual - wanted) <= relative * Math.abs(wanted), `${what}: ${actual}, PyTorch ${wanted}`);
}

gpuTest("an untied decoder with Llama-3 rope scaling agrees with PyTorch", async (gpu) => {
  inverseFrequencies(config.headSize, config.ropeTheta, config.ropeScaling)
    .forEach((value, i) => close(value, expected.inverseFrequencies[i], 1e-6, `inverse frequency ${i}`));
  const llama = await createLlama(gpu, config, (name) => weights.get(name)!, { operands: "f32" });
  const logits = await fullLogits(llama, tokens);
  const last = logits.subarray(47 * config.vocabSize);
  expected.lastLogits.forEach((value, i) => assert(Math.abs(last[i] - value) < 1e-4, `logit ${i}: ${last[i]}`));
  close(logits.reduce((sum, x) => sum + Math.abs(x), 0), expected.absoluteSum, 1e-6, "sum of absolute logits");
  const session = await createSession(llama, {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
    labelSmoothing: 0,
    longest: 48,
  });
  await session.step([{ tokens, targetWeights: tokens.slice(1).map(() => 1) }], 0);
  close((await session.history()).losses[0], expected.loss, 1e-6, "loss");
  const gradients = await session.gradients();
  for (const [name, norm] of Object.entries(expected.gradientNorms)) {
    close(Math.hypot(...gradients.get(name)!), norm, 1e-5, `gradient norm of ${name}`);
  }
  session.release();
  releaseLlama(llama);
});
