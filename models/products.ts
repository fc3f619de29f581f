/**
 * The products of a model's linear layers: which there are, which tiles they take, and which compete. Attention's
 * products are here as far as they share all this.
 * @module
 */
import type { Gpu } from "../kernels/gpu/device.ts";
import type { Kernel } from "../kernels/gpu/program.ts";
import { type Contest, tune } from "../kernels/gpu/tuner.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import { chooseTile, type LinearProduct, productKey, productTiles, type Tile } from "../kernels/matmul/tile.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { BatchCapacity } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { usesImages } from "./images.ts";
import { attentionWidth, padded } from "./llama.ts";

/** The product of each kind for a layer of `outputs` x `inputs` over `tokens` rows. */
export function productsOfLayer(
  outputs: number,
  inputs: number,
  tokens: number,
): Record<LinearProduct["kind"], LinearProduct> {
  return {
    forward: { kind: "forward", rows: tokens, columns: outputs, depth: inputs },
    inputGradient: { kind: "inputGradient", rows: tokens, columns: inputs, depth: outputs },
    weightGradient: { kind: "weightGradient", rows: outputs, columns: inputs, depth: tokens },
  };
}

/** Every product of a model's linear layers and their gradients, the largest first. */
function productsOf(config: LlamaConfig, { tokens, targets }: BatchCapacity): LinearProduct[] {
  const { hiddenSize: d, intermediateSize: f, heads, headSize, vocabSize } = config;
  const layers = [
    [attentionWidth(config), d, tokens],
    [d, heads * headSize, tokens],
    [2 * f, d, tokens],
    [d, f, tokens],
    [padded(vocabSize), d, targets],
  ];
  return layers.map(([outputs, inputs, rows]) => productsOfLayer(outputs, inputs, rows))
    .flatMap((products) => Object.values(products))
    .sort((a, b) => b.rows * b.columns * b.depth - a.rows * a.columns * a.depth);
}

/** Tiles of attention's products: `scores` for those whose result is a matrix of scores, `head` for those of a head's columns. */
export function attentionTiles(
  gpu: Gpu,
  { headSize }: LlamaConfig,
  longest: number,
  images: boolean,
): { scores: Tile; head: Tile } {
  return {
    scores: { ...chooseTile(gpu, longest, longest), ...(images ? { columns: 1 } : {}), aImage: images, bImage: images },
    // Behind a row's own keys only so many weights are sure to be zero.
    head: { ...chooseTile(gpu, Math.min(longest, 64), headSize), aImage: images, bImage: images },
  };
}

/** The variants of a product, with data to measure them on; `images`: where its matrices are read from these. */
function contestOf(gpu: Gpu, product: LinearProduct, operands: Operands, images: boolean): Contest {
  const { kind, rows, columns, depth } = product;
  const makers: Record<LinearProduct["kind"], (tile: Tile) => Kernel> = {
    forward: (tile) => linearForward(operands, tile, "store"),
    inputGradient: (tile) => linearInputGradient(operands, tile),
    weightGradient: (tile) => linearWeightGradient(operands, tile),
  };
  const weights = kind === "weightGradient";
  const strides = weights
    ? { aStride: rows, bStride: columns, cStride: columns, count: 1 }
    : { aStride: depth, bStride: kind === "forward" ? depth : columns, cStride: columns, depth };
  return {
    key: productKey(product, operands),
    variants: productTiles(gpu, product).map((tile) => [
      JSON.stringify(tile),
      makers[kind]({ ...tile, aImage: images, bImage: images }),
    ]),
    lengths: { a: rows * depth, b: columns * depth, c: rows * columns, sequences: 4 },
    ...(weights ? { values: { sequences: Uint32Array.of(0, depth, 0, 0) } } : {}),
    uniforms: { rows, columns, ...strides },
  };
}

/** Measures, as far as the GPU's tuning allows, which variants suit the products of training a model. */
export async function tuneProducts(
  gpu: Gpu,
  config: LlamaConfig,
  capacity: BatchCapacity,
  operands: Operands,
): Promise<void> {
  if (gpu.tuning) {
    const images = usesImages(gpu, config, capacity, true);
    await tune(
      gpu,
      productsOf(config, capacity).map((product) => contestOf(gpu, product, operands, images)),
    );
  }
}
