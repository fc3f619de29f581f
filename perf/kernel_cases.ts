/**
 * The kernels of a training step in the shapes of one model: sizes of their bindings, uniforms, and the work their definition asks for.
 * @module
 */
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import { adamw, adamwUniforms } from "../kernels/adamw/adamw.ts";
import { attentionSoftmax, attentionSoftmaxBackward } from "../kernels/attention/attention.ts";
import { crossEntropy } from "../kernels/cross_entropy/cross_entropy.ts";
import { bucketTokens, embeddingForward, embeddingGradient } from "../kernels/embedding/embedding.ts";
import { squareSums } from "../kernels/gradient_norm/gradient_norm.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import type { Kernel, Uniforms } from "../kernels/gpu/program.ts";
import {
  attentionKeyGradient,
  attentionQueryGradient,
  attentionScores,
  attentionValueGradient,
  attentionValues,
  attentionWeightGradient,
  chooseTile,
  linearForward,
  linearInputGradient,
  linearWeightGradient,
} from "../kernels/matmul/matmul.ts";
import type { Operands } from "../kernels/numerics.ts";
import { rmsNormBackward, rmsNormForward, rmsNormWeightGradient } from "../kernels/rms_norm/rms_norm.ts";
import { rope } from "../kernels/rope/rope.ts";
import { gatherRows, scatterRows } from "../kernels/rows/rows.ts";
import { swigluBackward, swigluForward } from "../kernels/swiglu/swiglu.ts";
import type { LlamaConfig } from "../models/config.ts";
import { attentionWidth, padded } from "../models/llama.ts";
import { fill, tokenIds } from "./data.ts";

/** One kernel to measure. */
export interface KernelCase {
  readonly kernel: Kernel;
  /** What it is used for. */
  readonly use: string;
  /** Its sizes in words. */
  readonly shape: string;
  readonly operands: Operands | null;
  /** Each binding: a number of floats, or its contents. */
  readonly bindings: Readonly<
    Record<
      string,
      number | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>
    >
  >;
  readonly uniforms: Uniforms;
  /** Multiplications and additions, for products; else null. */
  readonly operations: number | null;
  /** 4-byte elements read and written at least once. */
  readonly elements: number;
}

/** The three products of a linear layer of `outputs` x `inputs` over `rows` rows, or one of them. */
export function linearCases(
  gpu: Gpu,
  use: string,
  size: {
    rows: number;
    outputs: number;
    inputs: number;
    sequences: Uint32Array<ArrayBuffer>;
  },
  operands: Operands,
): KernelCase[] {
  const { rows, outputs, inputs, sequences } = size;
  const common = {
    use,
    operands,
    operations: 2 * rows * outputs * inputs,
    elements: rows * outputs + rows * inputs + outputs * inputs,
  };
  const shape = `${rows} x ${outputs} x ${inputs}`;
  const [x, y, weight] = [rows * inputs, rows * outputs, outputs * inputs];
  return [
    {
      ...common,
      kernel: linearForward(operands, chooseTile(gpu, rows, outputs), "store"),
      shape,
      bindings: { a: x, b: weight, c: y },
      uniforms: {
        rows,
        columns: outputs,
        depth: inputs,
        aStride: inputs,
        bStride: inputs,
        cStride: outputs,
      },
    },
    {
      ...common,
      kernel: linearInputGradient(operands, chooseTile(gpu, rows, inputs)),
      shape,
      bindings: { a: y, b: weight, c: x },
      uniforms: {
        rows,
        columns: inputs,
        depth: outputs,
        aStride: outputs,
        bStride: inputs,
        cStride: inputs,
      },
    },
    {
      ...common,
      kernel: linearWeightGradient(operands, chooseTile(gpu, outputs, inputs)),
      shape: `${shape}, ${sequences.length / 4} sequences`,
      elements: common.elements + weight,
      bindings: { a: y, b: x, c: weight, sequences },
      uniforms: {
        rows: outputs,
        columns: inputs,
        count: sequences.length / 4,
        aStride: outputs,
        bStride: inputs,
        cStride: inputs,
      },
    },
  ];
}

/** Where equal sequences of `length` tokens lie: first row, rows, start and row stride of their scores. */
function places(
  config: LlamaConfig,
  count: number,
  length: number,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    Array.from({ length: count }, (_, s) => [
      s * length,
      length,
      s * config.heads * length * padded(length),
      padded(length),
    ]).flat(),
  );
}

/** Attention's six products and the two row operations between them. */
function attentionCases(
  gpu: Gpu,
  config: LlamaConfig,
  count: number,
  length: number,
  operands: Operands,
) {
  const { heads, keyValueHeads, headSize } = config;
  const width = attentionWidth(config);
  const tokens = count * length;
  const sequences = places(config, count, length);
  const qkv = tokens * width;
  const mixed = tokens * heads * headSize;
  const scores = count * heads * length * padded(length);
  const triangle = count * heads * length * (length + 1) / 2;
  const shape = `${count} x ${length}, ${heads}/${keyValueHeads} heads of ${headSize}`;
  const uniforms = {
    count,
    heads,
    keyValueHeads,
    headSize,
    width,
    longest: length,
  };
  const scoreTile = chooseTile(gpu, length, length);
  const headTile = chooseTile(gpu, length, headSize);
  const product = (
    kernel: Kernel,
    a: number,
    b: number,
    c: number,
    elements: number,
  ): KernelCase => ({
    kernel,
    use: "attention",
    shape,
    operands,
    bindings: { a, b, c, sequences },
    uniforms,
    operations: 2 * triangle * headSize,
    elements,
  });
  const queries = mixed;
  const keys = tokens * keyValueHeads * headSize;
  const rows = (
    kernel: Kernel,
    bindings: KernelCase["bindings"],
    more: Uniforms,
    elements: number,
  ): KernelCase => ({
    kernel,
    use: "attention",
    shape,
    operands: null,
    bindings: { ...bindings, sequences },
    uniforms: { count, heads, longest: length, scale: 0.125, ...more },
    operations: null,
    elements,
  });
  return [
    product(
      attentionScores(operands, scoreTile),
      qkv,
      qkv,
      scores,
      queries + keys + triangle,
    ),
    rows(attentionSoftmax, { scores }, {}, 2 * triangle),
    product(
      attentionValues(operands, headTile),
      scores,
      qkv,
      mixed,
      triangle + keys + mixed,
    ),
    product(
      attentionWeightGradient(operands, scoreTile),
      mixed,
      qkv,
      scores,
      mixed + keys + triangle,
    ),
    rows(
      attentionSoftmaxBackward,
      { weights: scores, mixed, mixedGradient: mixed, scoreGradient: scores },
      { headSize },
      3 * triangle + 2 * mixed,
    ),
    product(
      attentionQueryGradient(operands, headTile),
      scores,
      qkv,
      qkv,
      triangle + keys + queries,
    ),
    product(
      attentionKeyGradient(operands, headTile),
      scores,
      qkv,
      qkv,
      triangle + queries + keys,
    ),
    product(
      attentionValueGradient(operands, headTile),
      scores,
      mixed,
      qkv,
      triangle + mixed + keys,
    ),
  ];
}

/** Kernels whose work is reading and writing. */
function elementwiseCases(
  config: LlamaConfig,
  count: number,
  length: number,
): KernelCase[] {
  const {
    hiddenSize: d,
    intermediateSize: f,
    heads,
    keyValueHeads,
    headSize,
    vocabSize,
  } = config;
  const tokens = count * length;
  const sequences = places(config, count, length);
  const x = tokens * d;
  const width = attentionWidth(config);
  const rotated = tokens * (heads + keyValueHeads) * headSize;
  const positions = Uint32Array.from({ length: tokens }, (_, i) => i % length);
  const ids = Uint32Array.from(tokenIds(tokens, vocabSize));
  const { buckets, positions: bucketPositions, count: bucketCount } = bucketTokens(ids);
  const make = (
    kernel: Kernel,
    shape: string,
    bindings: KernelCase["bindings"],
    uniforms: Uniforms,
    elements: number,
  ): KernelCase => ({
    kernel,
    use: "",
    shape,
    operands: null,
    bindings,
    uniforms,
    operations: null,
    elements,
  });
  const wide = `${tokens} x ${d}`;
  const inner = `${tokens} x ${f}`;
  const index = Uint32Array.from({ length: tokens }, (_, i) => i);
  const source = Uint32Array.from({ length: tokens }, (_, i) => i + 1);
  const embedding = padded(vocabSize) * d;
  return [
    make(rmsNormForward, wide, { x, weight: d, y: x, inverse: tokens }, {
      rows: tokens,
      width: d,
      epsilon: 1e-5,
    }, 2 * x),
    make(
      rmsNormBackward(true),
      wide,
      {
        gradient: x,
        x,
        weight: d,
        inverse: tokens,
        carried_gradient: x,
        xGradient: x,
      },
      { rows: tokens, width: d },
      4 * x,
    ),
    make(
      rmsNormWeightGradient,
      wide,
      { gradient: x, x, inverse: tokens, sequences, weightGradient: d },
      { width: d, count },
      2 * x,
    ),
    make(
      rope,
      `${tokens} x ${heads + keyValueHeads} heads of ${headSize}`,
      {
        positions,
        cosines: length * headSize / 2,
        sines: length * headSize / 2,
        x: tokens * width,
      },
      {
        rows: tokens,
        width,
        heads: heads + keyValueHeads,
        headSize,
        direction: 1,
      },
      2 * rotated,
    ),
    make(swigluForward, inner, { gateUp: 2 * tokens * f, y: tokens * f }, {
      rows: tokens,
      width: f,
    }, 3 * tokens * f),
    make(
      swigluBackward,
      inner,
      {
        gateUp: 2 * tokens * f,
        gradient: tokens * f,
        gateUpGradient: 2 * tokens * f,
      },
      { rows: tokens, width: f },
      5 * tokens * f,
    ),
    make(embeddingForward, wide, { tokens: ids, weight: embedding, x }, {
      count: tokens,
      width: d,
    }, 2 * x),
    make(
      embeddingGradient,
      wide,
      {
        gradient: x,
        buckets,
        positions: bucketPositions,
        weightGradient: embedding,
      },
      { buckets: bucketCount, width: d },
      x + 2 * bucketCount * d,
    ),
    make(
      gatherRows,
      wide,
      { x, index, y: x },
      { rows: tokens, width: d },
      2 * x,
    ),
    make(
      scatterRows,
      wide,
      { y: x, source, x },
      { rows: tokens, width: d },
      2 * x,
    ),
    make(
      crossEntropy,
      `${tokens} x ${vocabSize}`,
      {
        targets: ids,
        weights: tokens,
        logits: tokens * padded(vocabSize),
        losses: tokens,
      },
      {
        rows: tokens,
        vocabulary: vocabSize,
        stride: padded(vocabSize),
        smoothing: 0,
      },
      2 * tokens * vocabSize,
    ),
  ];
}

/** Kernels of the update over one parameter of `length` elements. */
function updateCases(length: number): KernelCase[] {
  const common = {
    use: "update",
    shape: `${length}`,
    operands: null,
    operations: null,
  };
  const hyper = {
    learningRate: 1e-5,
    beta1: 0.9,
    beta2: 0.98,
    epsilon: 1e-8,
    weightDecay: 0.05,
  };
  return [
    {
      ...common,
      kernel: squareSums,
      bindings: { gradient: length, partials: Math.ceil(length / 4096) },
      uniforms: { length, offset: 0 },
      elements: length,
    },
    {
      ...common,
      kernel: adamw,
      bindings: {
        gradient: length,
        scale: 1,
        weight: length,
        first: length,
        second: fill(length, 1).map(Math.abs),
      },
      uniforms: { length, ...adamwUniforms(3, hyper) },
      elements: 7 * length,
    },
    {
      ...common,
      kernel: accumulate,
      bindings: { source: length, total: length },
      uniforms: { length },
      elements: 3 * length,
    },
  ];
}

/** All kernels of a training step of a model of this shape with `count` sequences of `length` tokens. */
export function modelCases(
  gpu: Gpu,
  config: LlamaConfig,
  [count, length]: readonly [number, number],
  operands: Operands,
): KernelCase[] {
  const { hiddenSize: d, intermediateSize: f, heads, headSize } = config;
  const rows = count * length;
  const sequences = places(config, count, length);
  const linear = (use: string, outputs: number, inputs: number) =>
    linearCases(gpu, use, { rows, outputs, inputs, sequences }, operands);
  return [
    ...linear("queries, keys, values", attentionWidth(config), d),
    ...linear("attention output", d, heads * headSize),
    ...linear("gate and up", 2 * f, d),
    ...linear("down", d, f),
    ...linear("head", padded(config.vocabSize), d),
    ...attentionCases(gpu, config, count, length, operands),
    ...elementwiseCases(config, count, length),
    ...updateCases(2 * f * d),
  ];
}
