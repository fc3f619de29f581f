import { assertAlmostEquals, assertEquals } from "@std/assert";
import { combineCosine, gradientCosine } from "../../kernels/gradient_cosine/gradient_cosine.ts";
import { gradientCosineOracle } from "../../kernels/gradient_cosine/oracle.ts";
import { chunkCount } from "../../kernels/gradient_norm/gradient_norm.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

function pair(length: number) {
  const a = floats("a", length, 1e-3);
  const other = floats("other", length, 1e-3);
  return { a, b: a.map((value, i) => 0.5 * value + other[i]) };
}

gpuTest("sums of a gradient cosine equal their definition, for rows anywhere in a tensor", async (gpu) => {
  for (const length of [1, 70, 4096, 9001]) {
    const { a, b } = pair(length + 20);
    for (const start of [0, 8]) {
      const partials = new Float32Array((chunkCount(length) + 2) * 4).fill(7);
      const actual = await runKernel(gpu, gradientCosine, { a, b, partials }, { length, start, offset: 1 });
      const expected = gradientCosineOracle(a.subarray(start, start + length), b.subarray(start, start + length));
      assertBits(
        actual.partials,
        Float32Array.from([7, 7, 7, 7, ...expected, 7, 7, 7, 7]),
        `${length} elements from ${start}: partials`,
      );
    }
  }
});

gpuTest("products below 2^-110 do not count in a gradient cosine", async (gpu) => {
  const a = new Float32Array([1, 2, 1e-18, 1e-30, 1e-38]);
  const b = new Float32Array([3, 1e-38, 1e-18, 1, 1e-5]);
  const bindings = { a, b, partials: new Float32Array(4) };
  const { partials } = await runKernel(gpu, gradientCosine, bindings, { length: 5, start: 0, offset: 0 });
  assertBits(partials, gradientCosineOracle(a, b), "partials");
  assertEquals([...partials], [3, 5, 10, 0]);
});

Deno.test("the definition of the gradient cosine agrees with f64", () => {
  const { a, b } = pair(300000);
  const sum = (p: Float32Array, q: Float32Array) => p.reduce((total, value, i) => total + value * q[i], 0);
  const { dot, aSquares, bSquares, cosine } = combineCosine(gradientCosineOracle(a, b));
  assertAlmostEquals(dot / sum(a, b), 1, 1e-6);
  assertAlmostEquals(aSquares / sum(a, a), 1, 1e-6);
  assertAlmostEquals(bSquares / sum(b, b), 1, 1e-6);
  assertAlmostEquals(cosine!, sum(a, b) / Math.sqrt(sum(a, a) * sum(b, b)), 1e-6);
});

Deno.test("a gradient has cosine 1 with itself, -1 with its opposite, and none with zero", () => {
  const { a } = pair(5000);
  const cosineWith = (b: Float32Array) => combineCosine(gradientCosineOracle(a, b)).cosine;
  assertAlmostEquals(cosineWith(a)!, 1, 1e-12);
  assertAlmostEquals(cosineWith(a.map((value) => -2 * value))!, -1, 1e-12);
  assertEquals(cosineWith(new Float32Array(5000)), null);
});
