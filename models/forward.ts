/**
 * The forward pass over a ragged batch, recorded into a program:
 *
 *     x -> norm -> queries, keys, values -> rope -> scores -> softmax -> mixed values -> + x = mid
 *     mid -> norm -> gate, up -> SwiGLU -> down -> + mid = next x;   target rows of the last x -> norm -> logits
 * @module
 */
import { allocate, type Arena, type Image, type Tensor } from "../kernels/gpu/buffers.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { dispatch, type Program, type Uniforms } from "../kernels/gpu/program.ts";
import { attentionSoftmax } from "../kernels/attention/attention.ts";
import { attentionWeights, attentionWeightsLanes } from "../kernels/attention/weights.ts";
import { dropout } from "../kernels/dropout/dropout.ts";
import { embeddingForward } from "../kernels/embedding/embedding.ts";
import { attentionScores, attentionValues } from "../kernels/matmul/matmul.ts";
import { rowSchedule } from "../kernels/row_schedule.ts";
import { rmsNormForward } from "../kernels/rms_norm/rms_norm.ts";
import { rope } from "../kernels/rope/rope.ts";
import { gatherRows } from "../kernels/rows/rows.ts";
import { softPromptForward } from "../kernels/soft_prompt/soft_prompt.ts";
import type { BatchCapacity, BatchShape, BatchTensors } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { recordGated, recordLinear, recordRotated } from "./linear.ts";
import { attentionWidth, type LayerParameters, type Llama, padded, type Parameter } from "./llama.ts";
import { allocateImages, dispatchOverImages, imagesBytes, inImage, type OperandImages } from "./images.ts";
import { attentionTiles } from "./products.ts";

/** What a layer computes; all of it is needed again by the backward pass. */
export interface LayerActivations {
  /** Input [tokens][hidden]. */
  readonly x: Tensor;
  readonly normed: Tensor;
  readonly inverse: Tensor;
  readonly queriesKeysValues: Tensor;
  /** Attention weights, per sequence and head. */
  readonly weights: Tensor;
  readonly mixed: Tensor;
  /** Input plus attention. */
  readonly mid: Tensor;
  readonly mlpNormed: Tensor;
  readonly mlpInverse: Tensor;
  /** Gates and what they let through; there where a backward pass follows. */
  readonly gateUp?: Tensor;
  readonly gated: Tensor;
}

/** What a forward pass computes. */
export interface Activations {
  /** Where its products, and those of its backward pass, put copies of operands; null where they read buffers. */
  readonly images: OperandImages | null;
  readonly layers: readonly LayerActivations[];
  /** Output of the last layer. */
  readonly last: Tensor;
  /** Target rows of `last`, before and after the final norm. */
  readonly rows: Tensor;
  readonly rowsNormed: Tensor;
  readonly rowsInverse: Tensor;
  /** [targets][padded vocabulary]. */
  readonly logits: Tensor;
}

/** Number of f32 elements of each of `LayerActivations`. */
function layerSizes(config: LlamaConfig, capacity: BatchCapacity, saved: boolean): Readonly<Record<string, number>> {
  const { tokens } = capacity;
  const { hiddenSize: d, intermediateSize: f } = config;
  return {
    x: tokens * d,
    normed: tokens * d,
    inverse: tokens,
    queriesKeysValues: tokens * attentionWidth(config),
    weights: capacity.scores,
    mixed: tokens * config.heads * config.headSize,
    mid: tokens * d,
    mlpNormed: tokens * d,
    mlpInverse: tokens,
    ...(saved ? { gateUp: tokens * 2 * f } : {}),
    gated: tokens * f,
  };
}

/** Bytes of activations for a capacity on this adapter; `saved` keeps every layer's, else all layers share one set. */
export function activationBytes(gpu: Gpu, config: LlamaConfig, capacity: BatchCapacity, saved: boolean): number {
  const layer = Object.values(layerSizes(config, capacity, saved)).reduce((sum, size) => sum + size, 0);
  const rows = capacity.targets * (2 * config.hiddenSize + 1 + padded(config.vocabSize));
  return imagesBytes(gpu, config, capacity, saved) +
    4 * (layer * (saved ? config.layers : 1) + (saved ? capacity.tokens * config.hiddenSize : 0) + rows);
}

/** Allocates activations; `saved` keeps every layer's for a backward pass. */
export function allocateActivations(
  arena: Arena,
  config: LlamaConfig,
  capacity: BatchCapacity,
  saved: boolean,
): Activations {
  const sizes = Object.entries(layerSizes(config, capacity, saved));
  const layer = (number: number) =>
    Object.fromEntries(
      sizes.map(([name, size]) => [name, allocate(arena, `layer ${number} ${name}`, size)]),
    ) as unknown as LayerActivations;
  const shared = saved ? null : layer(0);
  const layers = Array.from({ length: config.layers }, (_, number) => shared ?? layer(number));
  const { targets } = capacity;
  return {
    images: allocateImages(arena, config, capacity, saved),
    layers,
    last: shared ? shared.x : allocate(arena, "last layer's output", capacity.tokens * config.hiddenSize),
    rows: allocate(arena, "target rows", targets * config.hiddenSize),
    rowsNormed: allocate(arena, "normed target rows", targets * config.hiddenSize),
    rowsInverse: allocate(arena, "target rows' inverse norms", targets),
    logits: allocate(arena, "logits", targets * padded(config.vocabSize)),
  };
}

/** Dropout of what attention and MLP add to the residual stream, while training. */
export interface Dropout<S> {
  /** Working memory [tokens][hidden]: a branch's output, then the gradient of it. */
  readonly branch: Tensor;
  /** Per token, its position in its sequence. */
  readonly positions: Tensor;
  /** Per token, the number of its sequence in the optimizer batch. */
  readonly numbers: Tensor;
  /** Uniforms of `dropout` for a branch, 2 * layer for attention and one more for the MLP; width included. */
  readonly uniforms: (shape: S, branch: number) => Uniforms;
}

/**
 * Records `y = addend + x * weight^T`; the product is dropped in places where there is dropout.
 * @param tensors `held`: the addend as the norm before this branch has read it
 */
function recordBranch<S>(
  program: Program<S>,
  llama: Llama,
  capacityRows: number,
  parameter: Parameter,
  tensors: { x: Tensor; y: Tensor; addend: Tensor; held: Tensor | Image; images: OperandImages | null },
  rows: (shape: S) => number,
  number: number,
  drop?: Dropout<S>,
): void {
  const { x, y, addend, held, images } = tensors;
  if (!drop) return recordLinear(program, llama, capacityRows, parameter, { x, y, addend: held, images }, rows);
  const { branch, positions, numbers, uniforms } = drop;
  recordLinear(program, llama, capacityRows, parameter, { x, y: branch, images }, rows);
  dispatch(program, dropout(true), { x: branch, addend, positions, numbers, y }, (shape) => uniforms(shape, number));
}

/** Records the gather of embeddings; tokens that stand for rows of soft prompts take those. */
export function recordEmbedding<S>(
  program: Program<S>,
  { embedding, prompts, config }: Llama,
  tensors: { tokens: Tensor; x: Tensor },
  count: (shape: S) => number,
): void {
  const { tensor: weight } = embedding;
  const sizes = (shape: S) => ({ count: count(shape), width: config.hiddenSize });
  if (prompts) dispatch(program, softPromptForward, { ...tensors, weight, prompts: prompts.tensor }, sizes);
  else dispatch(program, embeddingForward, { ...tensors, weight }, sizes);
}

/** Uniforms of attention's products. */
export function attentionUniforms(config: LlamaConfig): (shape: BatchShape) => Record<string, number> {
  const { heads, keyValueHeads, headSize } = config;
  const width = attentionWidth(config);
  return ({ sequences, longest }) => ({ count: sequences, heads, keyValueHeads, headSize, width, longest });
}

/** The factor on attention scores, 1 / sqrt(headSize). */
export function attentionScale(config: LlamaConfig): number {
  return Math.fround(1 / Math.sqrt(config.headSize));
}

/** Records `y = norm(x) * weight` and the inverse norms of its rows; returns what x was read from. */
function recordNorm<S>(
  program: Program<S>,
  { hiddenSize: width, normEpsilon: epsilon }: LlamaConfig,
  { operand: weight }: Parameter,
  tensors: { x: Tensor; y: Tensor; inverse: Tensor; images: OperandImages | null },
  rows: (shape: S) => number,
): Tensor | Image {
  const { y, inverse, images } = tensors;
  const x = inImage(program, images?.stream, tensors.x, (shape) => rows(shape) * width);
  dispatchOverImages(
    program,
    rmsNormForward(rowSchedule(program.gpu)),
    { x, weight, y, inverse },
    (shape) => ({ rows: rows(shape), width, epsilon }),
  );
  return x;
}

/** Records the rotation of queries and keys in place, or back with `direction` -1. */
export function recordRope<S>(
  program: Program<S>,
  { config, cosines, sines }: Pick<Llama, "config" | "cosines" | "sines">,
  tensors: { positions: Tensor; x: Tensor; images: OperandImages | null },
  rows: (shape: S) => number,
  direction: 1 | -1,
): void {
  const { positions, x, images } = tensors;
  const width = attentionWidth(config);
  const given = inImage(program, images?.left, x, (shape) => rows(shape) * width);
  dispatchOverImages(
    program,
    rope(images !== null),
    { ...(images ? { given } : {}), positions, cosines, sines, x },
    (shape) => ({
      rows: rows(shape),
      width,
      heads: config.heads + config.keyValueHeads,
      headSize: config.headSize,
      direction,
    }),
  );
}

/** Records norm, queries, keys, values and rope of a layer, for rows of any kind; returns what the norm has read x from. */
export function recordAttentionInputs<S>(
  program: Program<S>,
  llama: Llama,
  capacityRows: number,
  layer: LayerParameters,
  tensors: Pick<LayerActivations, "x" | "normed" | "inverse" | "queriesKeysValues"> & {
    positions: Tensor;
    images?: OperandImages | null;
  },
  rows: (shape: S) => number,
): Tensor | Image {
  const { config } = llama;
  const { x, normed, inverse, queriesKeysValues, positions, images = null } = tensors;
  const held = recordNorm(program, config, layer.attentionNorm, { x, y: normed, inverse, images }, rows);
  const product = { x: normed, y: queriesKeysValues, images };
  const parameter = layer.queriesKeysValues;
  if (!recordRotated(program, llama, capacityRows, parameter, { ...product, positions }, rows)) {
    recordLinear(program, llama, capacityRows, parameter, product, rows);
    recordRope(program, llama, { positions, x: queriesKeysValues, images }, rows, 1);
  }
  return held;
}

/**
 * Records what follows attention in a layer: its output projection and the MLP, both with residuals.
 * @param tensors `held`: what x can be read from, if the same program has recorded the attention's inputs
 * @param drop dropout of the two, and the layer's number
 */
export function recordAfterAttention<S>(
  program: Program<S>,
  llama: Llama,
  capacityRows: number,
  layer: LayerParameters,
  tensors: LayerActivations & { held: Tensor | Image; next: Tensor; images?: OperandImages | null },
  rows: (shape: S) => number,
  drop?: { readonly dropout: Dropout<S>; readonly number: number },
): void {
  const { config } = llama;
  const { x, held, mixed, mid, mlpNormed, mlpInverse, gateUp, gated, next, images = null } = tensors;
  const branch = (
    parameter: Parameter,
    parts: { x: Tensor; addend: Tensor; held: Tensor | Image; y: Tensor },
    number: number,
  ) => recordBranch(program, llama, capacityRows, parameter, { ...parts, images }, rows, number, drop?.dropout);
  const first = 2 * (drop?.number ?? 0);
  branch(layer.attentionOutput, { x: mixed, addend: x, held, y: mid }, first);
  const midHeld = recordNorm(
    program,
    config,
    layer.mlpNorm,
    { x: mid, y: mlpNormed, inverse: mlpInverse, images },
    rows,
  );
  recordGated(program, llama, capacityRows, layer.gateUp, { x: mlpNormed, gated, gateUp, images }, rows);
  branch(layer.down, { x: gated, addend: mid, held: midHeld, y: next }, first + 1);
}

/** Records final norm and head on rows that are already gathered. */
export function recordHead<S>(
  program: Program<S>,
  llama: Llama,
  capacityRows: number,
  tensors: Pick<Activations, "rows" | "rowsNormed" | "rowsInverse" | "logits"> & { images?: OperandImages | null },
  rows: (shape: S) => number,
): void {
  const { rowsNormed: x, logits: y, images = null } = tensors;
  recordNorm(program, llama.config, llama.norm, { x: tensors.rows, y: x, inverse: tensors.rowsInverse, images }, rows);
  recordLinear(program, llama, capacityRows, llama.head, { x, y, images }, rows);
}

/**
 * Records the whole forward pass of a batch, up to the logits of its target rows.
 * @param drop while training, where what branches add is dropped in places
 */
export function recordForward<S extends BatchShape>(
  program: Program<S>,
  llama: Llama,
  capacity: BatchCapacity,
  batch: BatchTensors,
  activations: Activations,
  drop?: Dropout<S>,
): void {
  const { config, gpu, operands } = llama;
  const tokens = (shape: S) => shape.tokens;
  const { sequences } = batch;
  const { images } = activations;
  const tiles = attentionTiles(gpu, config, capacity.longest, images !== null);
  const uniforms = attentionUniforms(config);
  const lanes = attentionWeightsLanes(gpu, capacity.longest);
  const first = config.layers > 0 ? activations.layers[0].x : activations.last;
  recordEmbedding(program, llama, { tokens: batch.tokens, x: first }, tokens);
  llama.layers.forEach((layer, number) => {
    const now = activations.layers[number];
    const next = activations.layers[number + 1]?.x ?? activations.last;
    const inputs = { ...now, positions: batch.positions, images };
    const held = recordAttentionInputs(program, llama, capacity.tokens, layer, inputs, tokens);
    const qkvSize = (shape: S) => shape.tokens * attentionWidth(config);
    const qkv = inImage(program, images?.left, now.queriesKeysValues, qkvSize);
    const weights = () => inImage(program, images?.right, now.weights, (shape) => shape.scores);
    const scale = attentionScale(config);
    if (lanes > 0) {
      dispatchOverImages(
        program,
        attentionWeights(operands, lanes, capacity.longest),
        { matrix: qkv, weights: now.weights, sequences },
        (shape) => ({ ...uniforms(shape), scale }),
      );
    } else {
      dispatch(
        program,
        attentionScores(operands, tiles.scores),
        { a: qkv, b: qkv, c: now.weights, sequences },
        uniforms,
      );
      const given = weights();
      dispatch(
        program,
        attentionSoftmax(rowSchedule(gpu), images !== null),
        { ...(images ? { given } : {}), scores: now.weights, sequences },
        ({ sequences: count, longest }) => ({ count, heads: config.heads, longest, scale }),
      );
    }
    dispatch(
      program,
      attentionValues(operands, tiles.head),
      { a: weights(), b: qkv, c: now.mixed, sequences },
      uniforms,
    );
    const after = { ...now, held, next, images };
    recordAfterAttention(program, llama, capacity.tokens, layer, after, tokens, drop && { dropout: drop, number });
  });
  dispatch(
    program,
    gatherRows,
    { x: activations.last, index: batch.targetRows, y: activations.rows },
    (shape) => ({ rows: shape.targets, width: config.hiddenSize }),
  );
  recordHead(program, llama, capacity.targets, activations, (shape) => shape.targets);
}
