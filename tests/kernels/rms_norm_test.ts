import { assertAlmostEquals } from "@std/assert";
import {
  rmsNormBackwardOracle,
  rmsNormForwardOracle,
  rmsNormWeightGradientOracle,
} from "../../kernels/rms_norm/oracle.ts";
import { fromImages } from "../../kernels/gpu/program.ts";
import { rmsNormBackward, rmsNormForward, rmsNormWeightGradient } from "../../kernels/rms_norm/rms_norm.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const epsilon = Math.fround(1e-5);
const shapes = [[1, 4], [3, 12], [9, 64], [67, 132], [2, 1028]];

function problem(rows: number, width: number) {
  const x = floats(`x ${rows}`, rows * width, 3);
  const weight = floats("weight", width);
  const gradient = floats(`gradient ${rows}`, rows * width, 0.01);
  return { x, weight, gradient, ...rmsNormForwardOracle(x, weight, width, epsilon) };
}

gpuTest("RMSNorm equals its definition", async (gpu) => {
  for (const [rows, width] of shapes) {
    const { x, weight, y, inverse } = problem(rows, width);
    const bindings = { x, weight, y: new Float32Array(y.length), inverse: new Float32Array(rows) };
    const thread = rmsNormForward("thread");
    for (const kernel of [thread, fromImages(thread, ["x", "weight"]), rmsNormForward("workgroup")]) {
      const actual = await runKernel(gpu, kernel, bindings, { rows, width, epsilon });
      assertBits(actual.inverse, inverse, `${rows} x ${width}: inverse`);
      assertBits(actual.y, y, `${rows} x ${width}: y`);
    }
  }
});

gpuTest("RMSNorm's input gradient equals its definition, with and without what is carried past it", async (gpu) => {
  for (const [rows, width] of shapes) {
    const saved = problem(rows, width);
    const { gradient, x, weight } = saved;
    const inverse = Float32Array.from(saved.inverse);
    const carriedGradient = floats("carried", rows * width);
    for (const carried of [false, true]) {
      const bindings = { gradient, x, weight, inverse, ...(carried ? { carried_gradient: carriedGradient } : {}) };
      const xGradient = new Float32Array(x.length);
      const expected = rmsNormBackwardOracle(saved, width, carried ? carriedGradient : undefined);
      const thread = rmsNormBackward("thread", carried);
      const kernels = [thread, fromImages(thread, ["gradient", "x", "weight"]), rmsNormBackward("workgroup", carried)];
      for (const [i, kernel] of kernels.entries()) {
        const actual = await runKernel(gpu, kernel, { ...bindings, xGradient }, { rows, width });
        assertBits(actual.xGradient, expected, `${rows} x ${width}, carried ${carried}, variant ${i}`);
      }
    }
  }
});

gpuTest("RMSNorm's weight gradient adds sequence by sequence", async (gpu) => {
  for (const [lengths, width] of [[[1], 4], [[5, 1, 60], 132], [[2, 7], 64]] as const) {
    let first = 0;
    const sequences = Uint32Array.from(lengths.flatMap((length) => [(first += length) - length, length, 0, 0]));
    const { gradient, x, inverse } = problem(first, width);
    const expected = floats("earlier", width);
    const bindings = { gradient, x, inverse: Float32Array.from(inverse), sequences, weightGradient: expected.slice() };
    rmsNormWeightGradientOracle({ gradient, x, inverse }, sequences, expected);
    for (const kernel of [rmsNormWeightGradient, fromImages(rmsNormWeightGradient, ["gradient", "x"])]) {
      const actual = await runKernel(gpu, kernel, bindings, { width, count: lengths.length });
      assertBits(actual.weightGradient, expected, `${lengths} of ${width}`);
    }
  }
});

Deno.test("the definition of RMSNorm agrees with f64, and its gradients with derivatives", () => {
  const [rows, width] = [2, 8];
  const saved = problem(rows, width);
  const { x, weight, gradient, y } = saved;
  const forward = (x: ArrayLike<number>, weight: ArrayLike<number>) =>
    Array.from({ length: rows * width }, (_, at) => {
      const row = Array.from({ length: width }, (_, i) => x[Math.floor(at / width) * width + i]);
      return x[at] / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / width + epsilon) * weight[at % width];
    });
  const loss = (x: ArrayLike<number>, weight: ArrayLike<number>) =>
    forward(x, weight).reduce((sum, v, i) => sum + v * gradient[i], 0);
  forward(x, weight).forEach((v, i) => assertAlmostEquals(y[i], v, 1e-6));
  const slope = (array: Float32Array, i: number, of: (moved: Float64Array) => number) => {
    const moved = (by: number) => Float64Array.from(array, (v, j) => i === j ? v + by : v);
    return (of(moved(1e-5)) - of(moved(-1e-5))) / 2e-5;
  };
  const weightGradient = new Float32Array(width);
  rmsNormWeightGradientOracle(saved, [0, rows, 0, 0], weightGradient);
  rmsNormBackwardOracle(saved, width).forEach((d, i) =>
    assertAlmostEquals(d, slope(x, i, (x) => loss(x, weight)), 1e-7)
  );
  weightGradient.forEach((d, i) => assertAlmostEquals(d, slope(weight, i, (weight) => loss(x, weight)), 1e-7));
});
