import { assertEquals } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { imageType, matrixType } from "../../kernels/gpu/program.ts";
import {
  attentionKeyGradient,
  attentionQueryGradient,
  linearGated,
  linearGateGradient,
  linearRotated,
} from "../../kernels/matmul/matmul.ts";
import { attentionProductOracle, linearForwardOracle, linearInputGradientOracle } from "../../kernels/matmul/oracle.ts";
import type { Tile } from "../../kernels/matmul/tile.ts";
import { packOracle } from "../../kernels/pack/oracle.ts";
import { ropeOracle } from "../../kernels/rope/oracle.ts";
import { ropeTables } from "../../kernels/rope/rope.ts";
import { canRotate } from "../../kernels/rope/rotation.ts";
import { swigluBackwardOracle, swigluForwardOracle } from "../../kernels/swiglu/oracle.ts";
import { assertBits, floats, gpuTest, runKernel, unset } from "./gpu.ts";
import { attentionProblem, describe, expectations, pad, rowTiles, variants } from "./products.ts";

gpuTest("a linear layer with gates is SwiGLU of its outputs, kept or not, the same for every tile", async (gpu) => {
  for (const [rows, columns, depth] of [[1, 4, 4], [3, 36, 5], [33, 72, 130]]) {
    const stride = pad(depth);
    const [a, b] = [floats("a", rows * stride, 4), floats("b", 2 * columns * stride)];
    const shape = { rows, columns, depth, aStride: stride, bStride: stride, cStride: columns, twin: columns };
    const kept = expectations((operands) => {
      const gateUp = unset(rows * 2 * columns);
      const whole = { ...shape, columns: 2 * columns, cStride: 2 * columns };
      linearForwardOracle(a, b, gateUp, whole, operands);
      return gateUp;
    });
    for (const { operands, tile } of variants(gpu, rowTiles)) {
      const expected = swigluForwardOracle(kept[operands], columns);
      const label = `${rows} x ${columns} x ${depth} ${operands} ${describe(tile)}`;
      for (const keeps of [false, true]) {
        const bindings = {
          a,
          b,
          c: new Float32Array(rows * columns),
          ...(keeps ? { gateUp: new Float32Array(rows * 2 * columns) } : {}),
        };
        const { c, gateUp } = await runKernel(gpu, linearGated(operands, tile, keeps), bindings, shape);
        if (operands === "bf16" && !tile.bImage) {
          const kernel = linearGated(operands, tile, keeps, true);
          const packed = await runKernel(gpu, kernel, { ...bindings, b: packOracle(b) }, shape);
          assertBits(packed.c, c, "packed weights");
        }
        assertBits(c, expected, label);
        if (keeps) assertBits(gateUp, kept[operands], `${label}: kept`);
      }
    }
  }
});

gpuTest("the input gradient of a linear layer becomes that of gates, the same for every tile", async (gpu) => {
  for (const [rows, columns, depth] of [[1, 4, 4], [3, 36, 5], [33, 72, 130]]) {
    const shape = { rows, columns, depth, aStride: pad(depth), bStride: columns, cStride: columns };
    const [a, b] = [floats("a", rows * shape.aStride), floats("b", depth * columns)];
    const gateUp = floats("gate and up", rows * 2 * columns, 4);
    gateUp.set([0, -0, 70, -70]);
    const expected = expectations((operands) => {
      const gradient = unset(rows * columns);
      linearInputGradientOracle(a, b, gradient, shape, operands);
      return swigluBackwardOracle(gateUp, gradient, columns);
    });
    for (const { operands, tile } of variants(gpu, rowTiles)) {
      const bindings = { a, b, gateUp, c: new Float32Array(rows * 2 * columns) };
      const uniforms = { ...shape, cStride: 2 * columns };
      const { c } = await runKernel(gpu, linearGateGradient(operands, tile), bindings, uniforms);
      if (operands === "bf16" && !tile.bImage) {
        const kernel = linearGateGradient(operands, tile, true);
        assertBits((await runKernel(gpu, kernel, { ...bindings, b: packOracle(b) }, uniforms)).c, c, "packed weights");
      }
      assertBits(c, expected[operands], `${rows} x ${columns} x ${depth} ${operands} ${describe(tile)}`);
    }
  }
});

/** Tiles for heads of this size whose lanes can rotate what they make. */
function rotating(gpu: Gpu, headSize: number): Tile[] {
  const [lanes, half] = [gpu.subgroupSize, headSize / 8];
  const tiles: Tile[] = [
    { lanes, groups: 1, rows: 32, columns: 2, broadcast: true, aImage: true, bImage: true },
    { lanes, groups: 1, rows: lanes, columns: 1, broadcast: true },
    { lanes: lanes / 2, groups: 2, rows: 8, columns: 1, broadcast: true },
  ];
  const known = tiles.filter((tile) => lanes > 0 && canRotate(tile, headSize));
  // Heads of 32 are the embedded model's: whatever tile its products take must be among these.
  assertEquals(known.length > 0 || lanes < 8 || half > lanes, true);
  return known;
}

gpuTest("a linear layer's output, and gradients of queries and keys, are rotated where they are made", async (gpu) => {
  const positionsOf = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => (row * 37) % 200);
  for (const headSize of [8, 32, 64]) {
    const tables = ropeTables(200, headSize, 10000, null);
    for (const tile of rotating(gpu, headSize)) {
      const turn = { headSize, table: tile.aImage ? imageType : matrixType };
      const [rows, heads, rest, depth] = [21, 3, 12, 20];
      const columns = heads * headSize + rest;
      const shape = { rows, columns, depth, aStride: depth, bStride: depth, cStride: columns };
      const [a, b] = [floats("a", rows * depth), floats("b", columns * depth)];
      const positions = positionsOf(rows);
      const turned = { width: columns, heads, headSize, direction: 1 };
      for (const operands of ["12bit", "f32"] as const) {
        const expected = unset(rows * columns);
        linearForwardOracle(a, b, expected, shape, operands);
        ropeOracle(expected, positions, tables.cosines, tables.sines, turned);
        const bindings = { a, b, positions, ...tables, c: new Float32Array(rows * columns) };
        const uniforms = { ...shape, rotated: heads * headSize, direction: 1 };
        const { c } = await runKernel(gpu, linearRotated(operands, tile, turn), bindings, uniforms);
        assertBits(c, expected, `heads of ${headSize} ${operands} ${describe(tile)}`);
      }
      const { uniforms, sequences, weights, queriesKeysValues } = attentionProblem([5, 34], 4, 2, headSize);
      const places = positionsOf(39);
      for (
        const [product, make, first, turning] of [
          ["queryGradient", attentionQueryGradient, 0, 4],
          ["keyGradient", attentionKeyGradient, 4, 2],
        ] as const
      ) {
        const expected = unset(queriesKeysValues.length);
        attentionProductOracle(product, weights, queriesKeysValues, expected, sequences, uniforms, "12bit");
        const { width } = uniforms;
        const offset = first * headSize;
        const turned = { width, heads: turning, headSize, direction: -1 };
        ropeOracle(expected.subarray(offset), places, tables.cosines, tables.sines, turned);
        const bindings = {
          a: weights,
          b: queriesKeysValues,
          sequences,
          positions: places,
          ...tables,
          c: new Float32Array(expected.length),
        };
        const { c } = await runKernel(gpu, make("12bit", tile, turn), bindings, {
          ...uniforms,
          rotated: headSize,
          direction: -1,
        });
        assertBits(c, expected, `${product} heads of ${headSize} ${describe(tile)}`);
      }
    }
  }
});
