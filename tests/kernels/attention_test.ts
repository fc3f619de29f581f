import { assertAlmostEquals } from "@std/assert";
import { attentionDeltas, attentionSoftmax } from "../../kernels/attention/attention.ts";
import {
  attentionDeltasOracle,
  attentionScoreGradientOracle,
  attentionSoftmaxOracle,
} from "../../kernels/attention/oracle.ts";
import { fromImages } from "../../kernels/gpu/program.ts";
import { type AttentionProduct, attentionProductOracle } from "../../kernels/matmul/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";
import { ragged } from "./products.ts";

const shapes: [number[], number][] = [[[1], 1], [[5, 1, 67], 4], [[130, 9], 2]];

gpuTest("attention's softmax equals its definition, zeros beyond the diagonal included", async (gpu) => {
  for (const [lengths, heads] of shapes) {
    const { sequences, scores: size } = ragged(lengths, heads);
    const expected = floats("scores", size, 8);
    const scale = Math.fround(0.3);
    const uniforms = { count: lengths.length, heads, longest: Math.max(...lengths), scale };
    const given = expected.slice();
    attentionSoftmaxOracle(expected, sequences, heads, scale);
    for (const [schedule, image] of [["thread", false], ["thread", true], ["workgroup", false]] as const) {
      const bindings = { sequences, scores: given.slice(), ...(image ? { given } : {}) };
      const { scores } = await runKernel(gpu, attentionSoftmax(schedule, image), bindings, uniforms);
      assertBits(scores, expected, `${lengths} of ${heads} heads, ${schedule}, image ${image}`);
    }
  }
});

gpuTest("mixed values times their gradient, head by head, equal their definition", async (gpu) => {
  for (const [tokens, heads, headSize] of [[1, 1, 4], [9, 4, 12], [70, 2, 68]]) {
    const mixed = floats("mixed", tokens * heads * headSize);
    const mixedGradient = floats("mixed gradient", mixed.length);
    const deltas = new Float32Array(tokens * heads);
    const expected = attentionDeltasOracle(mixed, mixedGradient, headSize);
    for (const kernel of [attentionDeltas, fromImages(attentionDeltas, ["mixed", "mixedGradient"])]) {
      const bindings = { mixed, mixedGradient, deltas };
      const actual = await runKernel(gpu, kernel, bindings, { rows: tokens * heads, headSize });
      assertBits(actual.deltas, expected, `${tokens} of ${heads} heads of ${headSize}`);
    }
  }
});

/** Causal attention in f64, straight from the formula: sum of mixed values times `mixedGradient`. */
function attentionLoss(
  matrix: ArrayLike<number>,
  mixedGradient: ArrayLike<number>,
  tokens: number,
  { heads, keyValueHeads, headSize, width }: { heads: number; keyValueHeads: number; headSize: number; width: number },
): number {
  let loss = 0;
  const dims = [...Array(headSize).keys()];
  for (let h = 0; h < heads; h++) {
    const g = Math.floor(h * keyValueHeads / heads);
    for (let i = 0; i < tokens; i++) {
      const weights = Array.from({ length: i + 1 }, (_, j) =>
        Math.exp(
          dims.reduce(
            (sum, d) => sum + matrix[i * width + h * headSize + d] * matrix[j * width + (heads + g) * headSize + d],
            0,
          ) /
            Math.sqrt(headSize),
        ));
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((weight, j) => {
        for (const d of dims) {
          const value = matrix[j * width + (heads + keyValueHeads + g) * headSize + d];
          loss += weight / total * value * mixedGradient[(i * heads + h) * headSize + d];
        }
      });
    }
  }
  return loss;
}

Deno.test("the definitions of attention, put together, agree with f64 and its derivatives", () => {
  const [tokens, heads, keyValueHeads, headSize] = [5, 4, 2, 4];
  const width = (heads + 2 * keyValueHeads) * headSize;
  const shape = { heads, keyValueHeads, headSize, width };
  const { sequences, scores: size } = ragged([tokens], heads);
  const matrix = floats("matrix", tokens * width);
  const mixedGradient = floats("mixed gradient", tokens * heads * headSize);
  const scale = Math.fround(headSize ** -0.5);
  const product = (name: AttentionProduct, a: Float32Array, b: Float32Array, c: Float32Array) =>
    attentionProductOracle(name, a, b, c, sequences, shape, "f32");

  const weights = new Float32Array(size);
  const mixed = new Float32Array(mixedGradient.length);
  product("scores", matrix, matrix, weights);
  attentionSoftmaxOracle(weights, sequences, heads, scale);
  product("values", weights, matrix, mixed);
  const loss = mixed.reduce((sum, value, i) => sum + value * mixedGradient[i], 0);
  assertAlmostEquals(loss, attentionLoss(matrix, mixedGradient, tokens, shape), 1e-4);

  const scoreGradient = new Float32Array(size);
  const gradient = new Float32Array(matrix.length);
  product("weightGradient", mixedGradient, matrix, scoreGradient);
  const deltas = attentionDeltasOracle(mixed, mixedGradient, headSize);
  attentionScoreGradientOracle(scoreGradient, { weights, deltas }, sequences, heads, scale);
  product("queryGradient", scoreGradient, matrix, gradient);
  product("keyGradient", scoreGradient, matrix, gradient);
  product("valueGradient", weights, mixedGradient, gradient);
  gradient.forEach((d, at) => {
    const moved = (by: number) =>
      attentionLoss(Float64Array.from(matrix, (v, i) => i === at ? v + by : v), mixedGradient, tokens, shape);
    assertAlmostEquals(d, (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-5);
  });
});
