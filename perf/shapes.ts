/**
 * The models whose shapes are measured.
 * @module
 */
import { modelConfig, recipe } from "../fixtures/pretrain/recipe.ts";
import type { LlamaConfig } from "../models/config.ts";

/** Vocabulary of the embedded model. */
const embeddedVocabulary = 560;

/** Configuration of the embedded model. */
export const embedded: LlamaConfig = modelConfig(recipe, embeddedVocabulary);

/** Batches of the embedded model: sequences, length. The first is its pre-training's, the second like its fine-tuning's. */
export const embeddedBatches: readonly (readonly [number, number])[] = [[
  8,
  256,
], [16, 64]];

/** A larger Llama: its shape, and the batch that its layers are measured with on processors. */
export interface LargeShape {
  readonly name: string;
  readonly config: LlamaConfig;
  readonly batch: readonly [number, number];
}

/** The batch that cards are measured with. */
export const cardBatch: readonly [number, number] = [4, 512];

/** Shapes of SmolLM-135M, TinyLlama-1.1B and Llama-2-7B, with batches that two cores finish in time. */
export const largeShapes: readonly LargeShape[] = [
  {
    name: "135M",
    config: {
      ...embedded,
      hiddenSize: 576,
      intermediateSize: 1536,
      layers: 30,
      heads: 9,
      keyValueHeads: 3,
      headSize: 64,
      vocabSize: 49152,
    },
    batch: [1, 256],
  },
  {
    name: "1.1B",
    config: {
      ...embedded,
      hiddenSize: 2048,
      intermediateSize: 5632,
      layers: 22,
      heads: 32,
      keyValueHeads: 4,
      headSize: 64,
      vocabSize: 32000,
      tied: false,
    },
    batch: [1, 128],
  },
  {
    name: "7B",
    config: {
      ...embedded,
      hiddenSize: 4096,
      intermediateSize: 11008,
      layers: 32,
      heads: 32,
      keyValueHeads: 32,
      headSize: 128,
      vocabSize: 32000,
      tied: false,
    },
    batch: [1, 128],
  },
];
