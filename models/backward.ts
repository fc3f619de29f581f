/**
 * The backward pass of a batch, recorded after its forward pass. Gradients of activations overwrite, gradients of weights accumulate,
 * each sequence on its own, so that micro-batches change nothing.
 * @module
 */
import { allocate, allocateTogether, type Arena, type Image, type Tensor } from "../kernels/gpu/buffers.ts";
import { dispatch, type Program } from "../kernels/gpu/program.ts";
import { attentionDeltas } from "../kernels/attention/attention.ts";
import { crossEntropy, lossSum } from "../kernels/cross_entropy/cross_entropy.ts";
import { dropout } from "../kernels/dropout/dropout.ts";
import { embeddingGradient } from "../kernels/embedding/embedding.ts";
import {
  attentionKeyGradient,
  attentionQueryGradient,
  attentionScoreGradient,
  attentionValueGradient,
} from "../kernels/matmul/matmul.ts";
import { rmsNormBackward, rmsNormWeightGradient } from "../kernels/rms_norm/rms_norm.ts";
import { canRotate, tableType } from "../kernels/rope/rotation.ts";
import { rowSchedule } from "../kernels/row_schedule.ts";
import { scatterRows } from "../kernels/rows/rows.ts";
import { softPromptGradient } from "../kernels/soft_prompt/soft_prompt.ts";
import type { BatchCapacity, BatchShape, BatchTensors } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import { type Activations, attentionScale, attentionUniforms, type Dropout, recordRope } from "./forward.ts";
import { dispatchOverImages, inImage } from "./images.ts";
import { recordLinearGradients } from "./linear.ts";
import { attentionWidth, type Llama, padded, type Parameter } from "./llama.ts";
import { attentionTiles } from "./products.ts";

/** What a batch needs for its loss and gradients beside the forward pass's tables. */
export interface TargetTensors {
  /** Target token of each target row. */
  readonly targets: Tensor;
  /** Weight of each target row's loss, divided by the optimizer batch's total. */
  readonly weights: Tensor;
  /** Per sequence, x: first target row, y: target rows. */
  readonly targetSequences: Tensor;
  /** Per token, its target row plus 1, or 0. */
  readonly targetOfToken: Tensor;
  /** Tokens grouped for the embedding's gradient: see `bucketTokens`. */
  readonly buckets: Tensor;
  readonly bucketPositions: Tensor;
  /** Where sequences begin with soft prompts: see `promptPlaces`. */
  readonly promptPlaces: Tensor;
  /** Per token, the number of its sequence in the optimizer batch. */
  readonly numbers: Tensor;
}

/** A batch's shape with what the loss adds to it. */
export interface TrainingShape extends BatchShape {
  readonly buckets: number;
  /** Element of the history that the loss is added to. */
  readonly slot: number;
  /** Number of the optimizer step, from 1. */
  readonly step: number;
}

/** Gradient tensors of a model: one a parameter that learns, and the embedding's own part where the head is tied. */
export interface Gradients {
  readonly of: ReadonlyMap<Parameter, Tensor>;
  /** Gradient through the embedding lookup; the same tensor as the embedding's where the head is not tied, null where none learns. */
  readonly lookup: Tensor | null;
  /** Gradient of the soft prompts; null where they do not learn. */
  readonly prompts: Tensor | null;
}

/**
 * Allocates zeroed gradients.
 * @param learns which parameters have one
 * @param prompts whether the soft prompts have one
 */
export function allocateGradients(
  arena: Arena,
  llama: Llama,
  learns: (parameter: Parameter) => boolean,
  prompts: boolean,
): Gradients {
  const learning = llama.parameters.filter(learns);
  const gradients = allocateTogether(
    arena,
    learning.map(({ label, rows, columns }) => ({ name: `gradient of ${label}`, length: rows * columns })),
  );
  const of = new Map(learning.map((parameter, i) => [parameter, gradients[i]]));
  const { rows, columns } = llama.embedding;
  const ofEmbedding = of.get(llama.embedding) ?? null;
  return {
    of,
    lookup: ofEmbedding && llama.config.tied
      ? allocate(arena, "gradient of the embedding lookup", rows * columns)
      : ofEmbedding,
    prompts: prompts ? allocate(arena, "gradient of the soft prompts", llama.prompts!.tensor.length) : null,
  };
}

/** Allocates the target tables of a batch. */
export function allocateTargets(arena: Arena, capacity: BatchCapacity): TargetTensors {
  return {
    targets: allocate(arena, "batch targets", capacity.targets),
    weights: allocate(arena, "batch target weights", capacity.targets),
    targetSequences: allocate(arena, "batch target sequences", capacity.sequences * 4),
    targetOfToken: allocate(arena, "batch targets of tokens", capacity.tokens),
    buckets: allocate(arena, "batch token buckets", capacity.tokens * 4),
    bucketPositions: allocate(arena, "batch bucket positions", capacity.tokens),
    promptPlaces: allocate(arena, "batch prompt places", capacity.sequences * 4),
    numbers: allocate(arena, "batch sequence numbers", capacity.tokens),
  };
}

/** Elements of the gradient workspace, shared by all layers. */
function workspaceSizes(config: LlamaConfig, capacity: BatchCapacity) {
  const { tokens, targets } = capacity;
  const { hiddenSize: d, intermediateSize: f } = config;
  return {
    outer: tokens * d,
    inner: tokens * d,
    normed: tokens * d,
    queriesKeysValues: tokens * attentionWidth(config),
    mixed: tokens * config.heads * config.headSize,
    deltas: tokens * config.heads,
    scores: capacity.scores,
    gateUp: tokens * 2 * f,
    rows: targets * d,
    rowsNormed: targets * d,
    losses: targets,
  };
}

/** Bytes of the gradient workspace for a capacity. */
export function workspaceBytes(config: LlamaConfig, capacity: BatchCapacity): number {
  return 4 * Object.values(workspaceSizes(config, capacity)).reduce((sum, size) => sum + size, 0);
}

/**
 * Records loss and backward pass of a batch whose forward pass is recorded in the same program. `history[slot]` gains the batch's
 * loss, `gradients` gain the batch's gradients, `activations.logits` become their own gradient. What has no gradient tensor costs none.
 * @param drop the forward pass's dropout
 */
export function recordBackward<S extends TrainingShape>(
  program: Program<S>,
  llama: Llama,
  arena: Arena,
  capacity: BatchCapacity,
  tensors: {
    batch: BatchTensors;
    targets: TargetTensors;
    activations: Activations;
    gradients: Gradients;
    history: Tensor;
  },
  labelSmoothing: number,
  drop?: Dropout<S>,
): void {
  const { config, gpu, operands } = llama;
  const { hiddenSize, headSize } = config;
  const { batch, targets, activations, gradients, history } = tensors;
  const { sequences } = batch;
  const { images } = activations;
  const work = Object.fromEntries(
    Object.entries(workspaceSizes(config, capacity)).map((
      [name, size],
    ) => [name, allocate(arena, `work ${name}`, size)]),
  ) as Record<keyof ReturnType<typeof workspaceSizes>, Tensor>;
  const gradientOf = (parameter: Parameter) => gradients.of.get(parameter);

  /**
   * Records a linear layer's two gradients: `y` is its output's gradient, `x` its input, `xGradient` its input's gradient, or that of the
   * gates that make it.
   */
  const linear = (
    parameter: Parameter,
    { y, x, xGradient, gateUp }: { y: Tensor | Image; x: Tensor; xGradient: Tensor; gateUp?: Tensor | undefined },
    overTargets = false,
  ) =>
    recordLinearGradients(
      program,
      llama,
      overTargets ? capacity.targets : capacity.tokens,
      parameter,
      {
        y,
        x,
        xGradient,
        gateUp,
        weightGradient: gradientOf(parameter),
        sequences: overTargets ? targets.targetSequences : sequences,
        images,
      },
      { rows: overTargets ? (shape) => shape.targets : (shape) => shape.tokens, count: (shape) => shape.sequences },
    );
  /** Records a norm's two gradients. */
  const norm = (
    parameter: Parameter,
    parts: { gradient: Tensor; x: Tensor; inverse: Tensor; dx: Tensor; carried?: Tensor | Image },
    overTargets = false,
  ) => {
    const { gradient, x, inverse, dx, carried } = parts;
    const weightGradient = gradientOf(parameter);
    const rows = (shape: S) => overTargets ? shape.targets : shape.tokens;
    const length = (shape: S) => rows(shape) * hiddenSize;
    const read = {
      gradient: inImage(program, images?.left, gradient, length),
      x: inImage(program, images?.right, x, length),
      inverse,
    };
    if (weightGradient) {
      dispatchOverImages(
        program,
        rmsNormWeightGradient,
        { ...read, sequences: overTargets ? targets.targetSequences : sequences, weightGradient },
        (shape) => ({ width: hiddenSize, count: shape.sequences }),
      );
    }
    dispatchOverImages(
      program,
      rmsNormBackward(rowSchedule(gpu), carried !== undefined),
      {
        ...read,
        weight: parameter.operand,
        xGradient: dx,
        ...(carried ? { carried_gradient: carried } : {}),
      },
      (shape) => ({ rows: rows(shape), width: hiddenSize }),
    );
  };
  /** Gradient of what a branch put out, from that of what was added; and what the latter is read from where it is carried past a norm. */
  const ofBranch = (x: Tensor, number: number): { y: Tensor | Image; carried: Tensor | Image } => {
    if (!drop) {
      const held = inImage(program, images?.stream, x, ({ tokens }: S) => tokens * hiddenSize);
      return { y: held, carried: held };
    }
    const { branch: y, positions, numbers, uniforms } = drop;
    dispatch(program, dropout(false), { x, positions, numbers, y }, (shape) => uniforms(shape, number));
    return { y, carried: x };
  };

  dispatch(
    program,
    crossEntropy(rowSchedule(gpu)),
    { targets: targets.targets, weights: targets.weights, logits: activations.logits, losses: work.losses },
    (shape) => ({
      rows: shape.targets,
      vocabulary: config.vocabSize,
      stride: padded(config.vocabSize),
      smoothing: labelSmoothing,
    }),
  );
  dispatch(
    program,
    lossSum,
    { losses: work.losses, sequences: targets.targetSequences, history },
    (shape) => ({ count: shape.sequences, slot: shape.slot }),
  );
  linear(llama.head, { y: activations.logits, x: activations.rowsNormed, xGradient: work.rowsNormed }, true);
  norm(
    llama.norm,
    { gradient: work.rowsNormed, x: activations.rows, inverse: activations.rowsInverse, dx: work.rows },
    true,
  );
  dispatch(
    program,
    scatterRows,
    { y: work.rows, source: targets.targetOfToken, x: work.outer },
    (shape) => ({ rows: shape.tokens, width: hiddenSize }),
  );

  const uniforms = attentionUniforms(config);
  const tiles = attentionTiles(gpu, config, capacity.longest, images !== null);
  for (let number = config.layers - 1; number >= 0; number--) {
    const layer = llama.layers[number];
    const saved = activations.layers[number];
    const { gateUp } = saved;
    const ofMlp = ofBranch(work.outer, 2 * number + 1);
    linear(layer.down, { y: ofMlp.y, x: saved.gated, xGradient: work.gateUp, gateUp });
    linear(layer.gateUp, { y: work.gateUp, x: saved.mlpNormed, xGradient: work.normed });
    norm(layer.mlpNorm, {
      gradient: work.normed,
      x: saved.mid,
      inverse: saved.mlpInverse,
      dx: work.inner,
      carried: ofMlp.carried,
    });
    const ofAttention = ofBranch(work.inner, 2 * number);
    linear(layer.attentionOutput, { y: ofAttention.y, x: saved.mixed, xGradient: work.mixed });
    const scores = (shape: S) => shape.scores;
    const mixedSize = ({ tokens }: S) => tokens * config.heads * config.headSize;
    const mixedGradient = inImage(program, images?.right, work.mixed, mixedSize);
    dispatchOverImages(
      program,
      attentionDeltas,
      { mixed: inImage(program, images?.left, saved.mixed, mixedSize), mixedGradient, deltas: work.deltas },
      ({ tokens }) => ({ rows: tokens * config.heads, headSize: config.headSize }),
    );
    const c = work.queriesKeysValues;
    const weights = inImage(program, images?.left, saved.weights, scores);
    dispatch(
      program,
      attentionValueGradient(operands, tiles.head),
      { a: weights, b: mixedGradient, c, sequences },
      uniforms,
    );
    const qkvSize = ({ tokens }: S) => tokens * attentionWidth(config);
    const qkv = inImage(program, images?.third, saved.queriesKeysValues, qkvSize);
    dispatch(
      program,
      attentionScoreGradient(operands, tiles.scores),
      { a: mixedGradient, b: qkv, weights, deltas: work.deltas, c: work.scores, sequences },
      (shape) => ({ ...uniforms(shape), scale: attentionScale(config) }),
    );
    const a = inImage(program, images?.left, work.scores, scores);
    // Gradients of queries and keys are rotated back where they are made, if their tiles can do so.
    const turn = canRotate(tiles.head, headSize) ? { headSize, table: tableType(llama.cosines) } : null;
    const turning = turn && { positions: batch.positions, cosines: llama.cosines, sines: llama.sines };
    for (const gradient of [attentionQueryGradient, attentionKeyGradient]) {
      dispatch(
        program,
        gradient(operands, tiles.head, turn),
        { a, b: qkv, c, sequences, ...turning },
        (shape) => ({ ...uniforms(shape), rotated: headSize, direction: -1 }),
      );
    }
    if (!turn) recordRope(program, llama, { positions: batch.positions, x: c, images }, (shape) => shape.tokens, -1);
    linear(layer.queriesKeysValues, { y: c, x: saved.normed, xGradient: work.normed });
    norm(layer.attentionNorm, {
      gradient: work.normed,
      x: saved.x,
      inverse: saved.inverse,
      dx: work.outer,
      carried: ofAttention.carried,
    });
  }
  if (gradients.lookup) {
    dispatch(
      program,
      embeddingGradient,
      {
        gradient: work.outer,
        buckets: targets.buckets,
        positions: targets.bucketPositions,
        weightGradient: gradients.lookup,
      },
      (shape) => ({ buckets: shape.buckets, width: hiddenSize }),
    );
  }
  if (gradients.prompts) {
    const rows = llama.prompts!.count * llama.prompts!.length;
    dispatch(
      program,
      softPromptGradient,
      { gradient: work.outer, places: targets.promptPlaces, promptGradient: gradients.prompts },
      (shape) => ({ count: shape.sequences, rows, width: hiddenSize }),
    );
  }
}
