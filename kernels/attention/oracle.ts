/**
 * What the kernels of attention.ts and cached.ts compute. Sequences of attention.ts have four words, as in matmul.ts: first token, tokens,
 * start of the scores, their stride.
 * @module
 */
import { productElement } from "../matmul/oracle.ts";
import { exponential, flush, mul, operandRounding, type Operands, reciprocal, stridedSum, sub } from "../numerics.ts";

/** Turns the first `length` scores at `start` into weights, followed by zeros up to column `filled`. */
function softmaxRow(scores: Float32Array, start: number, length: number, filled: number, scale: number): void {
  const row = scores.subarray(start, start + filled);
  const scaled = row.subarray(0, length).map((x) => mul(x, scale));
  const top = scaled.reduce((a, b) => Math.max(a, b), Math.fround(-1e30));
  const e = scaled.map((x) => exponential(sub(x, top)));
  const r = reciprocal(stridedSum(length, (i) => e[i]));
  row.fill(0);
  row.set(e.map((x) => mul(x, r)));
}

/** Where a row's scores end: the next multiple of 64 columns, or the stride. */
function filledTo(row: number, stride: number): number {
  return Math.min(stride, (row & ~63) + 64);
}

/** Scores to weights, in place, for every head and row. */
export function attentionSoftmaxOracle(
  scores: Float32Array,
  sequences: ArrayLike<number>,
  heads: number,
  scale: number,
): void {
  for (let s = 0; s < sequences.length; s += 4) {
    const [tokens, start, stride] = [sequences[s + 1], sequences[s + 2], sequences[s + 3]];
    for (let i = 0; i < heads * tokens; i++) {
      const row = i % tokens;
      softmaxRow(scores, start + i * stride, row + 1, filledTo(row, stride), scale);
    }
  }
}

/** For each token's head, the sum of `mixedGradient * mixed`, both [tokens][heads * headSize]. */
export function attentionDeltasOracle(
  mixed: ArrayLike<number>,
  mixedGradient: ArrayLike<number>,
  headSize: number,
): Float32Array {
  return Float32Array.from(
    { length: mixed.length / headSize },
    (_, row) => stridedSum(headSize, (d) => mul(mixedGradient[row * headSize + d], mixed[row * headSize + d])),
  );
}

/** Gradient of the weights to gradient of the scores, in place, for keys up to the query. */
export function attentionScoreGradientOracle(
  scoreGradient: Float32Array,
  { weights, deltas }: { readonly weights: ArrayLike<number>; readonly deltas: ArrayLike<number> },
  sequences: ArrayLike<number>,
  heads: number,
  scale: number,
): void {
  for (let s = 0; s < sequences.length; s += 4) {
    const [first, tokens, start, stride] = [0, 1, 2, 3].map((word) => sequences[s + word]);
    for (let i = 0; i < heads * tokens; i++) {
      const row = i % tokens;
      const delta = deltas[(first + row) * heads + Math.floor(i / tokens)];
      for (let j = 0; j <= row; j++) {
        const at = start + i * stride + j;
        scoreGradient[at] = flush(mul(mul(weights[at], sub(scoreGradient[at], delta)), scale));
      }
    }
  }
}

/** Shape of attention over a cache; lengths in tokens. */
export interface CachedShape {
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly keyValueHeads: number;
  /** Columns of a head. */
  readonly headSize: number;
  /** Row stride of the queries. */
  readonly width: number;
  /** Keys that all rows share. */
  readonly prefix: number;
  /** Row stride of the scores. */
  readonly stride: number;
  /** Tokens that a slot of the prefix's cache holds. */
  readonly prefixCapacity: number;
  /** Tokens that a slot of the rows' cache holds. */
  readonly capacity: number;
}

/** The two caches. */
export interface Caches {
  /** Of the prefix, in slot 0. */
  readonly prefix: ArrayLike<number>;
  /** Of the rows. */
  readonly own: ArrayLike<number>;
}

/** Element `d` of key or value `j` as a token of cache slot `slot` sees them: the prefix first, then its own. */
function cached(caches: Caches, shape: CachedShape, slot: number, head: number, j: number, d: number): number {
  const { prefix, prefixCapacity, capacity, keyValueHeads, headSize } = shape;
  return j < prefix
    ? caches.prefix[(head * prefixCapacity + j) * headSize + d]
    : caches.own[((slot * 2 * keyValueHeads + head) * capacity + j - prefix) * headSize + d];
}

/** Calls `visit` for each new token of each sequence: first token, new tokens, own keys before them, slot. */
function eachToken(
  sequences: ArrayLike<number>,
  prefix: number,
  visit: (token: number, keys: number, slot: number) => void,
): void {
  for (let s = 0; s < sequences.length; s += 4) {
    for (let i = 0; i < sequences[s + 1]; i++) {
      visit(sequences[s] + i, prefix + sequences[s + 2] + i + 1, sequences[s + 3]);
    }
  }
}

/** Fills `scores` [tokens][heads][stride] of new tokens against the keys they see. */
export function attentionScoresCachedOracle(
  queries: ArrayLike<number>,
  caches: Caches,
  sequences: ArrayLike<number>,
  scores: Float32Array,
  shape: CachedShape,
  operands: Operands,
): void {
  const { heads, keyValueHeads, headSize, width, prefix, stride } = shape;
  eachToken(sequences, prefix, (token, keys, slot) => {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor(h * keyValueHeads / heads);
      const segment = {
        depth: headSize,
        a: (_: number, k: number) => queries[token * width + h * headSize + k],
        b: (k: number, j: number) => cached(caches, shape, slot, g, j, k),
      };
      for (let j = 0; j < keys; j++) {
        scores[(token * heads + h) * stride + j] = productElement([segment], 0, j, operands);
      }
    }
  });
}

/** Scores to weights, in place, with zeros for `span` columns more. */
export function attentionSoftmaxCachedOracle(
  scores: Float32Array,
  positions: ArrayLike<number>,
  { heads, stride }: Pick<CachedShape, "heads" | "stride">,
  span: number,
  scale: number,
): void {
  for (let i = 0; i < positions.length * heads; i++) {
    const length = positions[Math.floor(i / heads)] + 1;
    softmaxRow(scores, i * stride, length, Math.min(stride, Math.ceil((length + span) / 4) * 4), scale);
  }
}

/** Fills `mixed` [tokens][heads * headSize] of new tokens: over prefix and own values in one sum. */
export function attentionValuesCachedOracle(
  weights: ArrayLike<number>,
  caches: Caches,
  sequences: ArrayLike<number>,
  mixed: Float32Array,
  shape: CachedShape,
  operands: Operands,
): void {
  const { heads, keyValueHeads, headSize, prefix, stride } = shape;
  eachToken(sequences, prefix, (token, keys, slot) => {
    for (let h = 0; h < heads; h++) {
      const g = keyValueHeads + Math.floor(h * keyValueHeads / heads);
      const segment = {
        depth: keys,
        a: (_: number, j: number) => weights[(token * heads + h) * stride + j],
        b: (j: number, d: number) => cached(caches, shape, slot, g, j, d),
      };
      for (let d = 0; d < headSize; d++) {
        mixed[(token * heads + h) * headSize + d] = productElement([segment], 0, d, operands);
      }
    }
  });
}

/** Copies keys and values of each row of `queriesKeysValues` to place `slots[row]` of `cache`, rounded to operands. */
export function cacheAppendOracle(
  queriesKeysValues: Float32Array,
  slots: ArrayLike<number>,
  cache: Float32Array,
  { heads, keyValueHeads, headSize, width, capacity }: Omit<CachedShape, "prefix" | "stride" | "prefixCapacity">,
  operands: Operands,
): void {
  const round = operandRounding(operands);
  for (let row = 0; row < slots.length; row++) {
    const [slot, place] = [Math.floor(slots[row] / capacity), slots[row] % capacity];
    for (let head = 0; head < 2 * keyValueHeads; head++) {
      const start = row * width + (heads + head) * headSize;
      const values = queriesKeysValues.subarray(start, start + headSize).map(round);
      cache.set(values, ((slot * 2 * keyValueHeads + head) * capacity + place) * headSize);
    }
  }
}
