import { assertEquals } from "@std/assert";
import { attentionSoftmaxOracle } from "../../kernels/attention/oracle.ts";
import { attentionWeights, attentionWeightsLanes } from "../../kernels/attention/weights.ts";
import { fromImages } from "../../kernels/gpu/program.ts";
import { attentionProductOracle } from "../../kernels/matmul/oracle.ts";
import { assertBits, floats, gpuTest, runKernel, unset } from "./gpu.ts";
import { ragged } from "./products.ts";

gpuTest(
  "attention weights made in one kernel are the softmax of the scores, zeros beyond the diagonal included",
  async (gpu) => {
    // Lengths, heads, key heads, columns of a head, and the length that the kernel is made for. The last takes long to compile.
    const all = { operands: ["12bit", "f32", "bf16"], images: [[], ["matrix"]] } as const;
    const problems = [
      { lengths: [1], heads: 1, keyValueHeads: 1, headSize: 4, longest: 64, ...all },
      { lengths: [5, 1, 67], heads: 4, keyValueHeads: 2, headSize: 12, longest: 70, ...all },
      {
        lengths: [130, 256, 9],
        heads: 2,
        keyValueHeads: 1,
        headSize: 20,
        longest: 256,
        operands: ["f32"],
        images: [["matrix"]],
      },
    ] as const;
    const scale = Math.fround(0.3);
    for (const { lengths, heads, keyValueHeads, headSize, longest, ...variants } of problems) {
      const lanes = attentionWeightsLanes(gpu, longest);
      if (lanes === 0) continue;
      const width = (heads + 2 * keyValueHeads) * headSize;
      const { sequences, tokens, scores } = ragged(lengths, heads);
      const matrix = floats("queries, keys, values", tokens * width, 2);
      const shape = { heads, keyValueHeads, headSize, width };
      const uniforms = { ...shape, count: lengths.length, longest: Math.max(...lengths), scale };
      for (const operands of variants.operands) {
        const expected = unset(scores);
        attentionProductOracle("scores", matrix, matrix, expected, sequences, shape, operands);
        attentionSoftmaxOracle(expected, sequences, heads, scale);
        for (const images of variants.images) {
          const kernel = fromImages(attentionWeights(operands, lanes, longest), images);
          const bindings = { matrix, sequences, weights: floats("what was there", scores) };
          const { weights } = await runKernel(gpu, kernel, bindings, uniforms);
          assertBits(weights, expected, `${lengths} of ${heads}/${keyValueHeads} heads, ${operands}, images ${images}`);
        }
      }
    }
  },
);

Deno.test("attention weights are made in one kernel only where a subgroup's registers hold the scores", () => {
  const adapter = { vendor: "", architecture: "", device: "", description: "", software: true };
  assertEquals([8, 16, 4, 32].map((subgroupSize) => attentionWeightsLanes({ adapter, subgroupSize }, 256)), [
    8,
    16,
    0,
    0,
  ]);
  assertEquals(attentionWeightsLanes({ adapter, subgroupSize: 16 }, 257), 0);
  assertEquals(attentionWeightsLanes({ adapter: { ...adapter, software: false }, subgroupSize: 16 }, 64), 0);
});
