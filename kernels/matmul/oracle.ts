/**
 * What matmul.ts's kernels compute, from their definition, one element at a time: for each segment in order the products are summed
 * over k ascending from zero, and the segment's sum is then added.
 * @module
 */
import { add, mul, operandRounding, type Operands } from "../numerics.ts";

/** A part of a product that is summed on its own. */
export interface ProductSegment {
  /** Number of terms. */
  readonly depth: number;
  /** A's value. */
  readonly a: (m: number, k: number) => number;
  /** B's value. */
  readonly b: (k: number, n: number) => number;
}

/** One element of a product: `start` plus the segments' sums, one by one. */
export function productElement(
  segments: readonly ProductSegment[],
  m: number,
  n: number,
  operands: Operands,
  start = 0,
): number {
  const round = operandRounding(operands);
  let total = start;
  for (const { depth, a, b } of segments) {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum = add(sum, mul(round(a(m, k)), round(b(k, n))));
    total = add(total, sum);
  }
  return total;
}

/** Sizes of a dense product, and the row strides of its matrices in elements. */
export interface DenseShape {
  /** Rows of the result. */
  readonly rows: number;
  /** Columns of the result. */
  readonly columns: number;
  /** Row stride of a. */
  readonly aStride: number;
  /** Row stride of b. */
  readonly bStride: number;
  /** Row stride of c. */
  readonly cStride: number;
}

function fillDense(
  c: Float32Array,
  { rows, columns, cStride }: DenseShape,
  segments: readonly ProductSegment[],
  operands: Operands,
  start?: ArrayLike<number>,
): void {
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      const at = m * cStride + n;
      c[at] = productElement(segments, m, n, operands, start ? start[at] : 0);
    }
  }
}

/** `c[rows][columns] = a[rows][depth] * b[columns][depth]^T`, plus `addend` where given. */
export function linearForwardOracle(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: Float32Array,
  shape: DenseShape & { readonly depth: number },
  operands: Operands,
  addend?: ArrayLike<number>,
): void {
  const { depth, aStride, bStride } = shape;
  const segment = {
    depth,
    a: (m: number, k: number) => a[m * aStride + k],
    b: (k: number, n: number) => b[n * bStride + k],
  };
  fillDense(c, shape, [segment], operands, addend);
}

/** `c[rows][columns] = a[rows][depth] * b[depth][columns]`. */
export function linearInputGradientOracle(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: Float32Array,
  shape: DenseShape & { readonly depth: number },
  operands: Operands,
): void {
  const { depth, aStride, bStride } = shape;
  const segment = {
    depth,
    a: (m: number, k: number) => a[m * aStride + k],
    b: (k: number, n: number) => b[k * bStride + n],
  };
  fillDense(c, shape, [segment], operands);
}

/** `c[rows][columns] += a[t][rows]^T * b[t][columns]`, sequence by sequence (four words each: first row t, rows, and two unused). */
export function linearWeightGradientOracle(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: Float32Array,
  sequences: ArrayLike<number>,
  shape: DenseShape,
  operands: Operands,
): void {
  const { aStride, bStride } = shape;
  const segments = Array.from({ length: sequences.length / 4 }, (_, s) => ({
    depth: sequences[s * 4 + 1],
    a: (m: number, k: number) => a[(sequences[s * 4] + k) * aStride + m],
    b: (k: number, n: number) => b[(sequences[s * 4] + k) * bStride + n],
  }));
  fillDense(c, shape, segments, operands, c);
}

/** Heads of an attention layer; `width` is the row stride of queries, keys and values. */
export interface AttentionShape {
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly keyValueHeads: number;
  /** Columns of a head. */
  readonly headSize: number;
  /** Row stride of the matrix of queries, keys and values. */
  readonly width: number;
}

/** A product of attention. */
export type AttentionProduct =
  | "scores"
  | "values"
  | "weightGradient"
  | "queryGradient"
  | "keyGradient"
  | "valueGradient";

/**
 * Fills in `c` what attention's kernels define: of scores and their gradient the columns j <= i of each row i, of the others everything.
 * `a`, `b`, `c` and `sequences` (four words each) are as in matmul.ts.
 */
export function attentionProductOracle(
  product: AttentionProduct,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: Float32Array,
  sequences: ArrayLike<number>,
  shape: AttentionShape,
  operands: Operands,
): void {
  const { heads, keyValueHeads, headSize, width } = shape;
  const share = heads / keyValueHeads;
  const mixedWidth = heads * headSize;
  for (let s = 0; s < sequences.length; s += 4) {
    const [first, tokens, scoreStart, scoreStride] = [0, 1, 2, 3].map((word) => sequences[s + word]);
    const query = (h: number) => (t: number, d: number) => (first + t) * width + h * headSize + d;
    const key = (g: number) => (t: number, d: number) => (first + t) * width + (heads + g) * headSize + d;
    const value = (g: number) => (t: number, d: number) =>
      (first + t) * width + (heads + keyValueHeads + g) * headSize + d;
    const mixed = (h: number) => (t: number, d: number) => (first + t) * mixedWidth + h * headSize + d;
    const score = (h: number) => (i: number, j: number) => scoreStart + (h * tokens + i) * scoreStride + j;
    const perScore = product === "scores" || product === "weightGradient";
    const perKey = product === "keyGradient" || product === "valueGradient";
    for (let head = 0; head < (perKey ? keyValueHeads : heads); head++) {
      const g = perKey ? head : Math.floor(head / share);
      const target = {
        scores: score,
        weightGradient: score,
        values: mixed,
        queryGradient: query,
        keyGradient: key,
        valueGradient: value,
      };
      const place = target[product](head);
      for (let m = 0; m < tokens; m++) {
        // A row attends to itself and what is before; a key is seen by itself and what is after.
        const segment = (h: number): ProductSegment => {
          switch (product) {
            case "scores":
              return { depth: headSize, a: (m, k) => a[query(h)(m, k)], b: (k, n) => b[key(g)(n, k)] };
            case "weightGradient":
              return { depth: headSize, a: (m, k) => a[mixed(h)(m, k)], b: (k, n) => b[value(g)(n, k)] };
            case "values":
              return { depth: m + 1, a: (m, k) => a[score(h)(m, k)], b: (k, n) => b[value(g)(k, n)] };
            case "queryGradient":
              return { depth: m + 1, a: (m, k) => a[score(h)(m, k)], b: (k, n) => b[key(g)(k, n)] };
            case "keyGradient":
              return { depth: tokens - m, a: (m, k) => a[score(h)(m + k, m)], b: (k, n) => b[query(h)(m + k, n)] };
            case "valueGradient":
              return { depth: tokens - m, a: (m, k) => a[score(h)(m + k, m)], b: (k, n) => b[mixed(h)(m + k, n)] };
          }
        };
        const segments = perKey ? Array.from({ length: share }, (_, i) => segment(g * share + i)) : [segment(head)];
        for (let n = 0; n < (perScore ? m + 1 : headSize); n++) {
          c[place(m, n)] = productElement(segments, m, n, operands);
        }
      }
    }
  }
}
