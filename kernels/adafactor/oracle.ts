/**
 * What adafactor.ts's kernels compute.
 * @module
 */
import type { Uniforms } from "../gpu/program.ts";
import { chunkCount, chunkLength } from "../gradient_norm/gradient_norm.ts";
import { add, bitsOf, divide, flush, mul, reciprocalRoot, root, stridedSum, sub } from "../numerics.ts";
import { type AdafactorMatrix, adafactorPlace } from "./adafactor.ts";

/** The tensors of a step; shapes as AdafactorTensors. */
export interface AdafactorArrays {
  /** Gradient before scaling. */
  readonly gradient: ArrayLike<number>;
  /** Weights, updated. */
  readonly weight: Float32Array;
  /** Moments of rows, updated. */
  readonly rowMoments: Float32Array;
  /** Moments of columns, updated. */
  readonly columnMoments: Float32Array;
}

/** Sum over chunks of 4096 terms, each strided. */
function chunkedSum(length: number, term: (i: number) => number): number {
  const sums = Array.from({ length: chunkCount(length) }, (_, chunk) => {
    const start = chunk * chunkLength;
    return stridedSum(Math.min(chunkLength, length - start), (i) => term(start + i));
  });
  return stridedSum(sums.length, (chunk) => sums[chunk]);
}

/** One step of one matrix in place; `uniforms` from `adafactorUniforms`, `scale` multiplies the gradient. */
export function adafactorOracle(
  { gradient, weight, rowMoments, columnMoments }: AdafactorArrays,
  scale: number,
  place: AdafactorMatrix,
  uniforms: Uniforms,
): void {
  const { firstRow, rows, columns, matrix } = place;
  const { inverseRows, inverseColumns, inverseLength } = adafactorPlace(place);
  const { beta2, oneMinusBeta2, epsilon1, epsilon2, threshold, learningRate, weightDecay, scaleByWeight } = uniforms;
  const length = rows * columns;
  const g = Float32Array.from({ length }, (_, i) => {
    const scaled = mul(mul(gradient[firstRow * columns + i], scale), 2 ** 20);
    return (bitsOf(scaled) & 0x7fffffff) >= 0x26800000 ? scaled : 0;
  });
  const squares = g.map((x) => mul(x, x));
  const weights = weight.subarray(firstRow * columns, firstRow * columns + length);
  const rowsOf = rowMoments.subarray(firstRow, firstRow + rows);
  const columnsOf = columnMoments.subarray(matrix * columns, (matrix + 1) * columns);
  const moved = (moment: number, mean: number) => add(mul(beta2, moment), mul(oneMinusBeta2, add(mean, epsilon1)));
  for (let i = 0; i < rows; i++) {
    rowsOf[i] = moved(rowsOf[i], mul(stridedSum(columns, (j) => squares[i * columns + j]), inverseColumns));
  }
  for (let j = 0; j < columns; j++) {
    columnsOf[j] = moved(columnsOf[j], mul(stridedSum(rows, (i) => squares[i * columns + j]), inverseRows));
  }
  const rootMean = root(mul(stridedSum(rows, (i) => rowsOf[i]), inverseRows));
  const rowFactors = rowsOf.map((moment) => rows === 1 ? 1 : mul(rootMean, reciprocalRoot(moment)));
  const columnRoots = columnsOf.map(reciprocalRoot);
  const u = g.map((x, i) => flush(mul(mul(x, columnRoots[i % columns]), rowFactors[Math.floor(i / columns)])));

  const rootMeanSquare = (x: Float32Array) => {
    const mean = mul(chunkedSum(length, (i) => flush(mul(x[i], x[i]))), inverseLength);
    return mean >= 2 ** -100 ? root(mean) : 0;
  };
  const rate = scaleByWeight ? mul(learningRate, Math.max(epsilon2, rootMeanSquare(weights))) : learningRate;
  const excess = divide(rootMeanSquare(u), threshold);
  const size = excess > 1 ? divide(rate, excess) : rate;
  const decay = sub(1, mul(rate, weightDecay));
  for (let i = 0; i < length; i++) weights[i] = flush(sub(mul(weights[i], decay), flush(mul(size, u[i]))));
}
