import { assertAlmostEquals, assertEquals } from "@std/assert";
import { ropeOracle } from "../../kernels/rope/oracle.ts";
import { inverseFrequencies, rope, ropeTables } from "../../kernels/rope/rope.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

gpuTest("RoPE equals its definition in both directions, and leaves the other columns alone", async (gpu) => {
  for (const [rows, heads, headSize, rest] of [[1, 1, 8, 0], [5, 3, 16, 20], [70, 2, 64, 4]]) {
    const { cosines, sines } = ropeTables(200, headSize, 10000, null);
    const width = heads * headSize + rest;
    const positions = Uint32Array.from({ length: rows }, (_, row) => (row * 37) % 200);
    for (const direction of [1, -1]) {
      const expected = floats("x", rows * width);
      const shape = { width, heads, headSize, direction };
      const given = expected.slice();
      ropeOracle(expected, positions, cosines, sines, shape);
      for (const image of [false, true]) {
        const bindings = { positions, cosines, sines, x: given.slice(), ...(image ? { given } : {}) };
        const { x } = await runKernel(gpu, rope(image), bindings, { rows, ...shape });
        assertBits(x, expected, `${rows} x ${heads} x ${headSize}, direction ${direction}, image ${image}`);
      }
    }
  }
});

Deno.test("the definition of RoPE agrees with f64, and the backward rotation undoes the forward one", () => {
  const [heads, headSize, position] = [2, 16, 19];
  const { cosines, sines } = ropeTables(20, headSize, 10000, null);
  const x = floats("x", heads * headSize);
  const rotated = x.slice();
  const shape = { width: heads * headSize, heads, headSize };
  ropeOracle(rotated, [position], cosines, sines, { ...shape, direction: 1 });
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < headSize / 2; i++) {
      const angle = position * 10000 ** (-2 * i / headSize);
      const [a, b] = [x[h * headSize + i], x[h * headSize + i + headSize / 2]];
      assertAlmostEquals(rotated[h * headSize + i], a * Math.cos(angle) - b * Math.sin(angle), 1e-5);
      assertAlmostEquals(rotated[h * headSize + i + headSize / 2], b * Math.cos(angle) + a * Math.sin(angle), 1e-5);
    }
  }
  ropeOracle(rotated, [position], cosines, sines, { ...shape, direction: -1 });
  rotated.forEach((value, i) => assertAlmostEquals(value, x[i], 1e-6));
});

Deno.test("Llama 3's scaling keeps high frequencies, divides low ones, and blends between", () => {
  const scaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 };
  const plain = inverseFrequencies(128, 500000, null);
  const scaled = inverseFrequencies(128, 500000, scaling);
  plain.forEach((frequency, i) => {
    const wavelength = 2 * Math.PI / frequency;
    if (wavelength < 8192 / 4) assertEquals(scaled[i], frequency);
    else if (wavelength > 8192) assertEquals(scaled[i], Math.fround(frequency / 8));
    else assertEquals(scaled[i] < frequency && scaled[i] > frequency / 8, true);
  });
});
