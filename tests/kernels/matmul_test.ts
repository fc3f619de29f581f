import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import {
  attentionKeyGradient,
  attentionQueryGradient,
  attentionScoreGradient,
  attentionScores,
  attentionValueGradient,
  attentionValues,
  linearForward,
  linearGated,
  linearGateGradient,
  linearInputGradient,
  linearRotated,
  linearWeightGradient,
} from "../../kernels/matmul/matmul.ts";
import { type LinearProduct, productKey, productTile, productTiles, type Tile } from "../../kernels/matmul/tile.ts";
import {
  attentionProductOracle,
  linearForwardOracle,
  linearInputGradientOracle,
  linearWeightGradientOracle,
} from "../../kernels/matmul/oracle.ts";
import { attentionScoreGradientOracle } from "../../kernels/attention/oracle.ts";
import type { Operands } from "../../kernels/numerics.ts";
import { imageType, matrixType } from "../../kernels/gpu/program.ts";
import { packOracle } from "../../kernels/pack/oracle.ts";
import { ropeOracle } from "../../kernels/rope/oracle.ts";
import { ropeTables } from "../../kernels/rope/rope.ts";
import { canRotate } from "../../kernels/rope/rotation.ts";
import { swigluBackwardOracle, swigluForwardOracle } from "../../kernels/swiglu/oracle.ts";
import { assertBits, floats, gpuTest, runKernel, unset } from "./gpu.ts";

const plain = { broadcast: false } as const;
/** Tiles for products whose A is stored by rows; any number of rows. */
const rowTiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 1, columns: 1, ...plain },
  { lanes: 8, groups: 1, rows: 4, columns: 2, ...plain },
  { lanes: 16, groups: 8, rows: 4, columns: 1, ...plain, aImage: true, bImage: true },
];
/** Tiles for any product. */
const tiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 4, columns: 1, ...plain },
  { lanes: 8, groups: 1, rows: 16, columns: 2, ...plain },
  { lanes: 16, groups: 8, rows: 4, columns: 1, ...plain },
];
const broadcastTiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 8, columns: 1, broadcast: true },
  { lanes: 8, groups: 2, rows: 8, columns: 1, broadcast: true },
  { lanes: 16, groups: 1, rows: 16, columns: 1, broadcast: true, bImage: true },
  { lanes: 8, groups: 2, rows: 32, columns: 1, broadcast: true, aImage: true, bImage: true },
  { lanes: 8, groups: 1, rows: 32, columns: 2, broadcast: true },
  { lanes: 8, groups: 1, rows: 8, columns: 1, broadcast: true, bImage: true },
  { lanes: 8, groups: 1, rows: 32, columns: 2, broadcast: true, aImage: true, bImage: true },
];

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

/** The expected result of each operand mode, from an oracle that fills `c`. */
function expectations(
  fill: (operands: Operands) => Float32Array<ArrayBuffer>,
): Record<Operands, Float32Array<ArrayBuffer>> {
  return { "12bit": fill("12bit"), f32: fill("f32"), bf16: fill("bf16") };
}

/** Every tile in the product's own arithmetic; one tile of each kind in the other operand modes. */
function variants(gpu: Gpu, base: Tile[]): { operands: Operands; tile: Tile }[] {
  const broadcast = broadcastTiles.filter(({ lanes, groups }) => lanes * groups === gpu.subgroupSize);
  const some = [base[1], ...broadcast.slice(1)];
  return [
    ...[...base, ...broadcast].map((tile) => ({ operands: "12bit" as const, tile })),
    ...some.map((tile) => ({ operands: "f32" as const, tile })),
    ...some.map((tile) => ({ operands: "bf16" as const, tile })),
  ];
}

const pad = (n: number) => Math.ceil(n / 4) * 4;
const describe = (tile: Tile) => JSON.stringify(tile);

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

/** Ragged sequences with their scores, and everything that attention's products read. */
function attentionProblem(lengths: number[], heads: number, keyValueHeads: number, headSize: number) {
  const width = (heads + 2 * keyValueHeads) * headSize;
  const sequences = new Uint32Array(lengths.length * 4);
  let [tokens, scores] = [0, 0];
  lengths.forEach((length, s) => {
    sequences.set([tokens, length, scores, pad(length)], s * 4);
    tokens += length;
    scores += heads * length * pad(length);
  });
  // Rows of scores as the softmax leaves them: zeros beyond the diagonal.
  const weights = floats("weights", scores);
  for (let s = 0; s < sequences.length; s += 4) {
    const [, length, start, stride] = sequences.subarray(s, s + 4);
    for (let row = 0; row < heads * length; row++) {
      weights.fill(0, start + row * stride + row % length + 1, start + (row + 1) * stride);
    }
  }
  const uniforms = { count: lengths.length, heads, keyValueHeads, headSize, width, longest: Math.max(...lengths) };
  return {
    uniforms,
    sequences,
    weights,
    queriesKeysValues: floats("queries, keys, values", tokens * width),
    mixed: floats("mixed", tokens * heads * headSize),
  };
}

/** Lengths, heads, key heads, columns of a head. */
const attentionShapes: [number[], number, number, number][] = [
  [[1], 1, 1, 4],
  [[5, 1, 67], 4, 2, 12],
  [[9, 34], 3, 1, 40],
];

const attentionKernels = {
  scores: [attentionScores, "queriesKeysValues", "queriesKeysValues", "weights"],
  values: [attentionValues, "weights", "queriesKeysValues", "mixed"],
  queryGradient: [attentionQueryGradient, "weights", "queriesKeysValues", "queriesKeysValues"],
  keyGradient: [attentionKeyGradient, "weights", "queriesKeysValues", "queriesKeysValues"],
  valueGradient: [attentionValueGradient, "weights", "mixed", "queriesKeysValues"],
} as const;

for (const product of Object.keys(attentionKernels) as (keyof typeof attentionKernels)[]) {
  gpuTest(
    `attention's product ${product} is the same for every tile, over ragged sequences and shared key heads`,
    async (gpu) => {
      const [makeKernel, aName, bName, cName] = attentionKernels[product];
      const byRows = product !== "keyGradient" && product !== "valueGradient";
      for (const [lengths, heads, keyValueHeads, headSize] of attentionShapes) {
        const problem = attentionProblem(lengths, heads, keyValueHeads, headSize);
        const { uniforms, sequences } = problem;
        const expected = expectations((operands) => {
          const c = unset(problem[cName].length);
          attentionProductOracle(product, problem[aName], problem[bName], c, sequences, uniforms, operands);
          return c;
        });
        for (const { operands, tile } of variants(gpu, byRows ? rowTiles : tiles)) {
          const bindings = {
            a: problem[aName],
            b: problem[bName],
            sequences,
            c: new Float32Array(problem[cName].length),
          };
          const { c } = await runKernel(gpu, makeKernel(operands, tile), bindings, uniforms);
          assertBits(
            c,
            expected[operands],
            `${lengths} ${heads}/${keyValueHeads}/${headSize} ${operands} ${describe(tile)}`,
          );
        }
      }
    },
  );
}

gpuTest(
  "the gradient of attention's scores is the same for every tile, and zero where a product may read on",
  async (gpu) => {
    const scale = Math.fround(0.3);
    for (const [lengths, heads, keyValueHeads, headSize] of attentionShapes) {
      const { uniforms, sequences, weights, mixed, queriesKeysValues } = attentionProblem(
        lengths,
        heads,
        keyValueHeads,
        headSize,
      );
      const deltas = floats("deltas", mixed.length / headSize);
      const expected = expectations((operands) => {
        const c = unset(weights.length);
        attentionProductOracle("weightGradient", mixed, queriesKeysValues, c, sequences, uniforms, operands);
        attentionScoreGradientOracle(c, { weights, deltas }, sequences, heads, scale);
        return c;
      });
      for (const { operands, tile } of variants(gpu, rowTiles)) {
        const c = floats("what was there", weights.length);
        const bindings = { a: mixed, b: queriesKeysValues, weights, deltas, sequences, c };
        const kernel = attentionScoreGradient(operands, tile);
        const actual = await runKernel(gpu, kernel, bindings, { ...uniforms, scale });
        const wanted = expected[operands].slice();
        // Zeros follow as far as the tiles reach that the diagonal crosses.
        const [high, wide] = [tile.rows * tile.groups, tile.lanes * tile.columns * 4];
        for (let s = 0; s < sequences.length; s += 4) {
          const [, tokens, start, stride] = sequences.subarray(s, s + 4);
          for (let i = 0; i < heads * tokens; i++) {
            const row = i % tokens;
            const last = Math.min(tokens, row - row % high + high);
            const end = Math.min(tokens, Math.ceil(last / wide) * wide);
            wanted.fill(0, start + i * stride + row + 1, start + i * stride + end);
          }
        }
        assertBits(actual.c, wanted, `${lengths} ${heads}/${keyValueHeads}/${headSize} ${operands} ${describe(tile)}`);
      }
    }
  },
);

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
