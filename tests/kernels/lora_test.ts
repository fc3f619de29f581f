import { assertAlmostEquals } from "@std/assert";
import { loraBlocks, loraMerge, loraScale, noBlock } from "../../kernels/lora/lora.ts";
import { loraBlocksOracle, loraMergeOracle, loraScaleOracle } from "../../kernels/lora/oracle.ts";
import {
  linearForwardOracle,
  linearInputGradientOracle,
  linearWeightGradientOracle,
} from "../../kernels/matmul/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

gpuTest("scaling and merging equal their definitions", async (gpu) => {
  const scale = Math.fround(1.7);
  for (const length of [4, 100, 1028]) {
    const x = floats("x", length).map((value, i) => i === 1 ? 1e-38 : value);
    const scaled = await runKernel(gpu, loraScale, { x }, { length, scale });
    const expected = x.slice();
    loraScaleOracle(expected, scale);
    assertBits(scaled.x, expected, `${length} elements: x`);
    const base = floats("base", length);
    const bindings = { base, delta: x, merged: floats("old", length) };
    const { merged } = await runKernel(gpu, loraMerge, bindings, { length, scale });
    assertBits(merged, loraMergeOracle(base, x, scale), `${length} elements: merged`);
  }
});

gpuTest("the gradient of a stacked weight stays within each row's block", async (gpu) => {
  for (const [rows, width, rank] of [[1, 4, 2], [9, 8, 3], [50, 12, 4], [67, 4, 1]]) {
    const blocks = Uint32Array.from({ length: rows }, (_, row) => row % 4 === 3 ? noBlock : row % 4);
    const gradient = floats("gradient", rows * width);
    const actual = await runKernel(gpu, loraBlocks, { blocks, gradient }, { rows, width, rank });
    loraBlocksOracle(gradient, blocks, width, rank);
    assertBits(actual.gradient, gradient, `${rows} x ${width}, rank ${rank}: gradient`);
  }
});

Deno.test("the steps of low-rank adaptation give its value, its gradients in f64, and those of the merged weight", () => {
  const [tokens, inputs, outputs, rank, scale] = [6, 8, 12, 4, 1.5];
  const x = floats("x", tokens * inputs);
  const w = floats("w", outputs * inputs);
  const a = floats("a", rank * inputs);
  const b = floats("b", outputs * rank);
  const dy = floats("dy", tokens * outputs);
  const value = (p: { x: Float64Array; a: Float64Array; b: Float64Array }) => {
    let sum = 0;
    for (let t = 0; t < tokens; t++) {
      const h = Array.from(
        { length: rank },
        (_, r) =>
          scale * a.reduce((total, _, i) => i < inputs ? total + p.x[t * inputs + i] * p.a[r * inputs + i] : total, 0),
      );
      for (let o = 0; o < outputs; o++) {
        let y = 0;
        for (let i = 0; i < inputs; i++) y += p.x[t * inputs + i] * w[o * inputs + i];
        for (let r = 0; r < rank; r++) y += h[r] * p.b[o * rank + r];
        sum += y * dy[t * outputs + o];
      }
    }
    return sum;
  };
  const point = { x: Float64Array.from(x), a: Float64Array.from(a), b: Float64Array.from(b) };
  // The value is a polynomial of degree one in each number, so central differences are exact but for rounding.
  const derivative = (name: keyof typeof point, i: number) => {
    const moved = (by: number) => value({ ...point, [name]: point[name].map((v, j) => j === i ? v + by : v) });
    return (moved(1) - moved(-1)) / 2;
  };

  const forward = (left: Float32Array, weight: Float32Array, rows: number, columns: number, depth: number) => {
    const c = new Float32Array(rows * columns);
    const shape = { rows, columns, depth, aStride: depth, bStride: depth, cStride: columns };
    linearForwardOracle(left, weight, c, shape, "f32");
    return c;
  };
  const backward = (left: Float32Array, weight: Float32Array, rows: number, columns: number, depth: number) => {
    const c = new Float32Array(rows * columns);
    const shape = { rows, columns, depth, aStride: depth, bStride: columns, cStride: columns };
    linearInputGradientOracle(left, weight, c, shape, "f32");
    return c;
  };
  const ofWeight = (left: Float32Array, right: Float32Array, rows: number, columns: number) => {
    const c = new Float32Array(rows * columns);
    const shape = { rows, columns, aStride: rows, bStride: columns, cStride: columns };
    linearWeightGradientOracle(left, right, c, [0, tokens, 0, 0], shape, "f32");
    return c;
  };
  const h = forward(x, a, tokens, rank, inputs);
  loraScaleOracle(h, scale);
  const added = forward(h, b, tokens, outputs, rank);
  const db = ofWeight(dy, h, outputs, rank);
  const dh = backward(dy, b, tokens, rank, outputs);
  loraScaleOracle(dh, scale);
  const da = ofWeight(dh, x, rank, inputs);
  const dxPart = backward(dh, a, tokens, inputs, rank);
  const dx = backward(dy, w, tokens, inputs, outputs).map((v, i) => v + dxPart[i]);
  for (const [name, gradient] of [["x", dx], ["a", da], ["b", db]] as const) {
    gradient.forEach((g, i) => assertAlmostEquals(g, derivative(name, i), 1e-4));
  }

  const merged = loraMergeOracle(w, backward(b, a, outputs, inputs, rank), scale);
  const plain = forward(x, w, tokens, outputs, inputs);
  forward(x, merged, tokens, outputs, inputs).forEach((y, i) => assertAlmostEquals(y, plain[i] + added[i], 1e-4));
});
