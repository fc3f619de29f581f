/**
 * What attention.ts's kernels compute. Sequences have four words, as in matmul.ts: first token, tokens, start of the scores, their stride.
 * @module
 */
import { productElement } from "../matmul/oracle.ts";
import { exponential, flush, mul, type Operands, reciprocal, stridedSum, sub } from "../numerics.ts";

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

/** What the softmax's backward pass reads. */
export interface AttentionSaved {
  /** Weights, laid out as scores. */
  readonly weights: ArrayLike<number>;
  /** Mixed values, [tokens][heads * headSize]. */
  readonly mixed: ArrayLike<number>;
  /** Their gradient. */
  readonly mixedGradient: ArrayLike<number>;
}

/** Gradient of the weights to gradient of the scores, in place. */
export function attentionSoftmaxBackwardOracle(
  scoreGradient: Float32Array,
  { weights, mixed, mixedGradient }: AttentionSaved,
  sequences: ArrayLike<number>,
  heads: number,
  headSize: number,
  scale: number,
): void {
  for (let s = 0; s < sequences.length; s += 4) {
    const [first, tokens, start, stride] = [0, 1, 2, 3].map((word) => sequences[s + word]);
    for (let i = 0; i < heads * tokens; i++) {
      const row = i % tokens;
      const mixedAt = ((first + row) * heads + Math.floor(i / tokens)) * headSize;
      const delta = stridedSum(headSize, (d) => mul(mixedGradient[mixedAt + d], mixed[mixedAt + d]));
      for (let j = 0; j < filledTo(row, stride); j++) {
        const at = start + i * stride + j;
        scoreGradient[at] = j > row ? 0 : flush(mul(mul(weights[at], sub(scoreGradient[at], delta)), scale));
      }
    }
  }
}

/** Shape of decoding; `capacity` is the most keys that a row can have. */
export interface DecodeShape {
  /** Rows that decode side by side. */
  readonly rows: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly keyValueHeads: number;
  /** Columns of a head. */
  readonly headSize: number;
  /** Row stride of the queries. */
  readonly width: number;
  /** Keys that the cache holds for each row. */
  readonly capacity: number;
}

/** Fills `scores` [rows][heads][capacity] of one new query a row against the keys 0 to `last[row]` of the cache. */
export function attentionScoresDecodeOracle(
  queries: ArrayLike<number>,
  cache: ArrayLike<number>,
  last: ArrayLike<number>,
  scores: Float32Array,
  { rows, heads, keyValueHeads, headSize, width, capacity }: DecodeShape,
  operands: Operands,
): void {
  for (let row = 0; row < rows; row++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor(h * keyValueHeads / heads);
      const segment = {
        depth: headSize,
        a: (_: number, k: number) => queries[row * width + h * headSize + k],
        b: (k: number, j: number) => cache[((row * capacity + j) * 2 * keyValueHeads + g) * headSize + k],
      };
      for (let j = 0; j <= last[row]; j++) {
        scores[(row * heads + h) * capacity + j] = productElement([segment], 0, j, operands);
      }
    }
  }
}

/** Scores to weights, in place. */
export function attentionSoftmaxDecodeOracle(
  scores: Float32Array,
  last: ArrayLike<number>,
  { rows, heads, capacity }: DecodeShape,
  scale: number,
): void {
  for (let i = 0; i < rows * heads; i++) {
    const length = last[Math.floor(i / heads)] + 1;
    softmaxRow(scores, i * capacity, length, Math.ceil(length / 4) * 4, scale);
  }
}

/** Mixed values [rows][heads * headSize]. */
export function attentionValuesDecodeOracle(
  weights: ArrayLike<number>,
  cache: ArrayLike<number>,
  last: ArrayLike<number>,
  { rows, heads, keyValueHeads, headSize, capacity }: DecodeShape,
  operands: Operands,
): Float32Array {
  return Float32Array.from({ length: rows * heads * headSize }, (_, i) => {
    const row = Math.floor(i / (heads * headSize));
    const h = Math.floor(i / headSize) % heads;
    const g = keyValueHeads + Math.floor(h * keyValueHeads / heads);
    const segment = {
      depth: last[row] + 1,
      a: (_: number, j: number) => weights[(row * heads + h) * capacity + j],
      b: (j: number, d: number) => cache[((row * capacity + j) * 2 * keyValueHeads + g) * headSize + d],
    };
    return productElement([segment], 0, i % headSize, operands);
  });
}

/** Copies keys and values of each row of `queriesKeysValues` to row `slots[row]` of `cache`. */
export function cacheAppendOracle(
  queriesKeysValues: Float32Array,
  slots: ArrayLike<number>,
  cache: Float32Array,
  { heads, keyValueHeads, headSize, width }: Pick<DecodeShape, "heads" | "keyValueHeads" | "headSize" | "width">,
): void {
  const length = 2 * keyValueHeads * headSize;
  for (let row = 0; row < slots.length; row++) {
    const start = row * width + heads * headSize;
    cache.set(queriesKeysValues.subarray(start, start + length), slots[row] * length);
  }
}
