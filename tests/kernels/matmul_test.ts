import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "../../kernels/matmul/matmul.ts";
import { type LinearProduct, productKey, productTile, productTiles, type Tile } from "../../kernels/matmul/tile.ts";
import {
  linearForwardOracle,
  linearInputGradientOracle,
  linearWeightGradientOracle,
} from "../../kernels/matmul/oracle.ts";
import { packOracle } from "../../kernels/pack/oracle.ts";
import { assertBits, floats, gpuTest, runKernel, unset } from "./gpu.ts";
import { describe, expectations, pad, rowTiles, tiles, variants } from "./products.ts";

/** Adapters whose rules and candidates differ: a GPU, and software with two sizes of subgroup. */
const adapters = [[false, 32], [true, 8], [true, 16], [true, 4]].map(([software, subgroupSize]) => ({
  adapter: { vendor: "", architecture: "", device: "", description: "", software: software as boolean },
  subgroupSize: subgroupSize as number,
}));

/** Every tile that a tuner may choose for a kind of product and that this adapter can run. */
function candidates(gpu: Gpu, kind: LinearProduct["kind"]): Tile[] {
  const tiles = adapters.flatMap((adapter) =>
    [32, 704].flatMap((columns) => [...productTiles(adapter, { kind, rows: 2048, columns, depth: 2048 })])
  );
  const distinct = new Map(tiles.map((tile) => [describe(tile), tile]));
  return [...distinct.values()].filter(({ broadcast, lanes, groups }) =>
    !broadcast || gpu.subgroupSize === lanes * groups
  );
}

/** rows, columns, depth. */
const shapes = [[1, 4, 4], [3, 37, 5], [5, 64, 33], [33, 6, 130], [70, 70, 12]];

gpuTest("every tile that a tuner may choose gives the bits of the definition", async (gpu) => {
  const [rows, columns, depth] = [70, 44, 36];
  const [a, b] = [floats("a", rows * depth), floats("b", columns * depth)];
  const before = floats("before", rows * columns);
  const sequences = Uint32Array.of(0, 5, 0, 0, 5, depth - 5, 0, 0);
  const strides = (aStride: number, bStride: number) => ({ rows, columns, aStride, bStride, cStride: columns });
  const cases = {
    forward: { ...strides(depth, depth), depth },
    inputGradient: { ...strides(depth, columns), depth },
    // Rows of A must be whole vec4s.
    weightGradient: { ...strides(72, columns), count: 2 },
  };
  const kernels = {
    forward: (tile: Tile) => linearForward("12bit", tile, "store"),
    inputGradient: (tile: Tile) => linearInputGradient("12bit", tile),
    weightGradient: (tile: Tile) => linearWeightGradient("12bit", tile),
  };
  const wide = floats("wide", depth * 72);
  const expected = {
    forward: unset(rows * columns),
    inputGradient: unset(rows * columns),
    weightGradient: before.slice(),
  };
  linearForwardOracle(a, b, expected.forward, cases.forward, "12bit");
  linearInputGradientOracle(a, b, expected.inputGradient, cases.inputGradient, "12bit");
  linearWeightGradientOracle(wide, b, expected.weightGradient, sequences, cases.weightGradient, "12bit");
  for (const kind of ["forward", "inputGradient", "weightGradient"] as const) {
    for (const tile of candidates(gpu, kind)) {
      const c = before.slice();
      const kernel = kernels[kind](tile);
      const bindings = kind === "weightGradient" ? { a: wide, b, c, sequences } : { a, b, c };
      const result = await runKernel(gpu, kernel, bindings, cases[kind]);
      assertBits(result.c, expected[kind], `${kind} ${describe(tile)}`);
    }
  }
});

gpuTest("a measured choice replaces the rules' tile, and one that is no candidate does not", (gpu) => {
  const product = { kind: "forward", rows: 1500, columns: 704, depth: 128 } as const;
  const tiles = productTiles(gpu, product);
  const tuned = (choice: string) =>
    productTile(
      {
        ...gpu,
        tuning: { choices: new Map([[productKey(product, "12bit"), choice]]), file: null, owner: "", budget: 0 },
      },
      product,
      "12bit",
    );
  assertEquals(productTile(gpu, product, "12bit"), tiles[0]);
  assertEquals(tuned(describe(tiles[1])), tiles[1]);
  assertEquals(tuned("{}"), tiles[0]);
  assertEquals(productKey(product, "12bit"), productKey({ ...product, rows: 2048 }, "12bit"));
});

gpuTest("a linear layer's output is the same for every tile, with and without a residual", async (gpu) => {
  for (const [rows, columns, depth] of shapes) {
    const [aStride, bStride, cStride] = [pad(depth), pad(depth) + 4, pad(columns)];
    const a = floats("a", rows * aStride);
    const b = floats("b", columns * bStride);
    const addend = floats("addend", rows * cStride);
    const shape = { rows, columns, depth, aStride, bStride, cStride };
    const filled = (addend?: Float32Array) =>
      expectations((operands) => {
        const c = unset(rows * cStride);
        linearForwardOracle(a, b, c, shape, operands, addend);
        return c;
      });
    const expected = { store: filled(), residual: filled(addend) };
    for (const { operands, tile } of variants(gpu, rowTiles)) {
      for (const epilogue of ["store", "residual"] as const) {
        const bindings = { a, b, ...(epilogue === "residual" ? { addend } : {}), c: new Float32Array(rows * cStride) };
        const { c } = await runKernel(gpu, linearForward(operands, tile, epilogue), bindings, shape);
        if (operands === "bf16" && !tile.bImage) {
          const kernel = linearForward(operands, tile, epilogue, true);
          const packed = await runKernel(gpu, kernel, { ...bindings, b: packOracle(b) }, shape);
          assertBits(packed.c, c, "packed weights");
        }
        const label = `${rows} x ${columns} x ${depth} ${epilogue} ${operands} ${describe(tile)}`;
        assertBits(c, expected[epilogue][operands], label);
      }
    }
  }
});

gpuTest("a linear layer's input gradient is the same for every tile", async (gpu) => {
  for (const [rows, columns, depth] of shapes) {
    const [aStride, bStride, cStride] = [pad(depth), pad(columns) + 4, pad(columns)];
    const a = floats("a", rows * aStride);
    const b = floats("b", depth * bStride);
    const shape = { rows, columns, depth, aStride, bStride, cStride };
    const expected = expectations((operands) => {
      const c = unset(rows * cStride);
      linearInputGradientOracle(a, b, c, shape, operands);
      return c;
    });
    for (const { operands, tile } of variants(gpu, rowTiles)) {
      const bindings = { a, b, c: new Float32Array(rows * cStride) };
      const { c } = await runKernel(gpu, linearInputGradient(operands, tile), bindings, shape);
      if (operands === "bf16" && !tile.bImage) {
        const kernel = linearInputGradient(operands, tile, true);
        assertBits((await runKernel(gpu, kernel, { ...bindings, b: packOracle(b) }, shape)).c, c, "packed weights");
      }
      assertBits(c, expected[operands], `${rows} x ${columns} x ${depth} ${operands} ${describe(tile)}`);
    }
  }
});

gpuTest("a linear layer's weight gradient adds sequence by sequence, the same for every tile", async (gpu) => {
  for (const [rows, columns] of [[1, 4], [7, 37], [38, 70]]) {
    for (const lengths of [[1], [5, 1, 66]]) {
      const [aStride, bStride, cStride] = [pad(rows) + 4, pad(columns), pad(columns)];
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      const a = floats("a", tokens * aStride);
      const b = floats("b", tokens * bStride);
      const before = floats("before", rows * cStride);
      let first = 0;
      const sequences = Uint32Array.from(lengths.flatMap((length) => [(first += length) - length, length, 0, 0]));
      const shape = { rows, columns, aStride, bStride, cStride };
      const expected = expectations((operands) => {
        const c = before.slice();
        for (let m = 0; m < rows; m++) c.fill(NaN, m * cStride + columns, (m + 1) * cStride);
        linearWeightGradientOracle(a, b, c, sequences, shape, operands);
        return c;
      });
      for (const { operands, tile } of variants(gpu, tiles)) {
        const kernel = linearWeightGradient(operands, tile);
        const { c } = await runKernel(gpu, kernel, { a, b, sequences, c: before.slice() }, {
          ...shape,
          count: lengths.length,
        });
        assertBits(c, expected[operands], `${rows} x ${columns} of ${lengths} ${operands} ${describe(tile)}`);
      }
    }
  }
});

Deno.test("the definition of a product agrees with f64, and rounding to 12 bits costs what it says", () => {
  const [rows, columns, depth] = [5, 7, 96];
  const a = floats("a", rows * depth);
  const b = floats("b", columns * depth);
  const shape = { rows, columns, depth, aStride: depth, bStride: depth, cStride: columns };
  for (const [operands, tolerance] of [["f32", 2 ** -22], ["12bit", 2 ** -12], ["bf16", 2 ** -8]] as const) {
    const c = unset(rows * columns);
    linearForwardOracle(a, b, c, shape, operands);
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        const terms = Array.from({ length: depth }, (_, k) => a[m * depth + k] * b[n * depth + k]);
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        assertAlmostEquals(c[m * columns + n], terms.reduce((sum, term) => sum + term, 0), 2 * tolerance * size);
      }
    }
  }
});

Deno.test("gradients of a linear layer are the derivatives of its output", () => {
  const [rows, columns, depth] = [3, 4, 8];
  const x = floats("x", rows * depth);
  const w = floats("w", columns * depth);
  const g = floats("g", rows * columns);
  const loss = (x: ArrayLike<number>, w: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < rows * columns * depth; i++) {
      const [m, n, k] = [Math.floor(i / (columns * depth)), Math.floor(i / depth) % columns, i % depth];
      sum += g[m * columns + n] * x[m * depth + k] * w[n * depth + k];
    }
    return sum;
  };
  const dx = unset(rows * depth);
  const dw = new Float32Array(columns * depth);
  linearInputGradientOracle(g, w, dx, {
    rows,
    columns: depth,
    depth: columns,
    aStride: columns,
    bStride: depth,
    cStride: depth,
  }, "f32");
  linearWeightGradientOracle(g, x, dw, [0, rows, 0, 0], {
    rows: columns,
    columns: depth,
    aStride: columns,
    bStride: depth,
    cStride: depth,
  }, "f32");
  const moved = (array: Float32Array, i: number, by: number) =>
    Float64Array.from(array, (v, j) => i === j ? v + by : v);
  dx.forEach((d, i) => assertAlmostEquals(d, loss(moved(x, i, 1), w) - loss(x, w), 1e-5));
  dw.forEach((d, i) => assertAlmostEquals(d, loss(x, moved(w, i, 1)) - loss(x, w), 1e-5));
});
