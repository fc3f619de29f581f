/**
 * Adafactor. Formulas, shapes and orders of sums are in adafactor.wgsl.
 * @module
 */
import type { Tensor } from "../gpu/buffers.ts";
import { dispatch, type Kernel, kernelSource, type Program, type Uniforms, type UniformType } from "../gpu/program.ts";
import { chunkCount } from "../gradient_norm/gradient_norm.ts";
import { threadGrid } from "../grid.ts";
import { exponential, logarithm, mul, sub } from "../numerics.ts";
import source from "./adafactor.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";
const place = { firstRow: "u32", rows: "u32", columns: "u32", matrix: "u32" } as const;
const decay = { beta2: "f32", oneMinusBeta2: "f32", epsilon1: "f32" } as const;

/** A kernel of Adafactor; `parts` are sections of the WGSL that it uses. */
function kernel(
  name: string,
  parts: readonly string[],
  inputs: Readonly<Record<string, string>>,
  outputs: Readonly<Record<string, string>>,
  uniforms: Readonly<Record<string, UniformType>>,
  grid: Kernel["grid"],
): Kernel {
  const body = [...parts, name].map((part) => kernelSource(source, part)).join("\n");
  return { name, body, inputs, outputs, uniforms: { ...place, ...uniforms }, grid };
}

const gradient = { gradient: matrix, scale: "array<f32>" };
const update = { ...gradient, rowMoments: "array<f32>", columnMoments: matrix, factors: matrix };

/** The kernels of a step, in order. */
const kernels: readonly Kernel[] = [
  kernel(
    "adafactor_row_moments",
    ["scaled"],
    gradient,
    { rowMoments: "array<f32>" },
    { ...decay, inverseColumns: "f32" },
    ({ rows }) => threadGrid(rows, 8),
  ),
  kernel(
    "adafactor_column_moments",
    ["scaled"],
    gradient,
    { columnMoments: matrix },
    { ...decay, inverseRows: "f32" },
    ({ columns }) => [Math.ceil(columns / 16)],
  ),
  kernel("adafactor_mean", [], { rowMoments: "array<f32>" }, { factors: matrix }, { inverseRows: "f32" }, () => [1]),
  kernel(
    "adafactor_update_squares",
    ["scaled", "update"],
    { ...update, weight: matrix },
    { partials: "array<vec2<f32>>" },
    {},
    ({ rows, columns }) => threadGrid(chunkCount(rows * columns), 8),
  ),
  kernel(
    "adafactor_step_size",
    [],
    { partials: "array<vec2<f32>>" },
    { factors: matrix },
    {
      inverseLength: "f32",
      learningRate: "f32",
      scaleByWeight: "u32",
      epsilon2: "f32",
      threshold: "f32",
      weightDecay: "f32",
    },
    () => [1],
  ),
  kernel(
    "adafactor",
    ["scaled", "update"],
    update,
    { weight: matrix },
    {},
    ({ rows, columns }) => threadGrid(rows * columns / 4, 64),
  ),
];

/** What a step reads and writes; all but the gradient and its scale are updated. */
export interface AdafactorTensors {
  /** Gradient [all rows][columns]. */
  readonly gradient: Tensor;
  /** `scale[0]` multiplies the gradient. */
  readonly scale: Tensor;
  /** Weight [all rows][columns]. */
  readonly weight: Tensor;
  /** Moments of rows [all rows], zeros before the first step. */
  readonly rowMoments: Tensor;
  /** Moments of columns [matrices][columns], zeros before the first step; of a matrix of one row, its full second moments. */
  readonly columnMoments: Tensor;
  /** Working memory: [matrices] vec4s. */
  readonly factors: Tensor;
  /** Working memory: two numbers for each chunk (`chunkCount`) of the largest matrix. */
  readonly partials: Tensor;
}

/** Where a matrix lies in tensors that may hold several, one below the other. Adafactor's means run over one matrix. */
export interface AdafactorMatrix {
  /** Its first row. */
  readonly firstRow: number;
  /** Its rows that count: padding is neither updated nor part of a mean. 1 for a vector. */
  readonly rows: number;
  /** Columns; a multiple of 4. */
  readonly columns: number;
  /** Which of the tensors' matrices it is, from 0. */
  readonly matrix: number;
}

/** Hyper-parameters of one Adafactor step. */
export interface AdafactorHyper {
  /** Learning rate of this step. */
  readonly learningRate: number;
  /** The learning rate is multiplied by the weights' root mean square, `epsilon2` at least. */
  readonly scaleByWeight: boolean;
  /** Decoupled weight decay, times the same rate. */
  readonly weightDecay: number;
  /** Added to squared gradients, 1e-36 at least; the paper's is 1e-30. */
  readonly epsilon1?: number;
  /** Least root mean square of weights; the paper's is 1e-3. */
  readonly epsilon2?: number;
  /** Updates are scaled down to this root mean square; the paper's d is 1. */
  readonly threshold?: number;
  /** The second moments' decay is `1 - step^exponent`; the paper's is -0.8. */
  readonly exponent?: number;
}

/** Uniforms of a step's hyper-parameters. `step`, from 1 to 2^24, is raised by the kernels' own exp and log: equal bits everywhere. */
export function adafactorUniforms(step: number, hyper: AdafactorHyper): Uniforms {
  const { learningRate, scaleByWeight, weightDecay } = hyper;
  const { epsilon1 = 1e-30, epsilon2 = 1e-3, threshold = 1, exponent = -0.8 } = hyper;
  const oneMinusBeta2 = exponential(mul(Math.fround(exponent), logarithm(step)));
  return {
    beta2: sub(1, oneMinusBeta2),
    oneMinusBeta2,
    epsilon1: Math.fround(epsilon1 * 2 ** 40),
    epsilon2: Math.fround(epsilon2),
    threshold: Math.fround(threshold),
    learningRate: Math.fround(learningRate),
    weightDecay: Math.fround(weightDecay),
    scaleByWeight: scaleByWeight ? 1 : 0,
  };
}

/** Uniforms of a matrix. */
export function adafactorPlace({ firstRow, rows, columns, matrix }: AdafactorMatrix): Uniforms {
  return {
    firstRow,
    rows,
    columns,
    matrix,
    inverseRows: Math.fround(1 / rows),
    inverseColumns: Math.fround(1 / columns),
    inverseLength: Math.fround(1 / (rows * columns)),
  };
}

/** Records one step on one matrix; `uniforms` gives its hyper-parameters for a shape, from `adafactorUniforms`. */
export function recordAdafactor<S>(
  program: Program<S>,
  tensors: AdafactorTensors,
  matrix: AdafactorMatrix,
  uniforms: (shape: S) => Uniforms,
): void {
  const at = adafactorPlace(matrix);
  for (const kernel of kernels) {
    const names = [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs)];
    const bound = Object.fromEntries(Object.entries(tensors).filter(([name]) => names.includes(name)));
    dispatch(program, kernel, bound, (shape) => ({ ...at, ...uniforms(shape) }));
  }
}
