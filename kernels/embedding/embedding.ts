/**
 * Embedding: a gather, and a gradient that adds a token's rows in a fixed order. Formulas and shapes are in embedding.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { promptBase } from "../soft_prompt/soft_prompt.ts";
import source from "./embedding.wgsl" with { type: "text" };

/** `x[count][width] = weight[tokens]`; `width` a multiple of 4. Overwrites `x`. */
export const embeddingForward: Kernel = {
  name: "embedding_forward",
  body: kernelSource(source, "embedding_forward"),
  inputs: { tokens: "array<u32>", weight: "array<vec4<f32>>" },
  outputs: { x: "array<vec4<f32>>" },
  uniforms: { count: "u32", width: "u32" },
  grid: ({ count, width }) => threadGrid(count * width / 4, 64),
};

/** `weightGradient[token] += gradient[position]`, positions of a token ascending, for `buckets` buckets of `bucketTokens`. */
export const embeddingGradient: Kernel = {
  name: "embedding_gradient",
  body: kernelSource(source, "embedding_gradient"),
  inputs: { gradient: "array<vec4<f32>>", buckets: "array<vec4<u32>>", positions: "array<u32>" },
  outputs: { weightGradient: "array<vec4<f32>>" },
  uniforms: { buckets: "u32", width: "u32" },
  grid: ({ buckets, width }) => threadGrid(buckets * width / 4, 64),
};

/** Positions of a batch grouped by token. */
export interface TokenBuckets {
  /** Four words a bucket: token, its first place in `positions`, how many positions it has, 0. Tokens ascend. */
  readonly buckets: Uint32Array<ArrayBuffer>;
  /** Positions of the first bucket's token ascending, then of the second's, and so on. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** Number of buckets. */
  readonly count: number;
}

/** Groups the positions of `tokens` by token. Tokens that stand for rows of soft prompts are left out. */
export function bucketTokens(tokens: ArrayLike<number>): TokenBuckets {
  const places = new Map<number, number[]>();
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] >= promptBase) continue;
    const list = places.get(tokens[i]);
    if (list) list.push(i);
    else places.set(tokens[i], [i]);
  }
  const buckets = new Uint32Array(places.size * 4);
  const positions = new Uint32Array(tokens.length);
  let start = 0;
  [...places.keys()].sort((a, b) => a - b).forEach((token, bucket) => {
    const list = places.get(token)!;
    buckets.set([token, start, list.length, 0], bucket * 4);
    positions.set(list, start);
    start += list.length;
  });
  return { buckets, positions, count: places.size };
}
