/**
 * Rotary position embedding and its tables. Formula: rope.wgsl.
 * @module
 */
import { givenInput, type Kernel, kernelSource, matrixType as matrix } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./rope.wgsl" with { type: "text" };

/**
 * Rotates the first `heads` heads of each row of x in place; `direction` 1 forward, -1 backward.
 * @param image whether x is read from `given`, an image with a copy of it
 */
export function rope(image: boolean): Kernel {
  const { inputs, wgsl } = givenInput("x", image);
  return {
    name: "rope",
    body: wgsl + kernelSource(source, "rope"),
    inputs: { ...inputs, positions: "array<u32>", cosines: matrix, sines: matrix },
    outputs: { x: matrix },
    uniforms: { rows: "u32", width: "u32", heads: "u32", headSize: "u32", direction: "f32" },
    grid: ({ rows, heads, headSize }) => threadGrid(rows * heads * headSize / 8, 64),
  };
}

/** Llama 3's stretching of low frequencies, as in transformers' `_compute_llama3_parameters`. */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

/** Inverse frequency of each pair of dimensions, in f32 as transformers computes it. */
export function inverseFrequencies(headSize: number, theta: number, scaling: RopeScaling | null): Float32Array {
  return Float32Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(Math.pow(theta, 2 * i / headSize)));
    if (!scaling) return frequency;
    const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original } = scaling;
    const wavelength = 2 * Math.PI / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  });
}

/** Cosines and sines [positions][headSize / 2] of position times inverse frequency. */
export function ropeTables(
  positions: number,
  headSize: number,
  theta: number,
  scaling: RopeScaling | null,
): { cosines: Float32Array<ArrayBuffer>; sines: Float32Array<ArrayBuffer> } {
  const frequencies = inverseFrequencies(headSize, theta, scaling);
  const half = headSize / 2;
  const cosines = new Float32Array(positions * half);
  const sines = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(p * frequencies[i]);
      cosines[p * half + i] = Math.cos(angle);
      sines[p * half + i] = Math.sin(angle);
    }
  }
  return { cosines, sines };
}
