/**
 * The block stack that every peer can express, from our kernels: residual SwiGLU blocks, loss `sum(y * g)`, gradients of all weights,
 * plain gradient descent. Every kernel but copy and descent is the product's own, and products are recorded as a training step records them.
 * @module
 */
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import {
  allocate,
  allocateImage,
  type Arena,
  createArena,
  prefersImages,
  releaseArena,
  type Tensor,
  upload,
} from "../kernels/gpu/buffers.ts";
import { type Gpu, settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, releaseProgram, run } from "../kernels/gpu/program.ts";
import type { Operands } from "../kernels/numerics.ts";
import { imagesOf, inImage } from "../models/images.ts";
import { recordOperands } from "../models/llama.ts";
import { type Matrix, recordGated, recordLinear, recordLinearGradients } from "../models/linear.ts";
import { fill, filledTensor } from "./data.ts";
import { copy, gradientDescent } from "./limits.ts";
import type { BlockStack } from "./peers/request.ts";
import { type Effort, wallWindows } from "./timing.ts";

const rate = 1e-5;

/** A weight, with the image that products read where this adapter prefers these. */
function matrixOf(arena: Arena, tensor: Tensor, rows: number, columns: number): Matrix {
  const image = prefersImages(arena.gpu) ? allocateImage(arena, `${tensor.name}, image`, rows * columns) : null;
  return { tensor, operand: image ?? tensor, rows, columns };
}

/** Seconds a step by wall clock, one value a window. */
export async function stackSeconds(
  gpu: Gpu,
  { tokens, width, inner, blocks }: BlockStack,
  operands: Operands,
  floor: number,
  effort: Effort,
): Promise<number[]> {
  const arena = createArena(gpu);
  const program = createProgram<null>(gpu, "block stack");
  try {
    const sequences = allocate(arena, "sequences", 4);
    upload(gpu, sequences, Uint32Array.from([0, tokens, 0, 0]));
    const images = imagesOf(arena, {
      left: tokens * Math.max(2 * inner, width),
      right: tokens * Math.max(inner, width),
      third: tokens * 2 * inner,
      stream: tokens * width,
    });
    const model = { gpu, operands };
    const backward = (
      weight: Matrix,
      tensors: { y: Tensor; x: Tensor; weightGradient: Tensor; xGradient?: Tensor | undefined; gateUp?: Tensor },
    ) =>
      recordLinearGradients(program, model, tokens, weight, { ...tensors, sequences, images }, {
        rows: () => tokens,
        count: () => 1,
      });
    const tensor = (name: string, length: number) => allocate(arena, name, length);
    const weight = (name: string, rows: number, columns: number) => {
      const made = tensor(name, rows * columns);
      upload(gpu, made, fill(rows * columns, 1 / Math.sqrt(columns)));
      return matrixOf(arena, made, rows, columns);
    };
    const g = filledTensor(arena, "g", tokens * width);
    const layers = Array.from({ length: blocks }, () => ({
      gateUp: weight("gate and up", 2 * inner, width),
      down: weight("down", width, inner),
      gateUpGradient: tensor("gradient of gate and up", 2 * inner * width),
      downGradient: tensor("gradient of down", width * inner),
      hidden: tensor("gates and what they let through", tokens * 2 * inner),
      gated: tensor("gated", tokens * inner),
      y: tensor("y", tokens * width),
    }));
    const dy = tensor("gradient of y", tokens * width);
    const dx = tensor("gradient through the block", tokens * width);
    const dHidden = tensor("gradient of gates and what they let through", tokens * 2 * inner);
    const x = filledTensor(arena, "x", tokens * width);
    recordOperands(program, layers.flatMap(({ gateUp, down }) => [gateUp, down]));
    const inputOf = (block: number) => block === 0 ? x : layers[block - 1].y;

    layers.forEach(({ gateUp, down, hidden, gated, y }, block) => {
      const input = inputOf(block);
      recordGated(program, model, tokens, gateUp, { x: input, gated, gateUp: hidden, images }, () => tokens);
      const addend = inImage(program, images?.stream, input, () => tokens * width);
      recordLinear(program, model, tokens, down, { x: gated, y, addend, images }, () => tokens);
    });
    dispatch(
      program,
      copy,
      { x: g, y: dy },
      () => ({ length: tokens * width }),
    );
    for (let block = blocks - 1; block >= 0; block--) {
      const layer = layers[block];
      const { hidden: gateUp, gated, downGradient } = layer;
      backward(layer.down, { y: dy, x: gated, weightGradient: downGradient, xGradient: dHidden, gateUp });
      backward(layer.gateUp, {
        y: dHidden,
        x: inputOf(block),
        weightGradient: layer.gateUpGradient,
        // Nothing below the first block learns.
        xGradient: block > 0 ? dx : undefined,
      });
      if (block === 0) break;
      dispatch(
        program,
        accumulate,
        { source: dx, total: dy },
        () => ({ length: tokens * width }),
      );
    }
    for (const { gateUp, down, gateUpGradient, downGradient } of layers) {
      const descend = ({ tensor: weight }: Matrix, gradient: Tensor) =>
        dispatch(
          program,
          gradientDescent,
          { weight, gradient },
          () => ({ length: weight.length, rate }),
        );
      descend(gateUp, gateUpGradient);
      descend(down, downGradient);
    }
    await settle(gpu);
    return await wallWindows(gpu, floor, effort, () => run(program, null));
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}

/** Seconds of a square product by wall clock, one value a window, copies into images included: what peers are timed by. */
export async function squareSeconds(
  gpu: Gpu,
  side: number,
  operands: Operands,
  floor: number,
  effort: Effort,
): Promise<number[]> {
  const arena = createArena(gpu);
  const program = createProgram<null>(gpu, "square product");
  try {
    const [x, tensor] = ["x", "weight"].map((name) => filledTensor(arena, name, side * side));
    const y = allocate(arena, "y", side * side);
    const images = imagesOf(arena, { left: side * side, right: side * side, third: 0, stream: 0 });
    const weight = matrixOf(arena, tensor, side, side);
    recordOperands(program, [weight]);
    recordLinear(program, { gpu, operands }, side, weight, { x, y, images }, () => side);
    await settle(gpu);
    return await wallWindows(gpu, floor, effort, () => run(program, null));
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}
