/**
 * The kernels of a training step whose work is reading and writing, and those of the update, in the shapes of one model.
 * @module
 */
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import { adamw, adamwUniforms } from "../kernels/adamw/adamw.ts";
import { crossEntropy } from "../kernels/cross_entropy/cross_entropy.ts";
import { bucketTokens, embeddingForward, embeddingGradient } from "../kernels/embedding/embedding.ts";
import { chunkCount, squareSums } from "../kernels/gradient_norm/gradient_norm.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { fromImages, type Kernel, type Uniforms } from "../kernels/gpu/program.ts";
import { rmsNormBackward, rmsNormForward, rmsNormWeightGradient } from "../kernels/rms_norm/rms_norm.ts";
import { rope } from "../kernels/rope/rope.ts";
import { rowSchedule } from "../kernels/row_schedule.ts";
import { gatherRows, scatterRows } from "../kernels/rows/rows.ts";
import type { LlamaConfig } from "../models/config.ts";
import { attentionWidth, padded } from "../models/llama.ts";
import { fill, tokenIds } from "./data.ts";
import { type KernelCase, places } from "./kernel_case.ts";

/** Kernels whose work is reading and writing; `images`: where a step reads matrices from these. */
export function elementwiseCases(
  gpu: Gpu,
  config: LlamaConfig,
  count: number,
  length: number,
  images: boolean,
): KernelCase[] {
  const {
    hiddenSize: d,
    heads,
    keyValueHeads,
    headSize,
    vocabSize,
  } = config;
  const schedule = rowSchedule(gpu);
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
  const over = (kernel: Kernel, ...names: string[]) => images ? fromImages(kernel, names) : kernel;
  const wide = `${tokens} x ${d}`;
  const index = Uint32Array.from({ length: tokens }, (_, i) => i);
  const source = Uint32Array.from({ length: tokens }, (_, i) => i + 1);
  const embedding = padded(vocabSize) * d;
  return [
    make(over(rmsNormForward(schedule), "x", "weight"), wide, { x, weight: d, y: x, inverse: tokens }, {
      rows: tokens,
      width: d,
      epsilon: 1e-5,
    }, 2 * x),
    make(
      over(rmsNormBackward(schedule, true), "gradient", "x", "weight"),
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
      over(rmsNormWeightGradient, "gradient", "x"),
      wide,
      { gradient: x, x, inverse: tokens, sequences, weightGradient: d },
      { width: d, count },
      2 * x,
    ),
    make(
      rope(images),
      `${tokens} x ${heads + keyValueHeads} heads of ${headSize}`,
      {
        positions,
        cosines: length * headSize / 2,
        sines: length * headSize / 2,
        x: tokens * width,
        ...(images ? { given: tokens * width } : {}),
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
      crossEntropy(schedule),
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
export function updateCases(length: number): KernelCase[] {
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
      bindings: { gradient: length, partials: chunkCount(length) },
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
