/**
 * Attention of new tokens over cached keys and values: prompts and decoding alike. Keys come in two parts, first those of a prefix
 * that all rows share, then each row's own:
 *
 *     scores[token][head][j] = query . key j           j < prefix + own keys up to the token itself
 *     mixed[token][head]     = sum over j ascending, from zero, of weights[token][head][j] * value j
 *
 * Each part has kernels of its own, and the sum over values is handed from one to the other, so the bits are those of one pass over
 * all keys, and of the full forward pass. For the prefix, the tokens of all rows are one matrix; for own keys there is one for each
 * sequence. Query heads that share a key head are rows of the same matrix, so keys are loaded once for all of them.
 *
 * A cache is [slot][key heads, then value heads][capacity][headSize], rounded to operands when it is filled. The prefix is slot 0 of a
 * cache of its own, and a multiple of 4 long, so that own keys begin at whole vec4s of a row of scores [tokens][heads][stride]. A cache is
 * a buffer, or an image where the adapter reads images faster.
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { imageOutputType, imageType, type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { component, handedWgsl, ownNumber, stepsWgsl, sumWgsl, transposedWgsl } from "../matmul/pieces.ts";
import { chooseTile, type Tile } from "../matmul/tile.ts";
import { type Operands, operandWgsl } from "../numerics.ts";
import source from "./cached.wgsl" with { type: "text" };

/** Which keys a kernel goes over. */
export type CachePart = "prefix" | "own";

const matrix = "array<vec4<f32>>";

const uniforms = {
  tokens: "u32",
  count: "u32",
  longest: "u32",
  keys: "u32",
  prefix: "u32",
  stride: "u32",
  heads: "u32",
  keyValueHeads: "u32",
  headSize: "u32",
  width: "u32",
  capacity: "u32",
} as const;

/** Where a workgroup's item lies, one of `headGroups` of a sequence: tokens, cache slot, and the first column of its scores. */
const locate: Readonly<Record<CachePart, string>> = {
  prefix:
    `let headGroup = group.z; let first = 0u; let rowCount = params.tokens * perKey; let slot = 0u; let firstColumn = 0u;`,
  own: `let item = quotient(group.z, headGroups); let headGroup = group.z - item * headGroups;
    let place = sequences[item];
    let first = place.x; let rowCount = place.y * perKey; let slot = place.w; let firstColumn = params.prefix;`,
};

/** What the groups of a tile's lanes share out: rows, or, where there is one row, key heads. */
function groupsOf({ rows, groups }: Tile): { rowGroups: number; headsTogether: number } {
  return rows === 1 ? { rowGroups: 1, headsTogether: groups } : { rowGroups: groups, headsTogether: 1 };
}

/** Keys that the last row of the tile sees. */
const visible: Readonly<Record<CachePart, string>> = {
  prefix: "params.prefix",
  own: "place.z + quotient(rowEnd - 1u, perKey) + 1u",
};

function bodyWgsl(
  product: "scores" | "values",
  part: CachePart,
  operands: Operands,
  tile: Tile,
): string {
  const { lanes, groups, rows, columns, broadcast } = tile;
  const rowList = Array.from({ length: rows }, (_, i) => i);
  const columnList = Array.from({ length: columns }, (_, j) => j);
  const scores = product === "scores";
  const { rowGroups, headsTogether } = groupsOf(tile);
  const lines: string[] = [];
  const emit = (text: string) => lines.push(text);
  const cache = (index: string) => tile.bImage ? `fetch_cache(${index})` : `cache[${index}]`;

  emit(operandWgsl(operands));
  // One axis: software adapters fill a vector register along x alone.
  emit(`@compute @workgroup_size(${lanes * groups})`);
  emit(`fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(${ownNumber(tile)}) own: u32) {`);
  emit(`let lane = own % ${lanes}u; let part = own / ${lanes}u;
    let perKey = quotient(params.heads, params.keyValueHeads); let headQuads = params.headSize / 4u;
    let headGroups = (params.keyValueHeads + ${headsTogether - 1}u) / ${headsTogether}u;`);
  emit(locate[part]);
  emit(`let wantedHead = headGroup * ${headsTogether}u${headsTogether > 1 ? " + part" : ""};
    let g = min(wantedHead, params.keyValueHeads - 1u);`);
  emit(`let tileStart = group.y * ${rows * rowGroups}u;`);
  emit(`let rowStart = tileStart${rowGroups > 1 ? ` + part * ${rows}u` : ""};`);
  emit(`let rowEnd = min(rowCount, tileStart + ${rows * rowGroups}u);`);
  emit("if (tileStart >= rowCount) { return; }");
  emit(`let keys = ${visible[part]};`);
  emit(
    `let columnCount = ${scores ? "keys" : "params.headSize"}; let columnStart = group.x * ${lanes * columns * 4}u;`,
  );
  emit("if (columnStart >= columnCount) { return; }");
  const side = scores ? "g" : "params.keyValueHeads + g";
  emit(`let b = (slot * 2u * params.keyValueHeads + ${side}) * params.capacity * headQuads;`);
  for (const j of columnList) emit(`let n${j} = columnStart + (${j * lanes}u + lane) * 4u;`);

  // Where row r's scores and mixed values lie, and what the product reads of it, in vec4s.
  const places = (name: string, row: string) => {
    emit(`let r${name} = min(${row}, rowCount - 1u); let q${name} = quotient(r${name}, perKey);`);
    emit(`let t${name} = first + q${name}; let h${name} = g * perKey + r${name} - q${name} * perKey;`);
    emit(`let head${name} = t${name} * params.heads + h${name};`);
    emit(`let score${name} = (head${name} * params.stride + firstColumn) / 4u;`);
    emit(`let query${name} = (t${name} * params.width + h${name} * params.headSize) / 4u;`);
  };
  const outPlace = (i: number, j: number) => scores ? `scorei${i} + n${j} / 4u` : `headi${i} * headQuads + n${j} / 4u`;
  for (const i of rowList) places(`i${i}`, `rowStart + ${i}u`);
  // A single row is loaded along k, by all lanes together.
  const spread = broadcast && rows === 1;
  const loads = broadcast && !spread ? rows / lanes : 0;
  for (let u = 0; u < loads; u++) places(`a${u}`, `rowStart + ${u * lanes}u + lane`);
  for (const i of rowList) {
    for (const j of columnList) {
      // The prefix's sum goes on; without a prefix nothing has been written.
      const start = !scores && part === "own" ? `mixed[headi${i} * headQuads + min(n${j} / 4u, headQuads - 1u)]` : null;
      emit(`var c${i}_${j} = ${start ? `select(vec4<f32>(0.0), ${start}, params.prefix > 0u)` : "vec4<f32>(0.0)"};`);
    }
  }
  if (scores) {
    for (const j of columnList) {
      for (let c = 0; c < 4; c++) emit(`let key${j}_${c} = b + min(n${j} + ${c}u, keys - 1u) * headQuads;`);
    }
  } else {
    for (const j of columnList) emit(`let value${j} = b + min(n${j} / 4u, headQuads - 1u);`);
  }
  emit(`let quads = ${scores ? "headQuads" : "(keys + 3u) / 4u"};`);
  const a = (name: string, k: string) =>
    scores ? `operand(fetch_queries(query${name} + ${k}))` : `operand(fetch_weights(score${name} + ${k}))`;
  if (spread) {
    emit(`for (var start = 0u; start < quads; start += ${lanes}u) {`);
    emit(`var a0 = ${a("i0", "min(start + lane, quads - 1u)")};`);
    emit(`let end = min(start + ${lanes}u, quads);`);
    // What was loaded goes round the lanes, one a step: a shuffle whose lanes are not known beforehand is a loop on some adapters.
    emit(`for (var k = start; k < end; k++) { let x0 = ${handedWgsl("a0", 0, tile)};`);
    emit(`a0 = subgroupShuffle(a0, own - lane + (lane + 1u) % ${lanes}u);`);
  } else {
    emit("for (var k = 0u; k < quads; k++) {");
    if (broadcast) {
      for (let u = 0; u < loads; u++) emit(`let a${u} = ${a(`a${u}`, "k")};`);
      for (const i of rowList) emit(`let x${i} = ${handedWgsl(`a${Math.floor(i / lanes)}`, i % lanes, tile)};`);
    } else {
      for (const i of rowList) emit(`let x${i} = ${a(`i${i}`, "k")};`);
    }
  }
  for (const j of columnList) {
    if (scores) {
      for (let c = 0; c < 4; c++) emit(`let w${j}_${c} = ${cache(`key${j}_${c} + k`)};`);
      for (let q = 0; q < 4; q++) emit(transposedWgsl(q, j));
    } else {
      // Weights beyond the keys are zero; the last value stands in for the missing ones.
      const value = (step: string) => cache(`value${j} + min(4u * k + ${step}, keys - 1u) * headQuads`);
      for (const step of stepsWgsl(j, lanes, broadcast && rowGroups === 2, value)) emit(step);
    }
  }
  for (const i of rowList) {
    for (const j of columnList) {
      emit(sumWgsl(i, j, (q) => `x${i}.${component[q]}`));
    }
  }
  if (spread) emit("}");
  emit("}");
  for (const i of rowList) {
    emit(`if (rowStart + ${i}u < rowCount && wantedHead == g) {`);
    for (const j of columnList) {
      emit(`if (n${j} < columnCount) { ${scores ? "scores" : "mixed"}[${outPlace(i, j)}] = c${i}_${j}; }`);
    }
    emit("}");
  }
  emit("}");
  return lines.join("\n");
}

/**
 * Tile for products over cached keys; `image` where the cache is one. As for other products, but a single row too is handed round the
 * subgroup where that fits, and where its columns fill half a register, two key heads share this.
 */
export function chooseCachedTile(
  gpu: Pick<Gpu, "adapter" | "subgroupSize">,
  rows: number,
  columns: number,
  image: boolean,
): Tile {
  const tile = { ...chooseTile(gpu, rows, columns), bImage: image };
  if (tile.rows > 1) return tile;
  const halves = gpu.adapter.software && gpu.subgroupSize === 16 && columns <= 32;
  const shared = halves ? { ...tile, lanes: 8, groups: 2 } : tile;
  return { ...shared, broadcast: gpu.subgroupSize === shared.lanes * shared.groups };
}

function cachedKernel(
  product: "scores" | "values",
  part: CachePart,
  operands: Operands,
  tile: Tile,
): Kernel {
  const { lanes, rows, columns } = tile;
  const { rowGroups, headsTogether } = groupsOf(tile);
  return {
    name: `attention_${product}_${part}`,
    body: bodyWgsl(product, part, operands, tile),
    inputs: {
      ...(product === "scores" ? { queries: matrix } : { weights: matrix }),
      cache: tile.bImage ? imageType : matrix,
      ...(part === "own" ? { sequences: "array<vec4<u32>>" } : {}),
    },
    outputs: product === "scores" ? { scores: matrix } : { mixed: matrix },
    uniforms,
    grid: ({ tokens, count, longest, keys, prefix, heads, keyValueHeads, headSize }) => {
      const keyCount = part === "prefix" ? prefix : keys;
      const columnCount = keyCount === 0 ? 0 : product === "scores" ? keyCount : headSize;
      const rowCount = (part === "prefix" ? tokens : longest) * heads / keyValueHeads;
      return [
        Math.ceil(columnCount / (lanes * columns * 4)),
        Math.ceil(rowCount / (rows * rowGroups)),
        (part === "prefix" ? 1 : count) * Math.ceil(keyValueHeads / headsTogether),
      ];
    },
  };
}

/**
 * Scores of new tokens against a part of their keys: fills these columns of `scores` [tokens][heads][stride].
 *
 * `queries` is the matrix of queries, keys and values [tokens][width]. For own keys, `sequences` has four words a sequence: first
 * token, new tokens, own keys before them, cache slot; a sequence without new tokens is left out. Of the uniforms, `longest` bounds the
 * new tokens of a sequence and `keys` its own keys. Only keys that a token may see are defined.
 */
export function attentionScoresCached(part: CachePart, operands: Operands, tile: Tile): Kernel {
  return cachedKernel("scores", part, operands, tile);
}

/**
 * Mixed values [tokens][heads * headSize]: the prefix's part starts from zero, the own part goes on from it. The weights beyond a
 * token's own keys are zero as far as its tile reads (`span` of the softmax).
 */
export function attentionValuesCached(part: CachePart, operands: Operands, tile: Tile): Kernel {
  return cachedKernel("values", part, operands, tile);
}

/**
 * Copies new keys and values into a cache, rounded to operands; `slots` has the place of each row, slot * capacity + position.
 * @param image whether the cache is an image
 */
export function cacheAppend(operands: Operands, image: boolean): Kernel {
  const statement = image ? "store_cache(quad, x);" : "cache[quad] = x;";
  const put = `fn put(quad: u32, x: vec4<f32>) { ${statement} }`;
  return {
    name: "cache_append",
    body: [operandWgsl(operands), put, kernelSource(source, "cache_append")].join("\n"),
    inputs: { queriesKeysValues: matrix, slots: "array<u32>" },
    outputs: { cache: image ? imageOutputType : matrix },
    uniforms: { rows: "u32", heads: "u32", keyValueHeads: "u32", headSize: "u32", width: "u32", capacity: "u32" },
    grid: ({ rows, keyValueHeads, headSize }) => threadGrid(rows * keyValueHeads * headSize / 2, 64),
  };
}
