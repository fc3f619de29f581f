import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dropout, dropoutUniforms } from "../../kernels/dropout/dropout.ts";
import { dropoutOracle, philoxOracle } from "../../kernels/dropout/oracle.ts";
import { philox, stream } from "../../training/random.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const key = [0xdeadbeef, 0x80000001];

/** Rows of ragged sequences: position of each row, and its sequence's number from `first`. */
function table(lengths: readonly number[], first = 0) {
  return {
    positions: Uint32Array.from(lengths.flatMap((length) => Array.from({ length }, (_, i) => i))),
    numbers: Uint32Array.from(lengths.flatMap((length, s) => new Array(length).fill(first + s))),
  };
}

Deno.test("the definition's Philox is that of the random streams", () => {
  const random = stream(4, "counters");
  const words = (n: number) => Array.from({ length: n }, () => random.u32());
  for (const counter of [[0, 0, 0, 0], new Array(4).fill(0xffffffff), ...Array.from({ length: 50 }, () => words(4))]) {
    for (const k of [[0, 0], [0xffffffff, 0xffffffff], words(2)]) {
      assertEquals(philoxOracle(counter, k), [...philox(counter, k)]);
    }
  }
});

gpuTest("dropout equals its definition, with and without a residual", async (gpu) => {
  for (const [lengths, width] of [[[1], 4], [[3, 1, 7], 12], [[60, 2, 33], 20], [[130], 256]] as const) {
    const { positions, numbers } = table(lengths, 5);
    const rows = positions.length;
    const x = floats("x", rows * width);
    const addend = floats("addend", rows * width);
    for (const rate of [0, 0.1, 0.75]) {
      const uniforms = { rows, width, ...dropoutUniforms(rate, key), layer: 3, step: 0x9abcdef0 };
      const old = { y: floats("old", rows * width) };
      const label = `${rows} x ${width}, rate ${rate}`;
      const plain = await runKernel(gpu, dropout(false), { x, positions, numbers, ...old }, uniforms);
      assertBits(plain.y, dropoutOracle({ x, positions, numbers }, uniforms), label);
      const sum = await runKernel(gpu, dropout(true), { x, addend, positions, numbers, ...old }, uniforms);
      assertBits(sum.y, dropoutOracle({ x, addend, positions, numbers }, uniforms), `${label}, residual`);
    }
  }
});

gpuTest("dropout's mask is the same for any cut into micro-batches", async (gpu) => {
  const [width, lengths] = [8, [5, 9, 2]];
  const drop = async (part: readonly number[], first: number) => {
    const { positions, numbers } = table(part, first);
    const rows = positions.length;
    const bindings = {
      x: new Float32Array(rows * width).fill(1),
      positions,
      numbers,
      y: new Float32Array(rows * width),
    };
    const uniforms = { rows, width, ...dropoutUniforms(0.5, key), layer: 0, step: 1 };
    return [...(await runKernel(gpu, dropout(false), bindings, uniforms)).y];
  };
  const whole = await drop(lengths, 0);
  assertEquals([...await drop(lengths.slice(0, 1), 0), ...await drop(lengths.slice(1), 1)], whole);
});

Deno.test("dropout keeps its share and its mean, and its gradient has the same mask", () => {
  const { positions, numbers } = table([100, 57]);
  const [rows, width, rate] = [157, 64, 0.1];
  const masks = [[0, 1], [1, 1], [0, 2]].map(([layer, step]) => {
    const uniforms = { rows, width, ...dropoutUniforms(rate, key), layer, step };
    const x = floats("x", rows * width).map((value) => value === 0 ? 1 : value);
    const y = dropoutOracle({ x, positions, numbers }, uniforms);
    const gradient = dropoutOracle({ x: new Float32Array(rows * width).fill(1), positions, numbers }, uniforms);
    y.forEach((value, i) => assertAlmostEquals(gradient[i], value / x[i], 1e-6));
    const kept = gradient.filter((value) => value > 0);
    assertEquals([...new Set(kept)], [Math.fround(1 / (1 - rate))]);
    assertAlmostEquals(kept.length / (rows * width), 1 - rate, 0.01);
    return gradient.map(Math.sign).join("");
  });
  assertEquals(new Set(masks).size, 3, "layers and steps have masks of their own");
});

Deno.test("a dropout rate out of range is an error", () => {
  for (const rate of [-0.1, 1, NaN]) {
    assertThrows(
      () => dropoutUniforms(rate, key),
      Error,
      `dropout rate ${rate} is not valid: give a number from 0 up to but not 1`,
    );
  }
});
