import {
  attentionKeyGradient,
  attentionQueryGradient,
  attentionScoreGradient,
  attentionScores,
  attentionValueGradient,
  attentionValues,
} from "../../kernels/matmul/matmul.ts";
import { attentionProductOracle } from "../../kernels/matmul/oracle.ts";
import { attentionScoreGradientOracle } from "../../kernels/attention/oracle.ts";
import { assertBits, floats, gpuTest, runKernel, unset } from "./gpu.ts";
import { attentionProblem, attentionShapes, describe, expectations, rowTiles, tiles, variants } from "./products.ts";

const attentionKernels = {
  scores: [attentionScores, "queriesKeysValues", "queriesKeysValues", "weights"],
  values: [attentionValues, "weights", "queriesKeysValues", "mixed"],
  queryGradient: [attentionQueryGradient, "weights", "queriesKeysValues", "queriesKeysValues"],
  keyGradient: [attentionKeyGradient, "weights", "queriesKeysValues", "queriesKeysValues"],
  valueGradient: [attentionValueGradient, "weights", "mixed", "queriesKeysValues"],
} as const;

for (const product of Object.keys(attentionKernels) as (keyof typeof attentionKernels)[]) {
  gpuTest(
    `attention's product ${product} is the same for every tile, over ragged sequences and shared key heads`,
    async (gpu) => {
      const [makeKernel, aName, bName, cName] = attentionKernels[product];
      const byRows = product !== "keyGradient" && product !== "valueGradient";
      for (const [lengths, heads, keyValueHeads, headSize] of attentionShapes) {
        const problem = attentionProblem(lengths, heads, keyValueHeads, headSize);
        const { uniforms, sequences } = problem;
        const expected = expectations((operands) => {
          const c = unset(problem[cName].length);
          attentionProductOracle(product, problem[aName], problem[bName], c, sequences, uniforms, operands);
          return c;
        });
        for (const { operands, tile } of variants(gpu, byRows ? rowTiles : tiles)) {
          const bindings = {
            a: problem[aName],
            b: problem[bName],
            sequences,
            c: new Float32Array(problem[cName].length),
          };
          const { c } = await runKernel(gpu, makeKernel(operands, tile), bindings, uniforms);
          assertBits(
            c,
            expected[operands],
            `${lengths} ${heads}/${keyValueHeads}/${headSize} ${operands} ${describe(tile)}`,
          );
        }
      }
    },
  );
}

gpuTest(
  "the gradient of attention's scores is the same for every tile, and zero where a product may read on",
  async (gpu) => {
    const scale = Math.fround(0.3);
    for (const [lengths, heads, keyValueHeads, headSize] of attentionShapes) {
      const { uniforms, sequences, weights, mixed, queriesKeysValues } = attentionProblem(
        lengths,
        heads,
        keyValueHeads,
        headSize,
      );
      const deltas = floats("deltas", mixed.length / headSize);
      const expected = expectations((operands) => {
        const c = unset(weights.length);
        attentionProductOracle("weightGradient", mixed, queriesKeysValues, c, sequences, uniforms, operands);
        attentionScoreGradientOracle(c, { weights, deltas }, sequences, heads, scale);
        return c;
      });
      for (const { operands, tile } of variants(gpu, rowTiles)) {
        const c = floats("what was there", weights.length);
        const bindings = { a: mixed, b: queriesKeysValues, weights, deltas, sequences, c };
        const kernel = attentionScoreGradient(operands, tile);
        const actual = await runKernel(gpu, kernel, bindings, { ...uniforms, scale });
        const wanted = expected[operands].slice();
        // Zeros follow as far as the tiles reach that the diagonal crosses.
        const [high, wide] = [tile.rows * tile.groups, tile.lanes * tile.columns * 4];
        for (let s = 0; s < sequences.length; s += 4) {
          const [, tokens, start, stride] = sequences.subarray(s, s + 4);
          for (let i = 0; i < heads * tokens; i++) {
            const row = i % tokens;
            const last = Math.min(tokens, row - row % high + high);
            const end = Math.min(tokens, Math.ceil(last / wide) * wide);
            wanted.fill(0, start + i * stride + row + 1, start + i * stride + end);
          }
        }
        assertBits(actual.c, wanted, `${lengths} ${heads}/${keyValueHeads}/${headSize} ${operands} ${describe(tile)}`);
      }
    }
  },
);
