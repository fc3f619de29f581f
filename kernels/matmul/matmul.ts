/**
 * Matrix products: linear layers, their gradients, and attention's six. What they have in common, the order of their sums included, is
 * in generator.ts.
 * @module
 */
import { imageType, type Kernel, matrixType } from "../gpu/program.ts";
import type { Operands } from "../numerics.ts";
import { accumulate, type Epilogue, matmulKernel, type Problem, residual, store } from "./generator.ts";
import { rotation } from "../rope/rotation.ts";
import gateWgsl from "../swiglu/swiglu.wgsl" with { type: "text" };
import type { Tile } from "./tile.ts";

/** How a product rotates its columns: the size of a head, and the type of the tables of cosines and sines (rope/rotation.ts). */
export interface Rotation {
  readonly headSize: number;
  readonly table: string;
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
 * With `residual`, `addend[rows][columns]` is added, from an image where the tile reads one. Strides are in elements and multiples of 4. A `packed` b is in `pack`'s form.
 */
export function linearForward(
  operands: Operands,
  tile: Tile,
  epilogue: "store" | "residual",
  packed = false,
): Kernel {
  const finish = epilogue === "store" ? store : residual(tile.aImage ? imageType : matrixType);
  return matmulKernel("matmul_forward", dense, ["row", "column"], finish, operands, tile, packed);
}

/** The same, its first columns rotated as RoPE has it; `positions` has one of each row. */
export function linearRotated(operands: Operands, tile: Tile, { headSize, table }: Rotation, packed = false): Kernel {
  const epilogue = rotation(tile, headSize, (row) => row, table);
  return matmulKernel("matmul_forward_rotated", dense, ["row", "column"], epilogue, operands, tile, packed);
}

/**
 * `c[rows][columns] = gate * sigmoid(gate) * up` (swiglu.wgsl) of a linear layer whose weight [2 * columns][depth] makes gates, then what
 * they let through. The uniform `twin` is `columns` again. With `keeps`, what a backward pass needs goes to `gateUp[rows][2 * columns]`.
 */
export function linearGated(operands: Operands, tile: Tile, keeps: boolean, packed = false): Kernel {
  const epilogue: Epilogue = {
    ...store,
    outputs: keeps ? { gateUp: matrixType } : {},
    uniforms: { twin: "u32" },
    wgsl: gateWgsl,
    twin: true,
    looped: true,
    put: ({ sums: [gate, up], at, column }) =>
      `let gate = opaque4(${gate}); let up = opaque4(${up}); c[${at}] = gated4(gate, up);
      ${keeps ? `let gateAt = (row * 2u * params.twin + ${column}) / 4u;` : ""}
      ${keeps ? "gateUp[gateAt] = gate; gateUp[gateAt + params.twin / 4u] = up;" : ""}`,
  };
  return matmulKernel("matmul_forward_gated", dense, ["row", "column"], epilogue, operands, tile, packed);
}

/**
 * Gradient of a linear layer's input: `c[rows][columns] = a[rows][depth] * b[depth][columns]`, a the output's gradient, b the weight,
 * in `pack`'s form where `packed`.
 */
export function linearInputGradient(operands: Operands, tile: Tile, packed = false): Kernel {
  return matmulKernel("matmul_input_gradient", dense, ["row", "row"], store, operands, tile, packed);
}

/**
 * Gradients of gates and of what they let through, `c[rows][2 * columns]`, from the gradient of a linear layer's input that is their
 * SwiGLU: `linearInputGradient` with swiglu.wgsl's backward pass where it is computed. `gateUp` is laid out as c, whose stride `cStride`
 * is that of a whole row, and read from an image where the tile reads one.
 */
export function linearGateGradient(operands: Operands, tile: Tile, packed = false): Kernel {
  const epilogue: Epilogue = {
    ...store,
    inputs: { gateUp: tile.aImage ? imageType : matrixType },
    wgsl: gateWgsl,
    looped: true,
    put: ({ sums, j, at }) =>
      `let upAt = ${at} + columnCount / 4u; let gate = fetch_gateUp(${at}); let up = fetch_gateUp(upAt);
      let g = opaque4(${sums[j]}); let s = sigmoid4(gate);
      c[${at}] = gate_gradient4(g, gate, up, s); c[upAt] = up_gradient4(g, gate, s);`,
  };
  return matmulKernel("matmul_gate_gradient", dense, ["row", "row"], epilogue, operands, tile, packed);
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
  return matmulKernel("matmul_weight_gradient", problem, ["column", "row"], accumulate, operands, tile);
}

/**
 * Attention's products over ragged sequences. `sequences` holds, for each, x: first token, y: tokens, z: start of its scores, w: row
 * stride of its scores (tokens rounded up to 4). Scores of head h start at z + h * y * w. Queries, keys and values lie in one matrix
 * of `width` columns: heads, key heads, value heads.
 */
export const attentionUniforms = {
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
  return matmulKernel("attention_scores", problem, ["row", "column"], store, operands, tile);
}

/** `c = mixed values` [tokens][heads * headSize]: a the attention weights, b the matrix of queries, keys and values. */
export function attentionValues(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = params.headSize; let cBase = mixedBase; let cStride = mixedStride;`,
    segment: `let aBase = scoreBase; let aStride = place.w; let bBase = valueBase; let bStride = params.width;
      let kStart = 0u; let kEnd = min(place.y, rowEnd);`,
    scores: false,
  });
  return matmulKernel("attention_values", problem, ["row", "row"], store, operands, tile);
}

/**
 * `c = gradient of the scores`: a is the gradient of the mixed values, b the matrix of queries, keys and values. Their product is the
 * gradient of the attention weights; with `weights`, laid out as c, and `deltas` [tokens][heads] (attention.ts) it becomes
 *
 *     weights * (gradient - delta) * scale,  zero for keys after the query.
 *
 * Only tiles that touch the causal triangle are written. `weights` are read from an image where the tile reads images.
 */
export function attentionScoreGradient(operands: Operands, tile: Tile): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = place.y; let cBase = scoreBase; let cStride = place.w;`,
    segment: `let aBase = mixedBase; let aStride = mixedStride; let bBase = valueBase; let bStride = params.width;
      let kStart = 0u; let kEnd = params.headSize;`,
    scores: true,
  });
  const epilogue: Epilogue = {
    ...store,
    inputs: { weights: tile.aImage ? imageType : matrixType, deltas: "array<f32>" },
    uniforms: { scale: "f32" },
    ofRow: { delta: (row) => `deltas[(place.x + ${row}) * params.heads + h]` },
    wgsl: `fn score_gradient(gradient: vec4<f32>, weight: vec4<f32>, delta: f32, inside: vec4<bool>) -> vec4<f32> {
      let slope = mul4(weight, sub4(gradient, vec4<f32>(delta)));
      return select(vec4<f32>(0.0), flush4(mul4(slope, vec4<f32>(params.scale))), inside);
    }`,
    put: ({ sums, j, at, column }) =>
      `c[${at}] = score_gradient(opaque4(${sums[j]}), fetch_weights(${at}), delta,
        vec4<u32>(${column}) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(row));`,
  };
  return matmulKernel("attention_score_gradient", problem, ["row", "column"], epilogue, operands, tile);
}

/** Where a product of attention leaves its result: as it is, or rotated. */
function rotated(tile: Tile, turn: Rotation | null): Epilogue {
  return turn ? rotation(tile, turn.headSize, (row) => `place.x + ${row}`, turn.table) : store;
}

/** Queries' columns of `c`, rotated where `turn` says how: a the gradient of the scores, b the matrix of queries, keys and values. */
export function attentionQueryGradient(operands: Operands, tile: Tile, turn: Rotation | null = null): Kernel {
  const problem = attentionProblem({
    locate: `${perHead} let columnCount = params.headSize; let cBase = queryBase; let cStride = params.width;`,
    segment: `let aBase = scoreBase; let aStride = place.w; let bBase = keyBase; let bStride = params.width;
      let kStart = 0u; let kEnd = min(place.y, rowEnd);`,
    scores: false,
  });
  return matmulKernel("attention_query_gradient", problem, ["row", "row"], rotated(tile, turn), operands, tile);
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

/** Keys' columns of `c`, rotated where `turn` says how: a the gradient of the scores, b the matrix of queries, keys and values. */
export function attentionKeyGradient(operands: Operands, tile: Tile, turn: Rotation | null = null): Kernel {
  const problem = keyHeadProblem("keyBase", "queryBase", "params.width");
  return matmulKernel("attention_key_gradient", problem, ["column", "row"], rotated(tile, turn), operands, tile);
}

/** Values' columns of `c`: a the attention weights, b the gradient of the mixed values. */
export function attentionValueGradient(operands: Operands, tile: Tile): Kernel {
  const problem = keyHeadProblem("valueBase", "mixedBase", "mixedStride");
  return matmulKernel("attention_value_gradient", problem, ["column", "row"], store, operands, tile);
}
