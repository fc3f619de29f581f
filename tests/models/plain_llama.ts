/**
 * The decoder once more, in plain f64 TypeScript that shares nothing with ours but the configuration: for tests of what is computed from
 * logits and losses of tiny models.
 */
import type { LlamaConfig } from "../../models/config.ts";

/** Weights by Hugging Face name, row-major. */
export type PlainWeights = ReadonlyMap<string, ArrayLike<number>>;

/** A sequence whose tokens from `targetStart` on are predicted. */
export interface PlainExample {
  readonly tokens: readonly number[];
  readonly targetStart: number;
}

function linear(weight: ArrayLike<number>, x: readonly number[]): number[] {
  return Array.from(
    { length: weight.length / x.length },
    (_, row) => x.reduce((sum, value, i) => sum + weight[row * x.length + i] * value, 0),
  );
}

function rmsNorm(weight: ArrayLike<number>, x: readonly number[], epsilon: number): number[] {
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + epsilon);
  return x.map((value, i) => value * scale * weight[i]);
}

function rotate(x: readonly number[], position: number, theta: number): number[] {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * theta ** (-2 * (i % half) / x.length);
    const partner = i < half ? -x[i + half] : x[i - half];
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

function softmax(x: readonly number[]): number[] {
  const most = Math.max(...x);
  const exponentials = x.map((value) => Math.exp(value - most));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

/** Distribution of the next token after each position [tokens][vocabulary]. */
export function plainDistributions(config: LlamaConfig, weights: PlainWeights, tokens: readonly number[]): number[][] {
  const { hiddenSize, layers, heads, keyValueHeads, headSize, normEpsilon, ropeTheta, tied } = config;
  const weight = (name: string) => weights.get(name)!;
  const embedding = weight("model.embed_tokens.weight");
  let x = tokens.map((token) => Array.from({ length: hiddenSize }, (_, i) => embedding[token * hiddenSize + i]));
  const add = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value + b[i]);
  for (let layer = 0; layer < layers; layer++) {
    const at = (name: string) => weight(`model.layers.${layer}.${name}.weight`);
    const normed = x.map((row) => rmsNorm(at("input_layernorm"), row, normEpsilon));
    const head = (name: string, h: number, turned: boolean) =>
      normed.map((row, position) => {
        const part = linear(at(name), row).slice(h * headSize, (h + 1) * headSize);
        return turned ? rotate(part, position, ropeTheta) : part;
      });
    const mixed = x.map((): number[] => []);
    for (let h = 0; h < heads; h++) {
      const shared = Math.floor(h / (heads / keyValueHeads));
      const [queries, keys, values] = [
        head("self_attn.q_proj", h, true),
        head("self_attn.k_proj", shared, true),
        head("self_attn.v_proj", shared, false),
      ];
      queries.forEach((query, t) => {
        const scores = keys.slice(0, t + 1).map((key) =>
          query.reduce((sum, value, i) => sum + value * key[i], 0) / Math.sqrt(headSize)
        );
        const shares = softmax(scores);
        mixed[t].push(...values[t].map((_, i) => shares.reduce((sum, share, s) => sum + share * values[s][i], 0)));
      });
    }
    x = x.map((row, t) => add(row, linear(at("self_attn.o_proj"), mixed[t])));
    x = x.map((row) => {
      const inner = rmsNorm(at("post_attention_layernorm"), row, normEpsilon);
      const up = linear(at("mlp.up_proj"), inner);
      const gated = linear(at("mlp.gate_proj"), inner).map((gate, i) => gate / (1 + Math.exp(-gate)) * up[i]);
      return add(row, linear(at("mlp.down_proj"), gated));
    });
  }
  const head = tied ? embedding : weight("lm_head.weight");
  return x.map((row) => softmax(linear(head, rmsNorm(weight("model.norm.weight"), row, normEpsilon))));
}

/** Mean cross-entropy per target token over all examples. */
export function plainLoss(config: LlamaConfig, weights: PlainWeights, examples: readonly PlainExample[]): number {
  const losses = examples.flatMap(({ tokens, targetStart }) => {
    const distributions = plainDistributions(config, weights, tokens);
    return tokens.slice(targetStart).map((token, i) => -Math.log(distributions[targetStart + i - 1][token]));
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** Gradient of the loss by central differences, by tensor name. */
export function plainGradients(
  config: LlamaConfig,
  weights: ReadonlyMap<string, Float32Array>,
  examples: readonly PlainExample[],
): Map<string, number[]> {
  const h = 1e-5;
  const moved = new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]));
  return new Map([...moved].map(([name, values]) => [
    name,
    Array.from(values, (value, i) => {
      values[i] = value + h;
      const above = plainLoss(config, moved, examples);
      values[i] = value - h;
      const below = plainLoss(config, moved, examples);
      values[i] = value;
      return (above - below) / (2 * h);
    }),
  ]));
}
