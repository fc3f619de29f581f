/**
 * The products of a model's linear layers: which there are, which tiles they take, and which compete. Attention's
 * products are here as far as they share all this.
 * @module
 */
import type { Gpu } from "../kernels/gpu/device.ts";
import type { Kernel } from "../kernels/gpu/program.ts";
import { type Contest, tune } from "../kernels/gpu/tuner.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import {
  chooseTile,
  type LinearProduct,
  productKey,
  productTile,
  productTiles,
  type Tile,
} from "../kernels/matmul/tile.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { BatchCapacity } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { attentionWidth, padded } from "./llama.ts";

const operandModes: readonly Operands[] = ["12bit", "f32", "bf16"];

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

/** Every product of a model's linear layers, the largest first; `trains` includes gradients. */
function productsOf(config: LlamaConfig, { tokens, targets }: BatchCapacity, trains: boolean): LinearProduct[] {
  const { hiddenSize: d, intermediateSize: f, heads, headSize, vocabSize } = config;
  const layers = [
    [attentionWidth(config), d, tokens],
    [d, heads * headSize, tokens],
    [2 * f, d, tokens],
    [d, f, tokens],
    [padded(vocabSize), d, targets],
  ];
  return layers.map(([outputs, inputs, rows]) => productsOfLayer(outputs, inputs, rows))
    .flatMap((products) => trains ? Object.values(products) : [products.forward])
    .sort((a, b) => b.rows * b.columns * b.depth - a.rows * a.columns * a.depth);
}

/**
 * Whether some product of a model reads images on this adapter: of the tiles that are `chosen`, in any operand mode, or of those that
 * are `possible`, as any that competes may be chosen later.
 */
export function productsReadImages(
  gpu: Gpu,
  config: LlamaConfig,
  capacity: BatchCapacity,
  trains: boolean,
  which: "chosen" | "possible",
): boolean {
  const tiles = (product: LinearProduct) =>
    which === "chosen"
      ? operandModes.map((operands) => productTile(gpu, product, operands))
      : productTiles(gpu, product).slice(0, gpu.tuning ? Infinity : 1);
  return productsOf(config, capacity, trains).some((product) =>
    tiles(product).some(({ aImage, bImage }) => aImage || bImage)
  );
}

/** The tile of a linear layer's product, reading images only where there are any. */
export function linearTile(gpu: Gpu, product: LinearProduct, operands: Operands, images: boolean): Tile {
  const tile = productTile(gpu, product, operands);
  return images ? tile : { ...tile, aImage: false, bImage: false };
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
    head: { ...chooseTile(gpu, longest, headSize), aImage: images, bImage: images },
  };
}

/** The variants of a product, with data to measure them on. */
function contestOf(gpu: Gpu, product: LinearProduct, operands: Operands): Contest {
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
    variants: productTiles(gpu, product).map((tile) => [JSON.stringify(tile), makers[kind](tile)]),
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
    await tune(
      gpu,
      productsOf(config, capacity, true).map((product) => contestOf(gpu, product, operands)),
    );
  }
}
