import { assertAlmostEquals } from "@std/assert";
import { crossEntropy, lossSum } from "../../kernels/cross_entropy/cross_entropy.ts";
import { crossEntropyOracle, lossSumOracle } from "../../kernels/cross_entropy/oracle.ts";
import { stream } from "../../training/random.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

function problem(rows: number, vocabulary: number, stride: number, scale: number) {
  const random = stream(3, "targets", rows, vocabulary);
  return {
    logits: floats(`logits ${rows} ${vocabulary}`, rows * stride, scale),
    targets: Uint32Array.from({ length: rows }, () => random.below(vocabulary)),
    weights: Float32Array.from({ length: rows }, () => random.uniform() / rows),
  };
}

gpuTest("cross-entropy and its gradient equal their definition, for vocabularies of any length", async (gpu) => {
  for (
    const [rows, vocabulary, stride] of [[1, 1, 4], [2, 3, 4], [7, 30, 36], [9, 64, 64], [17, 257, 260], [
      3,
      4099,
      4100,
    ]]
  ) {
    for (const smoothing of [0, Math.fround(0.1)]) {
      for (const scale of [1, 40]) {
        const { logits, targets, weights } = problem(rows, vocabulary, stride, scale);
        const uniforms = { rows, vocabulary, stride, smoothing };
        const expected = logits.slice();
        const losses = crossEntropyOracle(expected, targets, weights, uniforms);
        for (const schedule of ["thread", "workgroup"] as const) {
          const bindings = { targets, weights, logits, losses: new Float32Array(rows) };
          const actual = await runKernel(gpu, crossEntropy(schedule), bindings, uniforms);
          const label = `${rows} x ${vocabulary}, smoothing ${smoothing}, scale ${scale}, ${schedule}:`;
          assertBits(actual.losses, losses, `${label} losses`);
          assertBits(actual.logits, expected, `${label} gradient`);
        }
      }
    }
  }
});

Deno.test("the definition of cross-entropy agrees with its derivative in f64", () => {
  const [rows, vocabulary, stride] = [3, 11, 12];
  for (const smoothing of [0, 0.1]) {
    const { logits, targets, weights } = problem(rows, vocabulary, stride, 2);
    const loss = (row: number, x: Float64Array) => {
      const total = Math.log(x.reduce((sum, value) => sum + Math.exp(value), 0));
      const mean = x.reduce((sum, value) => sum + total - value, 0) / vocabulary;
      return weights[row] * ((1 - smoothing) * (total - x[targets[row]]) + smoothing * mean);
    };
    const gradient = logits.slice();
    const losses = crossEntropyOracle(gradient, targets, weights, {
      rows,
      vocabulary,
      stride,
      smoothing: Math.fround(smoothing),
    });
    for (let row = 0; row < rows; row++) {
      const x = Float64Array.from(logits.subarray(row * stride, row * stride + vocabulary));
      assertAlmostEquals(losses[row], loss(row, x), 1e-6);
      for (let i = 0; i < vocabulary; i++) {
        const moved = (by: number) => loss(row, x.map((value, j) => j === i ? value + by : value));
        assertAlmostEquals(gradient[row * stride + i], (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-6);
      }
    }
  }
});

gpuTest("losses are summed sequence by sequence, for any cut into micro-batches", async (gpu) => {
  const losses = floats("losses", 50);
  const table = (...sequences: number[][]) =>
    Uint32Array.from(sequences.flatMap(([first, rows]) => [first, rows, 0, 0]));
  const add = async (history: Float32Array<ArrayBuffer>, sequences: Uint32Array<ArrayBuffer>) =>
    (await runKernel(gpu, lossSum, { losses, sequences, history }, { count: sequences.length / 4, slot: 2 })).history;
  const start = new Float32Array([1, 2, 0, 4]);
  const all = await add(start, table([0, 7], [7, 1], [8, 0], [8, 42]));
  const parts = await add(await add(start, table([0, 7], [7, 1])), table([8, 0], [8, 42]));
  const sum = lossSumOracle(losses, table([0, 7], [7, 1], [8, 0], [8, 42]), 0);
  assertBits(all, Float32Array.of(1, 2, sum, 4), "history");
  assertBits(parts, all, "history in parts");
});
