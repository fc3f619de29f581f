/**
 * Copies of activations in images, for adapters that read images faster than buffers: there a kernel reads what it needs from an image
 * that is filled right before. Four images serve a whole program; each copy overwrites the one before. Weights have images of their own.
 * @module
 */
import {
  allocateImage,
  type Arena,
  type Image,
  imageBytes,
  imageFits,
  prefersImages,
  type Tensor,
} from "../kernels/gpu/buffers.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { copyToImage, dispatch, fromImages, type Kernel, type Program, type Uniforms } from "../kernels/gpu/program.ts";
import type { BatchCapacity } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { attentionWidth, padded } from "./llama.ts";

/** Where copies go. */
export interface OperandImages {
  /** A kernel's first matrix, as a product's left operand. */
  readonly left: Image;
  /** A kernel's second matrix, as a product's right operand. */
  readonly right: Image;
  /** A kernel's third matrix: queries, keys and values, or gates and what they let through. */
  readonly third: Image;
  /** The residual stream, or its gradient, from a norm or a product that reads it to where it is added again. */
  readonly stream: Image;
}

/** Number of f32 elements of each image; `trains` makes room for what the backward pass puts there. */
function imageSizes(
  config: LlamaConfig,
  { tokens, targets, scores }: BatchCapacity,
  trains: boolean,
): Record<keyof OperandImages, number> {
  const { hiddenSize: d, intermediateSize: f, heads, headSize } = config;
  const width = attentionWidth(config);
  const mixed = heads * headSize;
  const vocabulary = padded(config.vocabSize);
  const rows = Math.max(tokens * Math.max(width, d, mixed, 2 * f), targets * d, scores);
  return {
    left: Math.max(rows, trains ? targets * vocabulary : 0),
    right: rows,
    third: trains ? tokens * Math.max(width, 2 * f) : 0,
    stream: Math.max(tokens, targets) * d,
  };
}

/** Tokens from which copies into images pay: below, they take longer than what they save. */
const fewTokens = 256;

/** Whether kernels read activations from images here: the adapter prefers them, there is enough to do, and textures can hold as much. */
export function usesImages(gpu: Gpu, config: LlamaConfig, capacity: BatchCapacity, trains: boolean): boolean {
  return prefersImages(gpu) && capacity.tokens >= fewTokens &&
    Object.values(imageSizes(config, capacity, trains)).every((size) => imageFits(gpu, size));
}

/** Bytes that images for a capacity take. */
export function imagesBytes(gpu: Gpu, config: LlamaConfig, capacity: BatchCapacity, trains: boolean): number {
  if (!usesImages(gpu, config, capacity, trains)) return 0;
  return Object.values(imageSizes(config, capacity, trains)).reduce((sum, size) => sum + imageBytes(size), 0);
}

/** Images of so many elements, or null where the adapter does not prefer them or textures cannot hold as much. */
export function imagesOf(arena: Arena, sizes: Readonly<Record<keyof OperandImages, number>>): OperandImages | null {
  if (!prefersImages(arena.gpu)) return null;
  const left = allocateImage(arena, "left operands", sizes.left);
  const right = allocateImage(arena, "right operands", sizes.right);
  const third = allocateImage(arena, "third operands", sizes.third);
  const stream = allocateImage(arena, "residual stream", sizes.stream);
  return left && right && third && stream ? { left, right, third, stream } : null;
}

/** Images for a capacity, or null where kernels read buffers. */
export function allocateImages(
  arena: Arena,
  config: LlamaConfig,
  capacity: BatchCapacity,
  trains: boolean,
): OperandImages | null {
  return usesImages(arena.gpu, config, capacity, trains) ? imagesOf(arena, imageSizes(config, capacity, trains)) : null;
}

/** The tensor, or, where there are images, one that a recorded copy fills with its first `length` elements. */
export function inImage<S>(
  program: Program<S>,
  image: Image | undefined,
  tensor: Tensor,
  length: (shape: S) => number,
): Tensor | Image {
  return image ? copyToImage(program, tensor, image, length) : tensor;
}

/** Records a dispatch of a kernel whose matrices are read from what they are bound to, buffers or images. */
export function dispatchOverImages<S>(
  program: Program<S>,
  kernel: Kernel,
  tensors: Readonly<Record<string, Tensor | Image>>,
  uniforms: (shape: S) => Uniforms,
): void {
  const read = Object.keys(kernel.inputs).filter((name) => "view" in tensors[name]);
  dispatch(program, fromImages(kernel, read), tensors, uniforms);
}
