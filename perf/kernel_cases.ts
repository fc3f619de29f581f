/**
 * The kernels of a training step in the shapes of one model: sizes of their bindings, uniforms, and the work their definition asks for.
 * @module
 */
import { attentionDeltas, attentionSoftmax } from "../kernels/attention/attention.ts";
import { attentionWeights, attentionWeightsLanes } from "../kernels/attention/weights.ts";
import { imageFits, prefersImages } from "../kernels/gpu/buffers.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { fromImages, imageType, type Kernel, matrixType, type Uniforms } from "../kernels/gpu/program.ts";
import {
  attentionKeyGradient,
  attentionQueryGradient,
  attentionScoreGradient,
  attentionScores,
  attentionValueGradient,
  attentionValues,
  linearForward,
  linearGated,
  linearGateGradient,
  linearInputGradient,
  linearRotated,
  linearWeightGradient,
} from "../kernels/matmul/matmul.ts";
import { type LinearProduct, productTile, type Tile } from "../kernels/matmul/tile.ts";
import type { Operands } from "../kernels/numerics.ts";
import { rowSchedule } from "../kernels/row_schedule.ts";
import { canRotate } from "../kernels/rope/rotation.ts";
import type { LlamaConfig } from "../models/config.ts";
import { attentionWidth, padded } from "../models/llama.ts";
import { usesImages } from "../models/images.ts";
import { attentionTiles, productsOfLayer } from "../models/products.ts";
import { elementwiseCases, updateCases } from "./elementwise_cases.ts";
import { type KernelCase, places } from "./kernel_case.ts";

/** The tile a step takes for a product of a linear layer; `images`: whether activations are read from these. */
function tileOf(
  gpu: Gpu,
  kind: LinearProduct["kind"],
  { rows, outputs, inputs }: { rows: number; outputs: number; inputs: number },
  operands: Operands,
  images: boolean,
): Tile {
  const tile = productTile(gpu, productsOfLayer(outputs, inputs, rows)[kind], operands);
  const weights = prefersImages(gpu) && imageFits(gpu, outputs * inputs);
  return { ...tile, aImage: images, bImage: kind === "weightGradient" ? images : weights };
}

/** The three products of a linear layer of `outputs` x `inputs` over `rows` rows, with the tiles a step takes; `images`: where it has any. */
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
  images: boolean,
): KernelCase[] {
  const { rows, outputs, inputs, sequences } = size;
  const common = {
    use,
    operands,
    operations: 2 * rows * outputs * inputs,
    elements: rows * outputs + rows * inputs + outputs * inputs,
  };
  const shape = `${rows} x ${outputs} x ${inputs}`;
  const tile = (kind: LinearProduct["kind"]) => tileOf(gpu, kind, size, operands, images);
  const [x, y, weight] = [rows * inputs, rows * outputs, outputs * inputs];
  return [
    {
      ...common,
      kernel: linearForward(operands, tile("forward"), "store"),
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
      kernel: linearInputGradient(operands, tile("inputGradient")),
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
      kernel: linearWeightGradient(operands, tile("weightGradient")),
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

/** How kernels with such tiles read the rotary tables. */
function tablesInImages({ aImage }: Tile): string {
  return aImage ? imageType : matrixType;
}

/** The same three products where the forward one rotates queries and keys as it ends, if its tile can. */
function rotatedCases(cases: readonly KernelCase[], tile: Tile, config: LlamaConfig, length: number): KernelCase[] {
  const [forward, ...gradients] = cases;
  const { headSize, heads, keyValueHeads } = config;
  if (!canRotate(tile, headSize)) return [...cases];
  const { rows } = forward.uniforms;
  const turn = { headSize, table: tablesInImages(tile) };
  return [
    {
      ...forward,
      kernel: linearRotated(forward.operands!, tile, turn),
      bindings: { ...forward.bindings, ...turningBindings(rows, length, headSize) },
      uniforms: { ...forward.uniforms, rotated: (heads + keyValueHeads) * headSize, direction: 1 },
    },
    ...gradients,
  ];
}

/** Positions and rotary tables of sequences of `length` tokens. */
function turningBindings(tokens: number, length: number, headSize: number): KernelCase["bindings"] {
  const table = length * headSize / 2;
  return { positions: Uint32Array.from({ length: tokens }, (_, i) => i % length), cosines: table, sines: table };
}

/** The same three products of gate and up, whose forward one ends in SwiGLU and keeps what it is made of. */
function gatedCases([forward, ...gradients]: readonly KernelCase[], tile: Tile): KernelCase[] {
  const { rows, columns } = forward.uniforms;
  const half = columns / 2;
  return [
    {
      ...forward,
      kernel: linearGated(forward.operands!, tile, true),
      bindings: { ...forward.bindings, c: rows * half, gateUp: rows * columns },
      uniforms: { ...forward.uniforms, columns: half, cStride: half, twin: half },
      elements: forward.elements + rows * half,
    },
    ...gradients,
  ];
}

/** The same three products of the way down, whose input gradient ends as that of gate and up. */
function gateGradientCases([forward, input, weight]: readonly KernelCase[], tile: Tile): KernelCase[] {
  const { rows, columns } = input.uniforms;
  return [
    forward,
    {
      ...input,
      kernel: linearGateGradient(input.operands!, tile),
      bindings: { ...input.bindings, c: rows * 2 * columns, gateUp: rows * 2 * columns },
      uniforms: { ...input.uniforms, cStride: 2 * columns },
      elements: input.elements + 3 * rows * columns,
    },
    weight,
  ];
}

/** Attention's six products and the row operations between them. */
function attentionCases(
  gpu: Gpu,
  config: LlamaConfig,
  count: number,
  length: number,
  operands: Operands,
  images: boolean,
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
  const tiles = attentionTiles(gpu, config, length, images);
  const turns = canRotate(tiles.head, headSize);
  const turn = turns ? { headSize, table: tablesInImages(tiles.head) } : null;
  /** A gradient that is rotated back where it is made, if its tile can do so. */
  const turned = (one: KernelCase): KernelCase =>
    turns
      ? {
        ...one,
        bindings: { ...one.bindings, ...turningBindings(tokens, length, headSize) },
        uniforms: { ...one.uniforms, rotated: headSize, direction: -1 },
      }
      : one;
  const lanes = attentionWeightsLanes(gpu, length);
  const over = (kernel: Kernel, ...names: string[]) => images ? fromImages(kernel, names) : kernel;
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
    bindings,
    uniforms: { count, heads, longest: length, scale: 0.125, ...more },
    operations: null,
    elements,
  });
  return [
    ...(lanes > 0
      ? [{
        ...rows(
          over(attentionWeights(operands, lanes, length), "matrix"),
          { matrix: qkv, weights: scores, sequences },
          uniforms,
          queries + keys + triangle,
        ),
        operands,
        operations: 2 * triangle * headSize,
      }]
      : [
        product(attentionScores(operands, tiles.scores), qkv, qkv, scores, queries + keys + triangle),
        rows(
          attentionSoftmax(rowSchedule(gpu), images),
          { scores, sequences, ...(images ? { given: scores } : {}) },
          {},
          2 * triangle,
        ),
      ]),
    product(
      attentionValues(operands, tiles.head),
      scores,
      qkv,
      mixed,
      triangle + keys + mixed,
    ),
    {
      ...rows(
        over(attentionDeltas, "mixed", "mixedGradient"),
        { mixed, mixedGradient: mixed, deltas: tokens * heads },
        {},
        2 * mixed,
      ),
      uniforms: { rows: tokens * heads, headSize },
    },
    {
      ...product(
        attentionScoreGradient(operands, tiles.scores),
        mixed,
        qkv,
        scores,
        mixed + keys + 2 * triangle,
      ),
      bindings: { a: mixed, b: qkv, c: scores, weights: scores, deltas: tokens * heads, sequences },
      uniforms: { ...uniforms, scale: 0.125 },
    },
    turned(product(
      attentionQueryGradient(operands, tiles.head, turn),
      scores,
      qkv,
      qkv,
      triangle + keys + queries,
    )),
    turned(product(
      attentionKeyGradient(operands, tiles.head, turn),
      scores,
      qkv,
      qkv,
      triangle + queries + keys,
    )),
    product(
      attentionValueGradient(operands, tiles.head),
      scores,
      mixed,
      qkv,
      triangle + mixed + keys,
    ),
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
  const scores = count * heads * length * padded(length);
  const capacity = { tokens: rows, sequences: count, longest: length, targets: rows, scores };
  const images = usesImages(gpu, config, capacity, true);
  const linear = (use: string, outputs: number, inputs: number) =>
    linearCases(gpu, use, { rows, outputs, inputs, sequences }, operands, images);
  const tile = (kind: LinearProduct["kind"], outputs: number, inputs: number) =>
    tileOf(gpu, kind, { rows, outputs, inputs }, operands, images);
  const width = attentionWidth(config);
  return [
    ...rotatedCases(linear("queries, keys, values", width, d), tile("forward", width, d), config, length),
    ...linear("attention output", d, heads * headSize),
    ...gatedCases(linear("gate and up", 2 * f, d), tile("forward", 2 * f, d)),
    ...gateGradientCases(linear("down", d, f), tile("inputGradient", d, f)),
    ...linear("head", padded(config.vocabSize), d),
    ...attentionCases(gpu, config, count, length, operands, images),
    ...elementwiseCases(gpu, config, count, length, images),
    ...updateCases(2 * f * d),
  ];
}
