/**
 * The products of a model's linear layers: which there are, where their operands lie, and which variants of their kernels compete.
 * @module
 */
import type { Image, Tensor } from "../kernels/gpu/buffers.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { copyToImage, type Kernel, type Program } from "../kernels/gpu/program.ts";
import { type Contest, tune } from "../kernels/gpu/tuner.ts";
import {
  linearForward,
  linearInputGradient,
  type LinearProduct,
  linearWeightGradient,
  productKey,
  productTile,
  productTiles,
  type Tile,
} from "../kernels/matmul/matmul.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { BatchCapacity } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { attentionWidth, padded, type Parameter } from "./llama.ts";

/** Copies of products' operands, each overwritten many times; there where this adapter reads images faster than buffers. */
export interface OperandImages {
  /** Queries, keys and values; in the backward pass, gradients of linear layers' outputs and of mixed values. */
  readonly left: Image;
  /** Weights; in the backward pass also inputs of linear layers, and queries, keys and values. */
  readonly right: Image;
}

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

/** Some product of the model reads an image on this adapter, in some operand mode. */
export function wantsImages(gpu: Gpu, config: LlamaConfig, capacity: BatchCapacity, trains: boolean): boolean {
  return productsOf(config, capacity, trains).some((product) =>
    operandModes.some((operands) => {
      const { aImage, bImage } = productTile(gpu, product, operands);
      return aImage || bImage;
    })
  );
}

/** The tile of a product, reading images only where there are any. */
export function tileWith(gpu: Gpu, product: LinearProduct, operands: Operands, images: OperandImages | null): Tile {
  const tile = productTile(gpu, product, operands);
  return images ? tile : { ...tile, aImage: false, bImage: false };
}

/** Where a product finds a parameter: in an image, whose copying is recorded, or in its buffer, packed or not. */
export function recordWeight<S>(
  program: Program<S>,
  { tensor, operand, rows, columns }: Parameter,
  image: Image | null,
): { weight: Tensor | Image; packed: boolean } {
  if (!image) return { weight: operand, packed: operand !== tensor };
  return { weight: copyToImage(program, tensor, image, () => rows * columns), packed: false };
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
