/**
 * Matrix products. One definition serves linear layers, their gradients, and attention's four products:
 *
 *     C[m][n] = sum over segments s, in order, of ( sum over k ascending, from zero, of A_s[m][k] * B_s[k][n] )
 *
 * Operands are rounded on load (numerics.wgsl `round12`), products are exact, sums are f32. The order belongs to the definition: tile
 * shape, workgroup size and how operands reach the lanes are free, and every choice gives the same bits.
 *
 * The body is written out by this file, because unrolled scalar code is what compilers handle best. Lanes of a workgroup run along
 * output columns, each lane holds `rows` x `columns` vec4 of accumulators, and k advances by 4.
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { imageType, type Kernel, type Uniforms } from "../gpu/program.ts";
import { type Operands, operandWgsl } from "../numerics.ts";

/** How a kernel spreads a product over lanes. Any tile gives the same bits. */
export interface Tile {
  /** Lanes along output columns. */
  readonly lanes: number;
  /** Groups of rows in a workgroup. */
  readonly groups: number;
  /** Rows of a lane; a multiple of 4, of `lanes` where `broadcast`, or 1 (then A is stored by rows). */
  readonly rows: number;
  /** vec4 columns of a lane. */
  readonly columns: number;
  /** A's values are loaded by one lane each and handed round the subgroup, which must have exactly the tile's lanes: 1 or 2 groups. */
  readonly broadcast: boolean;
  /** A is read from an image. */
  readonly aImage?: boolean;
  /** B is read from an image, which is never packed. */
  readonly bImage?: boolean;
}

/** Tile for products with `rows` rows at most and `columns` columns on this adapter. */
export function chooseTile(gpu: Pick<Gpu, "adapter" | "subgroupSize">, rows: number, columns: number): Tile {
  const { adapter: { software }, subgroupSize } = gpu;
  // A software adapter's subgroup is one vector register, so lanes beyond it gain nothing and lanes below it are lost.
  const lanes = software && subgroupSize === 16 ? 16 : 8;
  if (rows < 4) return { lanes: software ? lanes : 32, groups: 1, rows: 1, columns: 1, broadcast: false };
  const narrow = columns <= 4 * lanes;
  if (lanes === 16 && columns <= 32 && rows >= 8) {
    // Two groups of rows share the register: one of columns would leave half of it idle.
    const rowsOfGroup = rows >= 64 ? 32 : rows >= 32 ? 16 : 8;
    return { lanes: 8, groups: 2, rows: rowsOfGroup, columns: 1, broadcast: true };
  }
  if (software && subgroupSize === lanes && rows >= 8) {
    const tall = rows >= 32 ? 32 : rows >= 16 ? 16 : lanes;
    return { lanes, groups: 1, rows: tall, columns: narrow ? 1 : 2, broadcast: true };
  }
  if (software) return { lanes, groups: 1, rows: rows >= 16 ? 16 : 4, columns: narrow ? 1 : 2, broadcast: false };
  return { lanes: 16, groups: rows >= 32 ? 8 : 1, rows: 4, columns: 1, broadcast: false };
}

/** A product of a linear layer over many rows, as far as its speed goes. For a weight's gradient, `depth` counts tokens. */
export interface LinearProduct {
  readonly kind: "forward" | "inputGradient" | "weightGradient";
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** Tokens of a product. */
const tokensOf = ({ kind, rows, depth }: LinearProduct) => kind === "weightGradient" ? depth : rows;

/** What a measured choice is kept under: products that share it differ in the number of tokens, within a power of two. */
export function productKey(product: LinearProduct, operands: Operands): string {
  const bucket = `2^${Math.ceil(Math.log2(Math.max(1, tokensOf(product))))}`;
  const { kind, rows, columns, depth } = product;
  return kind === "weightGradient"
    ? `${kind} ${operands} ${rows} x ${columns} x ${bucket}`
    : `${kind} ${operands} ${bucket} x ${columns} x ${depth}`;
}

/**
 * Tiles worth trying for a product on this adapter; the first is what rules say. A load from a storage buffer takes lavapipe several
 * times as long as one from a texture, so with many tokens its rules read images.
 */
export function productTiles(gpu: Pick<Gpu, "adapter" | "subgroupSize">, product: LinearProduct): readonly Tile[] {
  const { kind, rows, columns } = product;
  const rule = chooseTile(gpu, rows, columns);
  if (tokensOf(product) < 256) return [rule];
  const images = kind === "forward" ? { bImage: true } : { aImage: true, bImage: true };
  if (!gpu.adapter.software) {
    return [rule, { ...rule, groups: 16 }, { ...rule, groups: 4, rows: 8 }, { ...rule, lanes: 8, rows: 8, columns: 2 }];
  }
  if (!rule.broadcast) return [rule, { ...rule, ...images }, { ...rule, rows: 8 }];
  return [{ ...rule, ...images }, rule, { ...rule, ...images, columns: 1 }];
}

/** The tile of a product: the measured choice where there is one, else what rules say. */
export function productTile(gpu: Gpu, product: LinearProduct, operands: Operands): Tile {
  const tiles = productTiles(gpu, product);
  const chosen = gpu.tuning?.choices.get(productKey(product, operands));
  return tiles.find((tile) => JSON.stringify(tile) === chosen) ?? tiles[0];
}

/** What is multiplied: where its pieces lie in the buffers, as WGSL statements. */
interface Problem {
  /** Bindings beside `a`, `b` and the output. */
  readonly tables: Readonly<Record<string, string>>;
  readonly uniforms: Readonly<Record<string, "u32" | "f32">>;
  /**
   * Defines rowCount, columnCount, cBase, cStride, segmentCount from `item` (workgroup_id.z); all offsets in elements.
   */
  readonly locate: string;
  /** Defines aBase, bBase, aStride, bStride, kStart, kEnd of `segment`; may use rowStart and rowEnd of the workgroup's tile. */
  readonly segment: string;
  /** More than one segment can occur; `accumulate` adds them one by one. */
  readonly segmented: boolean;
  /** Columns beyond the last row of a tile are not wanted (causal scores). */
  readonly causalOutput: boolean;
  /** Number of items, from the uniforms. */
  readonly items: (uniforms: Uniforms) => number;
  /** Largest rowCount and columnCount, from the uniforms. */
  readonly extent: (uniforms: Uniforms) => readonly [number, number];
}

/** How operands lie in memory: `row` is [m][k] for A and [k][n] for B; `column` is [k][m] for A and [n][k] for B. */
type Layout = "row" | "column";

/** What happens to the result: `store` C = AB, `accumulate` C = C + AB, `residual` C = addend + AB. */
export type Epilogue = "store" | "accumulate" | "residual";

function bodyWgsl(
  problem: Problem,
  aLayout: Layout,
  bLayout: Layout,
  epilogue: Epilogue,
  operands: Operands,
  tile: Tile,
  packed: boolean,
): string {
  const { lanes, groups, rows, columns, broadcast } = tile;
  const rowList = Array.from({ length: rows }, (_, i) => i);
  const columnList = Array.from({ length: columns }, (_, j) => j);
  const component = ["x", "y", "z", "w"];
  const lines: string[] = [];
  const emit = (text: string) => lines.push(text);

  emit(operandWgsl(operands));
  if (packed) emit(unpackWgsl);
  const loadA = (index: string) => `operand(${tile.aImage ? `fetch_a((${index}) >> 2u)` : `a[(${index}) >> 2u]`})`;
  const loadB = (index: string) => {
    if (tile.bImage) return `operand(fetch_b((${index}) >> 2u))`;
    return packed ? `unpack(b[(${index}) >> 2u])` : `operand(b[(${index}) >> 2u])`;
  };
  // One axis: software adapters fill a vector register along x alone.
  emit(`@compute @workgroup_size(${lanes * groups})`);
  emit("fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {");
  emit(`let item = group.z; let lane = local.x % ${lanes}u; let part = local.x / ${lanes}u;`);
  emit(problem.locate);
  emit(`let tileStart = group.y * ${rows * groups}u; let rowStart = tileStart + part * ${rows}u;`);
  emit(`let rowEnd = min(rowCount, tileStart + ${rows * groups}u);`);
  emit(`let columnStart = group.x * ${lanes * columns * 4}u;`);
  emit("if (tileStart >= rowCount || columnStart >= columnCount) { return; }");
  if (problem.causalOutput) emit("if (columnStart >= rowEnd) { return; }");
  for (const j of columnList) {
    emit(`let n${j} = columnStart + (${j * lanes}u + lane) * 4u;`);
    // Lanes beyond the last column repeat the last vec4; they store nothing.
    emit(`let m${j} = min(n${j}, (columnCount - 1u) & 0xfffffffcu);`);
  }
  const place = (i: number, j: number) => `(cBase + min(rowStart + ${i}u, rowCount - 1u) * cStride + m${j}) >> 2u`;
  if (problem.segmented) {
    for (const i of rowList) {
      for (const j of columnList) {
        emit(`var total${i}_${j} = ${epilogue === "accumulate" ? `c[${place(i, j)}]` : "vec4<f32>(0.0)"};`);
      }
    }
    emit("for (var segment = 0u; segment < segmentCount; segment++) {");
  }
  emit(problem.segment);
  for (const i of rowList) for (const j of columnList) emit(`var c${i}_${j} = vec4<f32>(0.0);`);
  emit("for (var k = kStart; k < kEnd; k += 4u) {");

  // A: value of row i at step q is `value(i, q)`. `handed`: what `lane` of each group loaded, to all lanes of the group.
  const handed = (loaded: string, lane: number) =>
    groups === 1
      ? `subgroupBroadcast(${loaded}, ${lane}u)`
      : `select(subgroupBroadcast(${loaded}, ${lane}u), subgroupBroadcast(${loaded}, ${lanes + lane}u), part == 1u)`;
  let value: (i: number, q: number) => string;
  if (aLayout === "row") {
    emit("let inside = vec4<bool>(k < kEnd, k + 1u < kEnd, k + 2u < kEnd, k + 3u < kEnd);");
    const load = (row: string) =>
      `select(vec4<f32>(0.0), ${loadA(`aBase + min(${row}, rowCount - 1u) * aStride + k`)}, inside)`;
    if (broadcast) {
      for (let g = 0; g < rows / lanes; g++) emit(`let a${g} = ${load(`rowStart + ${g * lanes}u + lane`)};`);
      for (const i of rowList) emit(`let r${i} = ${handed(`a${Math.floor(i / lanes)}`, i % lanes)};`);
    } else {
      for (const i of rowList) emit(`let r${i} = ${load(`rowStart + ${i}u`)};`);
    }
    value = (i, q) => `r${i}.${component[q]}`;
  } else {
    const quads = rows / 4;
    for (let q = 0; q < 4; q++) {
      const load = (quad: string) =>
        `select(vec4<f32>(0.0), ${
          loadA(
            `aBase + min(k + ${q}u, kEnd - 1u) * aStride + min(rowStart + 4u * ${quad}, (rowCount - 1u) & 0xfffffffcu)`,
          )
        }, k + ${q}u < kEnd)`;
      if (broadcast) {
        for (let g = 0; g < Math.ceil(quads / lanes); g++) emit(`let a${q}_${g} = ${load(`(${g * lanes}u + lane)`)};`);
        for (let u = 0; u < quads; u++) {
          emit(`let r${q}_${u} = ${handed(`a${q}_${Math.floor(u / lanes)}`, u % lanes)};`);
        }
      } else {
        for (let u = 0; u < quads; u++) emit(`let r${q}_${u} = ${load(`${u}u`)};`);
      }
    }
    value = (i, q) => `r${q}_${Math.floor(i / 4)}.${component[i % 4]}`;
  }

  // B: vec4 of columns j at step q is b{q}_{j}.
  for (const j of columnList) {
    if (bLayout === "row") {
      for (let q = 0; q < 4; q++) {
        emit(`let b${q}_${j} = ${loadB(`bBase + min(k + ${q}u, kEnd - 1u) * bStride + m${j}`)};`);
      }
    } else {
      for (let c = 0; c < 4; c++) {
        emit(`let w${j}_${c} = ${loadB(`bBase + min(m${j} + ${c}u, columnCount - 1u) * bStride + k`)};`);
      }
      for (let q = 0; q < 4; q++) {
        const parts = [0, 1, 2, 3].map((c) => `w${j}_${c}.${component[q]}`).join(", ");
        emit(`let b${q}_${j} = vec4<f32>(${parts});`);
      }
    }
  }
  for (const i of rowList) {
    for (const j of columnList) {
      emit(`c${i}_${j} = ((((c${i}_${j} + ${[0, 1, 2, 3].map((q) => `${value(i, q)} * b${q}_${j}`).join(") + ")});`);
    }
  }
  emit("}");
  const result = problem.segmented ? "total" : "c";
  if (problem.segmented) {
    for (const i of rowList) {
      for (const j of columnList) emit(`total${i}_${j} = opaque4(total${i}_${j} + opaque4(c${i}_${j}));`);
    }
    emit("}");
  }
  for (const i of rowList) {
    emit(`if (rowStart + ${i}u < rowCount) {`);
    for (const j of columnList) {
      const sum = `${result}${i}_${j}`;
      emit(`if (n${j} < columnCount) { let at = ${place(i, j)};`);
      if (epilogue === "residual") emit(`c[at] = opaque4(addend[at] + opaque4(${sum}));`);
      else emit(`c[at] = ${sum};`);
      emit("}");
    }
    emit("}");
  }
  emit("}");
  return lines.join("\n");
}

/** Four values of a weight that `pack` has packed. */
const unpackWgsl = `fn unpack(p: vec2<u32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(p.x << 16u, p.x & 0xffff0000u, p.y << 16u, p.y & 0xffff0000u));
}`;

function matmulKernel(
  name: string,
  problem: Problem,
  layouts: readonly [Layout, Layout],
  epilogue: Epilogue,
  operands: Operands,
  tile: Tile,
  packed = false,
): Kernel {
  const matrix = "array<vec4<f32>>";
  return {
    name,
    body: bodyWgsl(problem, ...layouts, epilogue, operands, tile, packed),
    inputs: {
      a: tile.aImage ? imageType : matrix,
      b: tile.bImage ? imageType : packed ? "array<vec2<u32>>" : matrix,
      ...(epilogue === "residual" ? { addend: matrix } : {}),
      ...problem.tables,
    },
    outputs: { c: matrix },
    uniforms: problem.uniforms,
    grid: (uniforms) => {
      const [rows, columns] = problem.extent(uniforms);
      return [
        Math.ceil(columns / (tile.lanes * tile.columns * 4)),
        Math.ceil(rows / (tile.rows * tile.groups)),
        problem.items(uniforms),
      ];
    },
  };
}

const dense: Problem = {
  tables: {},
  uniforms: { rows: "u32", columns: "u32", depth: "u32", aStride: "u32", bStride: "u32", cStride: "u32" },
  locate: `let rowCount = params.rows; let columnCount = params.columns; let cBase = 0u; let cStride = params.cStride;`,
  segment: `let aBase = 0u; let bBase = 0u; let aStride = params.aStride; let bStride = params.bStride;
    let kStart = 0u; let kEnd = params.depth;`,
  segmented: false,
  causalOutput: false,
  items: () => 1,
  extent: ({ rows, columns }) => [rows, columns],
};

/**
 * Linear layer: `c[rows][columns] = a[rows][depth] * b[columns][depth]^T`, b being a weight as Hugging Face stores it.
 * With `residual`, `addend[rows][columns]` is added. Strides are in elements and multiples of 4. A `packed` b is in `pack`'s form.
 */
export function linearForward(
  operands: Operands,
  tile: Tile,
  epilogue: "store" | "residual",
  packed = false,
): Kernel {
  return matmulKernel("matmul_forward", dense, ["row", "column"], epilogue, operands, tile, packed);
}

/**
 * Gradient of a linear layer's input: `c[rows][columns] = a[rows][depth] * b[depth][columns]`, a the output's gradient, b the weight,
 * in `pack`'s form where `packed`.
 */
export function linearInputGradient(operands: Operands, tile: Tile, packed = false): Kernel {
  return matmulKernel("matmul_input_gradient", dense, ["row", "row"], "store", operands, tile, packed);
}

/**
 * Gradient of a linear layer's weight: `c[rows][columns] += a[t][rows]^T * b[t][columns]`, a the output's gradient, b the input.
 * Each sequence of `sequences` (x: first row t, y: row count) is summed on its own from zero and then added, so that splitting a
 * batch into micro-batches changes nothing.
 */
export function linearWeightGradient(operands: Operands, tile: Tile): Kernel {
  const problem: Problem = {
    tables: { sequences: "array<vec4<u32>>" },
    uniforms: { rows: "u32", columns: "u32", count: "u32", aStride: "u32", bStride: "u32", cStride: "u32" },
    locate: `${dense.locate} let segmentCount = params.count;`,
    segment: `let place = sequences[segment]; let aStride = params.aStride; let bStride = params.bStride;
      let aBase = place.x * aStride; let bBase = place.x * bStride; let kStart = 0u; let kEnd = place.y;`,
    segmented: true,
    causalOutput: false,
    items: () => 1,
    extent: ({ rows, columns }) => [rows, columns],
  };
  return matmulKernel("matmul_weight_gradient", problem, ["column", "row"], "accumulate", operands, tile);
}

/**
 * Attention's products over ragged sequences. `sequences` holds, for each, x: first token, y: tokens, z: start of its scores, w: row
 * stride of its scores (tokens rounded up to 4). Scores of head h start at z + h * y * w. Queries, keys and values lie in one matrix
 * of `width` columns: heads, key heads, value heads.
 */
const attentionUniforms = {
  count: "u32",
  heads: "u32",
  keyValueHeads: "u32",
  headSize: "u32",
  width: "u32",
  longest: "u32",
} as const;

/** Offsets of queries, keys, values and attention outputs of head `h` (key head `g`) of the sequence in `place`. */
const attentionPlaces = `let queryBase = place.x * params.width + h * params.headSize;
  let keyBase = place.x * params.width + (params.heads + g) * params.headSize;
  let valueBase = place.x * params.width + (params.heads + params.keyValueHeads + g) * params.headSize;
  let mixedStride = params.heads * params.headSize; let mixedBase = place.x * mixedStride + h * params.headSize;
  let scoreBase = place.z + h * place.y * place.w;`;

const perHead = `let place = sequences[item / params.heads]; let h = item % params.heads;
  let g = h / (params.heads / params.keyValueHeads); let rowCount = place.y;
  ${attentionPlaces}`;

function attentionProblem(parts: {
  locate: string;
  segment: string;
  scores: boolean;
  keyHeads?: boolean;
}): Problem {
  return {
    tables: { sequences: "array<vec4<u32>>" },
    uniforms: attentionUniforms,
    locate: parts.locate,
    segment: parts.segment,
    segmented: parts.keyHeads ?? false,
    causalOutput: parts.scores,
    items: ({ count, heads, keyValueHeads }) => count * (parts.keyHeads ? keyValueHeads : heads),
    extent: ({ longest, headSize }) => [longest, parts.scores ? longest : headSize],
  };
}

/** `c = scores`: a and b are the matrix of queries, keys and values. Only tiles that touch the causal triangle are written. */
export function attentionScores(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = place.y; let cBase = scoreBase; let cStride = place.w;`,
    segment: `let aBase = queryBase; let aStride = params.width; let bBase = keyBase; let bStride = params.width;
      let kStart = 0u; let kEnd = params.headSize;`,
    scores: true,
  });
  return matmulKernel("attention_scores", problem, ["row", "column"], "store", operands, tile);
}

/** `c = mixed values` [tokens][heads * headSize]: a the attention weights, b the matrix of queries, keys and values. */
export function attentionValues(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = params.headSize; let cBase = mixedBase; let cStride = mixedStride;`,
    segment: `let aBase = scoreBase; let aStride = place.w; let bBase = valueBase; let bStride = params.width;
      let kStart = 0u; let kEnd = min(place.y, rowEnd);`,
    scores: false,
  });
  return matmulKernel("attention_values", problem, ["row", "row"], "store", operands, tile);
}

/** `c = gradient of the attention weights`: a the gradient of the mixed values, b the matrix of queries, keys and values. */
export function attentionWeightGradient(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = place.y; let cBase = scoreBase; let cStride = place.w;`,
    segment: `let aBase = mixedBase; let aStride = mixedStride; let bBase = valueBase; let bStride = params.width;
      let kStart = 0u; let kEnd = params.headSize;`,
    scores: true,
  });
  return matmulKernel("attention_weight_gradient", problem, ["row", "column"], "store", operands, tile);
}

/** Queries' columns of `c`: a the gradient of the scores, b the matrix of queries, keys and values. */
export function attentionQueryGradient(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = params.headSize; let cBase = queryBase; let cStride = params.width;`,
    segment: `let aBase = scoreBase; let aStride = place.w; let bBase = keyBase; let bStride = params.width;
      let kStart = 0u; let kEnd = min(place.y, rowEnd);`,
    scores: false,
  });
  return matmulKernel("attention_query_gradient", problem, ["row", "row"], "store", operands, tile);
}

/** One segment per query head that shares the key head; keys see only queries at or after them, so k starts at the tile. */
function keyHeadProblem(target: "keyBase" | "valueBase", bBase: string, bStride: string): Problem {
  return attentionProblem({
    locate: `let place = sequences[item / params.keyValueHeads]; let g = item % params.keyValueHeads;
      let segmentCount = params.heads / params.keyValueHeads; let rowCount = place.y; let columnCount = params.headSize;
      let cStride = params.width; var cBase = 0u; { let h = 0u; ${attentionPlaces} cBase = ${target}; }`,
    segment: `let h = g * segmentCount + segment; ${attentionPlaces}
      let aBase = scoreBase; let aStride = place.w; let bBase = ${bBase}; let bStride = ${bStride};
      let kStart = tileStart & 0xfffffffcu; let kEnd = place.y;`,
    scores: false,
    keyHeads: true,
  });
}

/** Keys' columns of `c`: a the gradient of the scores, b the matrix of queries, keys and values. */
export function attentionKeyGradient(operands: Operands, tile: Tile): Kernel {
  const problem = keyHeadProblem("keyBase", "queryBase", "params.width");
  return matmulKernel("attention_key_gradient", problem, ["column", "row"], "store", operands, tile);
}

/** Values' columns of `c`: a the attention weights, b the gradient of the mixed values. */
export function attentionValueGradient(operands: Operands, tile: Tile): Kernel {
  const problem = keyHeadProblem("valueBase", "mixedBase", "mixedStride");
  return matmulKernel("attention_value_gradient", problem, ["column", "row"], "store", operands, tile);
}
