/**
 * A small model with random weights, for tests that need a decoder but no knowledge in it.
 * @module
 */
import type { Gpu } from "../../kernels/gpu/device.ts";
import type { Operands } from "../../kernels/numerics.ts";
import { type LlamaConfig, parameterShapes } from "../../models/config.ts";
import { createLlama, type Llama } from "../../models/llama.ts";
import { stream } from "../../training/random.ts";

/** Odd sizes on purpose: grouped heads, a vocabulary that is no multiple of 4, widths that fill no tile. */
export const randomConfig: LlamaConfig = {
  vocabSize: 50,
  hiddenSize: 36,
  intermediateSize: 44,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  maxPositions: 160,
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  ropeScaling: null,
  tied: true,
  bosId: 1,
  eosIds: [2],
  initializerRange: 0.02,
};

/** Weights of a random model, by name: norms 1, matrices normal. */
export function randomWeights(config: LlamaConfig, seed = 1): Map<string, Float32Array<ArrayBuffer>> {
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const s = stream(seed, "test-weights", name);
      const size = shape.reduce((product: number, n) => product * n, 1);
      return [name, Float32Array.from({ length: size }, () => shape.length === 1 ? 1 : s.normal() * 0.3)];
    }),
  );
}

/** A random model on the GPU. */
export async function randomLlama(
  gpu: Gpu,
  changes: Partial<LlamaConfig> = {},
  operands: Operands = "12bit",
): Promise<Llama> {
  const config = { ...randomConfig, ...changes };
  const weights = randomWeights(config);
  return await createLlama(gpu, config, (name) => weights.get(name)!, { operands });
}

/** Random token ids, deterministic in `seed`. */
export function randomTokens(length: number, seed: number, vocabulary = randomConfig.vocabSize): number[] {
  const s = stream(seed, "test-tokens");
  return Array.from({ length }, () => s.below(vocabulary));
}
