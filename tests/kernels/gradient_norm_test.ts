import { assertAlmostEquals, assertEquals } from "@std/assert";
import { accumulate } from "../../kernels/accumulate/accumulate.ts";
import { accumulateOracle } from "../../kernels/accumulate/oracle.ts";
import { chunkCount, gradientScale, squareSums } from "../../kernels/gradient_norm/gradient_norm.ts";
import { gradientScaleOracle, squareSumsOracle } from "../../kernels/gradient_norm/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

gpuTest("sums of squares equal their definition, for lengths that do and do not fill their chunks", async (gpu) => {
  for (const length of [1, 4, 63, 257, 4096, 4097, 40001]) {
    const gradient = floats("gradient", length, 1e-3);
    const count = chunkCount(length);
    const { partials } = await runKernel(
      gpu,
      squareSums,
      { gradient, partials: new Float32Array(count + 4).fill(7) },
      { length, offset: 3 },
    );
    assertBits(
      partials,
      Float32Array.from([7, 7, 7, ...squareSumsOracle(gradient), 7]),
      `${length} elements: partials`,
    );
  }
});

gpuTest("what lies beyond the length does not count, and neither do squares below 2^-110", async (gpu) => {
  const gradient = new Float32Array([1, 2, 1e-18, 1e-30, 1e-38, 99, 99, 99]);
  const { partials } = await runKernel(gpu, squareSums, { gradient, partials: new Float32Array(1) }, {
    length: 5,
    offset: 0,
  });
  assertBits(partials, squareSumsOracle(gradient.subarray(0, 5)), "partials");
  assertEquals(partials[0], 5);
});

gpuTest("norm and clipping factor equal their definition", async (gpu) => {
  for (const count of [1, 64, 65, 1000]) {
    for (const limit of [0, 1, 1000]) {
      const partials = floats("partials", count).map(Math.abs);
      const actual = await runKernel(gpu, gradientScale, {
        partials,
        scale: new Float32Array(1),
        history: new Float32Array([5, 6, 7, 8]),
      }, { count, slot: 1, limit });
      const { norm, scale } = gradientScaleOracle(partials, limit);
      assertBits(actual.history, Float32Array.of(5, norm, 7, 8), `${count} partials: norm`);
      assertBits(actual.scale, Float32Array.of(scale), `${count} partials, limit ${limit}: scale`);
    }
  }
});

gpuTest("a gradient of zeros has norm zero and is not scaled", async (gpu) => {
  const bindings = { partials: new Float32Array(9), scale: new Float32Array(1), history: new Float32Array(4) };
  const { scale, history } = await runKernel(gpu, gradientScale, bindings, { count: 9, slot: 0, limit: 1 });
  assertEquals([scale[0], history[0]], [1, 0]);
});

Deno.test("norm and clipping factor agree with f64", () => {
  const gradient = floats("gradient", 9999);
  const truth = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  const { norm, scale } = gradientScaleOracle(squareSumsOracle(gradient), 1);
  assertAlmostEquals(norm / truth, 1, 1e-6);
  assertAlmostEquals(scale * truth, 1, 1e-5);
});

gpuTest("accumulate adds element by element", async (gpu) => {
  for (const length of [4, 100, 1028]) {
    const source = floats("source", length);
    const expected = floats("total", length);
    const { total } = await runKernel(gpu, accumulate, { source, total: expected.slice() }, { length });
    accumulateOracle(source, expected);
    assertBits(total, expected, `${length} elements: total`);
  }
});
