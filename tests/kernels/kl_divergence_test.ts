import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { klDivergence } from "../../kernels/kl_divergence/kl_divergence.ts";
import { klDivergenceOracle } from "../../kernels/kl_divergence/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

/** Logits of a base and of a model at some distance from it; row 0 has not moved. */
function problem(rows: number, stride: number, scale: number, distance: number) {
  const base = floats(`base ${rows} ${stride}`, rows * stride, scale);
  const moved = floats(`moved ${rows} ${stride}`, rows * stride, distance);
  return { base, tuned: base.map((x, i) => i < stride ? x : x + moved[i]) };
}

gpuTest("the divergence equals its definition, for vocabularies of any length", async (gpu) => {
  for (
    const [rows, vocabulary, stride] of [[1, 1, 4], [2, 3, 4], [7, 30, 36], [9, 64, 64], [17, 257, 260], [
      3,
      4099,
      4100,
    ]]
  ) {
    for (const [scale, distance] of [[1, 0.01], [3, 1], [40, 40]]) {
      const { base, tuned } = problem(rows, stride, scale, distance);
      const uniforms = { rows, vocabulary, stride };
      const actual = await runKernel(gpu, klDivergence, { base, tuned, divergences: new Float32Array(rows) }, uniforms);
      const label = `${rows} x ${vocabulary}, scale ${scale}, distance ${distance}: divergences`;
      assertBits(actual.divergences, klDivergenceOracle(base, tuned, uniforms), label);
    }
  }
});

Deno.test("the definition of the divergence agrees with f64", () => {
  const [rows, vocabulary, stride] = [5, 1001, 1004];
  for (const [scale, distance] of [[1, 0.01], [3, 1], [10, 10]]) {
    const { base, tuned } = problem(rows, stride, scale, distance);
    const logs = (x: Float32Array, row: number) => {
      const line = Float64Array.from(x.subarray(row * stride, row * stride + vocabulary));
      const highest = Math.max(...line);
      const total = Math.log(line.reduce((sum, value) => sum + Math.exp(value - highest), 0));
      return line.map((value) => value - highest - total);
    };
    klDivergenceOracle(base, tuned, { rows, vocabulary, stride }).forEach((divergence, row) => {
      const [p, q] = [logs(base, row), logs(tuned, row)];
      const truth = p.reduce((sum, value, i) => sum + Math.exp(value) * (value - q[i]), 0);
      assertAlmostEquals(divergence, truth, 1e-6 * (1 + truth));
    });
  }
});

Deno.test("the divergence is zero where nothing moved, and never negative", () => {
  const [rows, vocabulary, stride] = [50, 99, 100];
  const { base, tuned } = problem(rows, stride, 3, 1e-5);
  const divergences = klDivergenceOracle(base, tuned, { rows, vocabulary, stride });
  assertEquals(divergences[0], 0);
  assert(divergences.every((value) => value >= 0 && value < 1e-6));
});
