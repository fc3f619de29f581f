import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type AdafactorHyper,
  type AdafactorMatrix,
  adafactorUniforms,
  recordAdafactor,
} from "../../kernels/adafactor/adafactor.ts";
import { type AdafactorArrays, adafactorOracle } from "../../kernels/adafactor/oracle.ts";
import { allocate, createArena, readFloats, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { createProgram, releaseProgram, run } from "../../kernels/gpu/program.ts";
import { chunkCount } from "../../kernels/gradient_norm/gradient_norm.ts";
import { assertBits, floats, gpuTest } from "./gpu.ts";

const hyper: AdafactorHyper = { learningRate: 1e-2, scaleByWeight: true, weightDecay: 0.01 };

/** Gradients over many powers of two, with values that the rules set to zero, and a row of nothing but zeros. */
function gradients(rows: number, columns: number, step: number): Float32Array<ArrayBuffer> {
  const exponents = floats(`exponents ${step}`, rows * columns, 8);
  const tiny = [0, 1e-18, 1e-21, 1e-30, 1e-40];
  return floats(`gradient ${step}`, rows * columns).map((g, i) => {
    if (Math.floor(i / columns) === 2) return 0;
    return i % 7 === 0 ? tiny[i / 7 % tiny.length] : g * 2 ** Math.round(exponents[i] - 8);
  });
}

/** Steps on the GPU, each beside its definition. */
async function compare(
  gpu: Gpu,
  allRows: number,
  columns: number,
  matrices: readonly AdafactorMatrix[],
  options: AdafactorHyper,
  steps: number,
) {
  const scale = 0.37;
  const length = allRows * columns;
  const arrays = {
    weight: floats("weight", length, 0.02),
    rowMoments: new Float32Array(allRows),
    columnMoments: new Float32Array(matrices.length * columns),
  };
  const arena = createArena(gpu);
  const program = createProgram<number>(gpu, "test of adafactor");
  try {
    const tensors = {
      gradient: allocate(arena, "gradient", length),
      scale: allocate(arena, "scale", 1),
      weight: allocate(arena, "weight", length),
      rowMoments: allocate(arena, "rowMoments", allRows),
      columnMoments: allocate(arena, "columnMoments", matrices.length * columns),
      factors: allocate(arena, "factors", matrices.length * 4),
      partials: allocate(arena, "partials", chunkCount(length) * 2),
    };
    upload(gpu, tensors.scale, Float32Array.of(scale));
    upload(gpu, tensors.weight, arrays.weight);
    for (const matrix of matrices) {
      recordAdafactor(program, tensors, matrix, (step) => adafactorUniforms(step, options));
    }
    for (let step = 1; step <= steps; step++) {
      const gradient = gradients(allRows, columns, step);
      upload(gpu, tensors.gradient, gradient);
      run(program, step);
      for (const matrix of matrices) {
        adafactorOracle({ gradient, ...arrays }, Math.fround(scale), matrix, adafactorUniforms(step, options));
      }
      const names = ["weight", "rowMoments", "columnMoments"] as const;
      const actual = await readFloats(gpu, ...names.map((name) => tensors[name]));
      names.forEach((name, i) => assertBits(actual[i], arrays[name], `${allRows} x ${columns}, step ${step}: ${name}`));
    }
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}

gpuTest("Adafactor equals its definition over steps, for matrices and vectors of odd sizes", async (gpu) => {
  for (const [rows, columns] of [[1, 4], [1, 300], [3, 4], [65, 20], [130, 260]]) {
    const matrix = { firstRow: 0, rows, columns, matrix: 0 };
    await compare(gpu, rows, columns, [matrix], hyper, 3);
    await compare(gpu, rows, columns, [matrix], { ...hyper, scaleByWeight: false, weightDecay: 0 }, 2);
  }
});

gpuTest("Adafactor sums over more than 64 chunks", async (gpu) => {
  await compare(gpu, 301, 900, [{ firstRow: 0, rows: 301, columns: 900, matrix: 0 }], hyper, 1);
});

gpuTest("Adafactor takes matrices that lie below each other one by one, and leaves padding alone", async (gpu) => {
  const matrices = [[0, 9], [9, 1], [10, 70]].map(([firstRow, rows], matrix) => ({
    firstRow,
    rows,
    columns: 12,
    matrix,
  }));
  await compare(gpu, 83, 12, matrices, hyper, 2);
});

/** The algorithm as published, and as transformers' Adafactor has it, in f64. */
function truth(
  gradient: Float64Array,
  state: { weight: Float64Array; rows: Float64Array; columns: Float64Array; full: Float64Array },
  step: number,
  [rows, columns]: readonly [number, number],
  { learningRate, scaleByWeight, weightDecay }: AdafactorHyper,
  vector: boolean,
): void {
  const { weight, rows: r, columns: c, full } = state;
  const beta2 = 1 - step ** -0.8;
  const squares = gradient.map((g) => g * g + 1e-30);
  const mean = (length: number, term: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += term(i);
    return sum / length;
  };
  for (let i = 0; i < rows; i++) r[i] = beta2 * r[i] + (1 - beta2) * mean(columns, (j) => squares[i * columns + j]);
  for (let j = 0; j < columns; j++) c[j] = beta2 * c[j] + (1 - beta2) * mean(rows, (i) => squares[i * columns + j]);
  const rowMean = mean(rows, (i) => r[i]);
  const u = gradient.map((g, i) => {
    full[i] = beta2 * full[i] + (1 - beta2) * squares[i];
    const moment = vector ? full[i] : r[Math.floor(i / columns)] * c[i % columns] / rowMean;
    return g / Math.sqrt(moment);
  });
  const rms = (x: Float64Array) => Math.sqrt(mean(x.length, (i) => x[i] * x[i]));
  const rate = learningRate * (scaleByWeight ? Math.max(1e-3, rms(weight)) : 1);
  const clip = Math.max(1, rms(u));
  weight.forEach((w, i) => weight[i] = w - weightDecay * rate * w - rate / clip * u[i]);
}

Deno.test("the definition of Adafactor agrees with the published algorithm in f64", () => {
  for (const [rows, columns] of [[20, 12], [1, 40]] as const) {
    for (const options of [hyper, { learningRate: 1e-3, scaleByWeight: false, weightDecay: 0 }]) {
      // Gradients as small as epsilon1's root, too: they are where its scaled form could differ.
      for (const size of [1, 1e-14]) {
        const length = rows * columns;
        const weight = floats("weight", length, 0.1);
        const state = {
          weight: Float64Array.from(weight),
          rows: new Float64Array(rows),
          columns: new Float64Array(columns),
          full: new Float64Array(length),
        };
        const arrays: Omit<AdafactorArrays, "gradient"> = {
          weight,
          rowMoments: new Float32Array(rows),
          columnMoments: new Float32Array(columns),
        };
        for (let step = 1; step <= 5; step++) {
          const gradient = floats(`plain ${step}`, length, step === 3 ? 5 * size : size);
          const uniforms = adafactorUniforms(step, options);
          adafactorOracle({ gradient, ...arrays }, 1, { firstRow: 0, rows, columns, matrix: 0 }, uniforms);
          truth(Float64Array.from(gradient), state, step, [rows, columns], options, rows === 1);
          weight.forEach((w, i) => assertAlmostEquals(w, state.weight[i], 2e-7));
        }
        state.rows.forEach((r, i) => assertAlmostEquals(arrays.rowMoments[i] / 2 ** 40 / r, 1, 2e-6));
      }
    }
  }
});

Deno.test("weights without a gradient stay where they are", () => {
  const weight = floats("weight", 80);
  const arrays = { weight: weight.slice(), rowMoments: new Float32Array(4), columnMoments: new Float32Array(20) };
  const gradient = new Float32Array(80);
  for (let step = 1; step <= 3; step++) {
    const uniforms = adafactorUniforms(step, { ...hyper, weightDecay: 0 });
    adafactorOracle({ gradient, ...arrays }, 1, { firstRow: 0, rows: 4, columns: 20, matrix: 0 }, uniforms);
  }
  assertEquals(arrays.weight, weight);
});

Deno.test("Adafactor's decay is 1 - step^-0.8", () => {
  assertEquals(adafactorUniforms(1, hyper).beta2, 0);
  for (const step of [2, 3, 10, 1000, 123456, 2 ** 24]) {
    assertAlmostEquals(adafactorUniforms(step, hyper).oneMinusBeta2 / step ** -0.8, 1, 2e-6);
  }
});
