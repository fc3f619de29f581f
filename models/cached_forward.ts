/**
 * The forward pass of new tokens over cached keys and values, recorded into a program. The bits are those of `forward.ts`: what differs
 * is only where keys and values lie.
 * @module
 */
import { attentionSoftmaxCached } from "../kernels/attention/attention.ts";
import { attentionSoftmaxLanes, softmaxLanes } from "../kernels/attention/lanes.ts";
import {
  attentionScoresCached,
  attentionValuesCached,
  cacheAppend,
  chooseCachedTile,
} from "../kernels/attention/cached.ts";
import { allocate, allocateImage, type Arena, type Image, prefersImages, type Tensor } from "../kernels/gpu/buffers.ts";
import { dispatch, type Program } from "../kernels/gpu/program.ts";
import { rowSchedule } from "../kernels/row_schedule.ts";
import { gatherRows } from "../kernels/rows/rows.ts";
import type { LlamaConfig } from "./config.ts";
import { dispatchOverImages, inImage } from "./images.ts";
import {
  type Activations,
  attentionScale,
  type LayerActivations,
  recordAfterAttention,
  recordAttentionInputs,
  recordEmbedding,
  recordHead,
} from "./forward.ts";
import { attentionWidth, type Llama, padded } from "./llama.ts";

/** Keys and values of every layer; layout: kernels/attention/cached.ts. */
export interface Cache {
  /** One a layer. */
  readonly layers: readonly (Tensor | Image)[];
  /** Tokens that a slot holds. */
  readonly capacity: number;
}

/** Allocates a cache: images where this adapter reads them faster and they can hold as much, else buffers. */
export function allocateCache(arena: Arena, config: LlamaConfig, name: string, slots: number, capacity: number): Cache {
  const size = slots * capacity * 2 * config.keyValueHeads * config.headSize;
  // New keys are written in place: nothing is copied, so images cost no more than buffers.
  const inImages = prefersImages(arena.gpu);
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const label = `${name} of layer ${layer}`;
    return (inImages ? allocateImage(arena, label, size) : null) ?? allocate(arena, label, size);
  });
  return { layers, capacity };
}

/** Tables of new tokens. */
export interface TokenTables {
  /** Token ids. */
  readonly tokens: Tensor;
  /** Their positions in the context, prefix included. */
  readonly positions: Tensor;
  /** Their places in the cache. */
  readonly slots: Tensor;
  /** Four words a sequence: first token, new tokens, own keys before them, cache slot. */
  readonly sequences: Tensor;
}

/** Allocates tables for so many tokens and sequences. */
export function allocateTables(arena: Arena, name: string, tokens: number, sequences: number): TokenTables {
  return {
    tokens: allocate(arena, `${name}: tokens`, tokens),
    positions: allocate(arena, `${name}: positions`, tokens),
    slots: allocate(arena, `${name}: cache slots`, tokens),
    sequences: allocate(arena, `${name}: sequences`, sequences * 4),
  };
}

/** Sizes of a run. */
export interface CachedShape {
  /** New tokens of all sequences. */
  readonly tokens: number;
  /** Sequences. */
  readonly sequences: number;
  /** Most new tokens of a sequence. */
  readonly longest: number;
  /** Most own keys of a sequence, new ones included. */
  readonly keys: number;
  /** Tokens of the shared prefix. */
  readonly prefix: number;
}

/** Elements of scores that `tokens` new tokens need. */
export function cachedScores(config: LlamaConfig, tokens: number, prefix: number, keys: number): number {
  return config.heads * tokens * padded(prefix + keys);
}

/** What is recorded over: caches, tables, and capacities that choose tiles. */
export interface CachedPass {
  readonly llama: Llama;
  readonly prefix: Cache;
  readonly cache: Cache;
  /** Most new tokens, most of one sequence, and most keys that one of them sees. */
  readonly capacity: { readonly tokens: number; readonly longest: number; readonly keys: number };
  readonly activations: Activations;
  readonly tables: TokenTables;
}

/** Records everything of a layer between its rotated queries and its mixed values. */
function recordAttention(
  program: Program<CachedShape>,
  { llama, prefix, cache, capacity, activations: { images }, tables }: CachedPass,
  layer: number,
  now: LayerActivations,
): void {
  const { config, gpu, operands } = llama;
  const { heads, keyValueHeads, headSize } = config;
  const { queriesKeysValues: queries, weights: scores, mixed } = now;
  const { positions, sequences } = tables;
  const stride = (shape: CachedShape) => padded(shape.prefix + shape.keys);
  const sizes = ({ capacity: held }: Cache) => (shape: CachedShape) => ({
    ...shape,
    count: shape.sequences,
    stride: stride(shape),
    heads,
    keyValueHeads,
    headSize,
    width: attentionWidth(config),
    capacity: held,
  });
  const perKey = heads / keyValueHeads;
  // Rows of a product: all tokens together for the prefix, a sequence's for own keys.
  const [all, one] = [capacity.tokens * perKey, capacity.longest * perKey];
  const [shared, own] = [prefix.layers[layer], cache.layers[layer]];
  const tile = (rows: number, columns: number, keys: Tensor | Image) =>
    chooseCachedTile(gpu, rows, columns, "view" in keys);
  const valueTile = tile(one, headSize, own);
  const product = { prefix: sizes(prefix), own: sizes(cache) };
  dispatch(
    program,
    attentionScoresCached("prefix", operands, tile(all, prefix.capacity, shared)),
    { queries, cache: shared, scores },
    product.prefix,
  );
  dispatch(
    program,
    attentionScoresCached("own", operands, tile(one, cache.capacity, own)),
    { queries, cache: own, sequences, scores },
    product.own,
  );
  const lanes = softmaxLanes(gpu, capacity.keys);
  const softmax = lanes > 0 ? attentionSoftmaxLanes(lanes, capacity.keys) : attentionSoftmaxCached(rowSchedule(gpu));
  dispatch(program, softmax, { positions, scores }, (shape) => ({
    tokens: shape.tokens,
    heads,
    stride: stride(shape),
    span: valueTile.rows * valueTile.groups,
    scale: attentionScale(config),
  }));
  const weights = inImage(program, images?.left, scores, (shape) => shape.tokens * heads * stride(shape));
  dispatchOverImages(
    program,
    attentionValuesCached("prefix", operands, tile(all, headSize, shared)),
    { weights, cache: shared, mixed },
    product.prefix,
  );
  dispatchOverImages(
    program,
    attentionValuesCached("own", operands, valueTile),
    { weights, cache: own, sequences, mixed },
    product.own,
  );
}

/** Records norm, queries, keys, values and rope of a layer, and puts keys and values into the cache; returns what x was read from. */
function recordKeysValues(
  program: Program<CachedShape>,
  pass: CachedPass,
  layer: number,
  now: LayerActivations,
): Tensor | Image {
  const { llama, cache, capacity, activations, tables } = pass;
  const { config, operands } = llama;
  const rows = (shape: CachedShape) => shape.tokens;
  const parts = { ...now, positions: tables.positions, images: activations.images };
  const held = recordAttentionInputs(program, llama, capacity.tokens, llama.layers[layer], parts, rows);
  dispatch(
    program,
    cacheAppend(operands, "view" in cache.layers[layer]),
    { queriesKeysValues: now.queriesKeysValues, slots: tables.slots, cache: cache.layers[layer] },
    (shape) => ({
      rows: rows(shape),
      heads: config.heads,
      keyValueHeads: config.keyValueHeads,
      headSize: config.headSize,
      width: attentionWidth(config),
      capacity: cache.capacity,
    }),
  );
  return held;
}

/** Records embedding and layers, up to the keys and values of the last layer: all that later tokens see of these. */
export function recordFill(program: Program<CachedShape>, pass: CachedPass): void {
  const { llama, capacity, activations, tables } = pass;
  const { config } = llama;
  const rows = (shape: CachedShape) => shape.tokens;
  const now = activations.layers[0];
  recordEmbedding(program, llama, { tokens: tables.tokens, x: now.x }, rows);
  llama.layers.forEach((layer, number) => {
    const held = recordKeysValues(program, pass, number, now);
    if (number === config.layers - 1) return;
    recordAttention(program, pass, number, now);
    recordAfterAttention(
      program,
      llama,
      capacity.tokens,
      layer,
      { ...now, held, next: now.x, images: activations.images },
      rows,
    );
  });
}

/** Records what `recordFill` leaves out: the rest of the last layer, and logits. Wants one new token a sequence. */
export function recordLogits(program: Program<CachedShape>, pass: CachedPass): void {
  const { llama, capacity, activations } = pass;
  const rows = (shape: CachedShape) => shape.tokens;
  const now = activations.layers[0];
  const last = llama.config.layers - 1;
  recordAttention(program, pass, last, now);
  const { images } = activations;
  const held = inImage(program, images?.stream, now.x, (shape) => rows(shape) * llama.config.hiddenSize);
  const after = { ...now, held, next: now.x, images };
  recordAfterAttention(program, llama, capacity.tokens, llama.layers[last], after, rows);
  recordHead(program, llama, capacity.tokens, { ...activations, rows: now.x }, rows);
}

/** Records the way from a filled pass of prompts to the pass of their last tokens, whose token numbers are `lastTokens`. */
export function recordLastTokens(
  program: Program<CachedShape>,
  prompts: CachedPass,
  lastTokens: Tensor,
  pass: CachedPass,
): void {
  const { config } = pass.llama;
  const [all, one] = [prompts.activations.layers[0], pass.activations.layers[0]];
  const gather = (x: Tensor, y: Tensor, width: number) =>
    dispatch(program, gatherRows, { x, index: lastTokens, y }, ({ tokens: rows }) => ({ rows, width }));
  gather(all.x, one.x, config.hiddenSize);
  gather(all.queriesKeysValues, one.queriesKeysValues, attentionWidth(config));
}
