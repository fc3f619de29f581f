import { assertEquals } from "@std/assert";
import { bucketTokens, embeddingForward, embeddingGradient } from "../../kernels/embedding/embedding.ts";
import { embeddingForwardOracle, embeddingGradientOracle } from "../../kernels/embedding/oracle.ts";
import { stream } from "../../training/random.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const vocabulary = 37;

function someTokens(count: number): number[] {
  const random = stream(2, "tokens", count);
  return Array.from({ length: count }, () => random.below(vocabulary));
}

const shapes = [[1, 4], [3, 12], [131, 20], [300, 64]];

gpuTest("embedding gathers the rows of its tokens", async (gpu) => {
  for (const [count, width] of shapes) {
    const tokens = someTokens(count);
    const weight = floats("weight", vocabulary * width);
    const { x } = await runKernel(
      gpu,
      embeddingForward,
      { tokens: Uint32Array.from(tokens), weight, x: floats("old", count * width) },
      { count, width },
    );
    assertBits(x, embeddingForwardOracle(tokens, weight, width), `x of ${count} x ${width}`);
  }
});

gpuTest("the embedding's gradient adds a token's rows in the order of their positions", async (gpu) => {
  for (const [count, width] of shapes) {
    const tokens = someTokens(count);
    const gradient = floats("gradient", count * width);
    const expected = floats("earlier", vocabulary * width);
    const { buckets, positions, count: bucketCount } = bucketTokens(tokens);
    const { weightGradient } = await runKernel(
      gpu,
      embeddingGradient,
      { gradient, buckets, positions, weightGradient: expected.slice() },
      { buckets: bucketCount, width },
    );
    embeddingGradientOracle(tokens, gradient, width, expected);
    assertBits(weightGradient, expected, `gradient of ${count} x ${width}`);
  }
});

gpuTest("the embedding's gradient is the same for any cut into micro-batches", async (gpu) => {
  const [count, width] = [61, 8];
  const tokens = someTokens(count);
  const gradient = floats("gradient", count * width);
  const accumulate = async (cuts: number[]) => {
    let weightGradient = new Float32Array(vocabulary * width);
    for (let part = 0; part + 1 < cuts.length; part++) {
      const [start, end] = [cuts[part], cuts[part + 1]];
      const { buckets, positions, count: bucketCount } = bucketTokens(tokens.slice(start, end));
      const bindings = { gradient: gradient.slice(start * width, end * width), buckets, positions, weightGradient };
      ({ weightGradient } = await runKernel(gpu, embeddingGradient, bindings, { buckets: bucketCount, width }));
    }
    return weightGradient;
  };
  assertBits(await accumulate([0, 1, 30, 61]), await accumulate([0, 61]), "gradient");
});

Deno.test("bucketTokens groups positions by ascending token", () => {
  const { buckets, positions, count } = bucketTokens([5, 2, 5, 0, 2, 5]);
  assertEquals(count, 3);
  assertEquals([...buckets], [0, 0, 1, 0, 2, 1, 2, 0, 5, 3, 3, 0]);
  assertEquals([...positions], [3, 1, 4, 0, 2, 5]);
  assertEquals(bucketTokens([]).count, 0);
});
