/**
 * Values for measurements: cheap, the same every time, as large as a trained layer's.
 * @module
 */
import { allocate, type Arena, type Tensor, upload } from "../kernels/gpu/buffers.ts";
import { type LlamaConfig, parameterShapes } from "../models/config.ts";
import type { WeightedSequence } from "../training/session.ts";
import { values } from "./peers/request.ts";

const blockLength = 1 << 16;
const block = values(blockLength, 1);

/** `length` values within `scale` of zero. */
export function fill(length: number, scale: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    out[i] = block[(i * 7 + (i >> 16)) & (blockLength - 1)] * scale;
  }
  return out;
}

/** A tensor filled with values within 1 of zero; large ones repeat a block. */
export function filledTensor(
  arena: Arena,
  name: string,
  length: number,
): Tensor {
  const tensor = allocate(arena, name, length);
  for (let at = 0; at < length; at += blockLength) {
    upload(
      arena.gpu,
      tensor,
      block.subarray(0, Math.min(blockLength, length - at)),
      at,
    );
  }
  return tensor;
}

/** Weights of a model of this shape that trains without overflow: norms 1, matrices by their width. */
export function weights(
  config: LlamaConfig,
): (name: string) => Float32Array<ArrayBuffer> {
  const shapes = new Map(
    parameterShapes(config).map(({ name, shape }) => [name, shape]),
  );
  return (name) => {
    const shape = shapes.get(name)!;
    return shape.length === 1 ? new Float32Array(shape[0]).fill(1) : fill(shape[0] * shape[1], Math.sqrt(3 / shape[1]));
  };
}

/** Token ids below `vocabulary`. */
export function tokenIds(
  length: number,
  vocabulary: number,
  start = 0,
): number[] {
  return Array.from(
    { length },
    (_, i) => ((i + start) * 7919 + ((i * i) >> 3)) % vocabulary,
  );
}

/** A batch in which every next token is a target. */
export function sequences(
  count: number,
  length: number,
  vocabulary: number,
): WeightedSequence[] {
  return Array.from({ length: count }, (_, s) => ({
    tokens: tokenIds(length, vocabulary, s * 31),
    targetWeights: new Float32Array(length - 1).fill(1),
  }));
}
