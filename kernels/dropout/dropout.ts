/**
 * Dropout whose mask is made from counters, again in the backward pass. Formulas and shapes are in dropout.wgsl.
 * @module
 */
import { type Kernel, kernelSource, type Uniforms } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./dropout.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";

/**
 * `y[rows][width] = x`, dropped and scaled, plus `addend` where `residual`; with the gradient as `x`, without `residual`, the gradient.
 * `width` a multiple of 4; `key0`, `key1`, `threshold` and `scale` from `dropoutUniforms`.
 */
export function dropout(residual: boolean): Kernel {
  return {
    name: residual ? "dropout_residual" : "dropout",
    body: kernelSource(source, "dropout").replace("EPILOGUE", residual ? "add4(addend[item], kept)" : "kept"),
    inputs: {
      x: matrix,
      ...(residual ? { addend: matrix } : {}),
      positions: "array<u32>",
      numbers: "array<u32>",
    },
    outputs: { y: matrix },
    uniforms: {
      rows: "u32",
      width: "u32",
      key0: "u32",
      key1: "u32",
      layer: "u32",
      step: "u32",
      threshold: "u32",
      scale: "f32",
    },
    grid: ({ rows, width }) => threadGrid(rows * width / 4, 64),
  };
}

/**
 * Uniforms of `dropout` that a rate and a key decide.
 * @param rate share that is dropped, from 0 up to but not 1; rounded to a multiple of 2^-32
 * @param key two 32-bit words of a named random stream
 * @throws where the rate is out of range
 */
export function dropoutUniforms(rate: number, key: ArrayLike<number>): Uniforms {
  if (!(rate >= 0 && rate < 1)) {
    throw new Error(`dropout rate ${rate} is not valid: give a number from 0 up to but not 1`);
  }
  const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  return { key0: key[0], key1: key[1], threshold, scale: Math.fround(1 / (1 - rate)) };
}
