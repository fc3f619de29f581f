/**
 * The block stack that every peer can express, from our kernels: residual SwiGLU blocks, loss `sum(y * g)`, gradients of all weights,
 * plain gradient descent. Every kernel but copy and descent is the product's own.
 * @module
 */
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import { allocate, createArena, releaseArena, type Tensor, upload } from "../kernels/gpu/buffers.ts";
import { type Gpu, settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, releaseProgram, run } from "../kernels/gpu/program.ts";
import { chooseTile, linearForward, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import type { Operands } from "../kernels/numerics.ts";
import { swigluBackward, swigluForward } from "../kernels/swiglu/swiglu.ts";
import { fill, filledTensor } from "./data.ts";
import { copy, gradientDescent } from "./limits.ts";
import type { BlockStack } from "./peers/request.ts";
import { type Effort, wallWindows } from "./timing.ts";

const rate = 1e-5;

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
  /** Records a product of a linear layer [outputs][inputs]. */
  const forward = (
    outputs: number,
    inputs: number,
    tensors: Record<string, Tensor>,
  ) =>
    dispatch(
      program,
      linearForward(
        operands,
        chooseTile(gpu, tokens, outputs),
        tensors.addend ? "residual" : "store",
      ),
      tensors,
      () => ({
        rows: tokens,
        columns: outputs,
        depth: inputs,
        aStride: inputs,
        bStride: inputs,
        cStride: outputs,
      }),
    );
  const inputGradient = (
    outputs: number,
    inputs: number,
    tensors: Record<string, Tensor>,
  ) =>
    dispatch(
      program,
      linearInputGradient(operands, chooseTile(gpu, tokens, inputs)),
      tensors,
      () => ({
        rows: tokens,
        columns: inputs,
        depth: outputs,
        aStride: outputs,
        bStride: inputs,
        cStride: inputs,
      }),
    );
  try {
    const sequences = allocate(arena, "sequences", 4);
    upload(gpu, sequences, Uint32Array.from([0, tokens, 0, 0]));
    const weightGradient = (
      outputs: number,
      inputs: number,
      tensors: Record<string, Tensor>,
    ) =>
      dispatch(
        program,
        linearWeightGradient(operands, chooseTile(gpu, outputs, inputs)),
        { ...tensors, sequences },
        () => ({
          rows: outputs,
          columns: inputs,
          count: 1,
          aStride: outputs,
          bStride: inputs,
          cStride: inputs,
        }),
      );
    const tensor = (name: string, length: number) => allocate(arena, name, length);
    const weight = (name: string, rows: number, columns: number) => {
      const made = tensor(name, rows * columns);
      upload(gpu, made, fill(rows * columns, 1 / Math.sqrt(columns)));
      return made;
    };
    const g = filledTensor(arena, "g", tokens * width);
    const layers = Array.from({ length: blocks }, () => ({
      gateUp: weight("gate and up", 2 * inner, width),
      down: weight("down", width, inner),
      gateUpGradient: tensor("gradient of gate and up", 2 * inner * width),
      downGradient: tensor("gradient of down", width * inner),
      hidden: tensor("hidden", tokens * 2 * inner),
      gated: tensor("gated", tokens * inner),
      y: tensor("y", tokens * width),
    }));
    const dy = tensor("gradient of y", tokens * width);
    const dx = tensor("gradient through the block", tokens * width);
    const dGated = tensor("gradient of gated", tokens * inner);
    const dHidden = tensor("gradient of hidden", tokens * 2 * inner);
    const x = filledTensor(arena, "x", tokens * width);
    const rows = () => ({ rows: tokens, width: inner });
    const inputOf = (block: number) => block === 0 ? x : layers[block - 1].y;

    layers.forEach(({ gateUp, down, hidden, gated, y }, block) => {
      const input = inputOf(block);
      forward(2 * inner, width, { a: input, b: gateUp, c: hidden });
      dispatch(program, swigluForward, { gateUp: hidden, y: gated }, rows);
      forward(width, inner, { a: gated, b: down, c: y, addend: input });
    });
    dispatch(
      program,
      copy,
      { x: g, y: dy },
      () => ({ length: tokens * width }),
    );
    for (let block = blocks - 1; block >= 0; block--) {
      const layer = layers[block];
      weightGradient(width, inner, {
        a: dy,
        b: layer.gated,
        c: layer.downGradient,
      });
      inputGradient(width, inner, { a: dy, b: layer.down, c: dGated });
      dispatch(
        program,
        swigluBackward,
        { gateUp: layer.hidden, gradient: dGated, gateUpGradient: dHidden },
        rows,
      );
      weightGradient(2 * inner, width, {
        a: dHidden,
        b: inputOf(block),
        c: layer.gateUpGradient,
      });
      if (block === 0) break;
      inputGradient(2 * inner, width, { a: dHidden, b: layer.gateUp, c: dx });
      dispatch(
        program,
        accumulate,
        { source: dx, total: dy },
        () => ({ length: tokens * width }),
      );
    }
    for (const { gateUp, down, gateUpGradient, downGradient } of layers) {
      const descend = (weight: Tensor, gradient: Tensor) =>
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

/** Seconds of a square product by wall clock, one value a window: what peers are timed by. */
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
    const [a, b] = ["a", "b"].map((name) => filledTensor(arena, name, side * side));
    const c = allocate(arena, "c", side * side);
    dispatch(
      program,
      linearForward(operands, chooseTile(gpu, side, side), "store"),
      { a, b, c },
      () => ({
        rows: side,
        columns: side,
        depth: side,
        aStride: side,
        bStride: side,
        cStride: side,
      }),
    );
    await settle(gpu);
    return await wallWindows(gpu, floor, effort, () => run(program, null));
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}
