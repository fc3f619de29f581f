import { assertEquals } from "@std/assert";
import { bucketTokens } from "../../kernels/embedding/embedding.ts";
import { softPromptForwardOracle, softPromptGradientOracle } from "../../kernels/soft_prompt/oracle.ts";
import {
  promptBase,
  promptPlaces,
  promptTokens,
  softPromptForward,
  softPromptGradient,
} from "../../kernels/soft_prompt/soft_prompt.ts";
import { stream } from "../../training/random.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const vocabulary = 37;

/** Prompts of 1, 7 and 3 rows, one below the other. */
const prompts: readonly (readonly [number, number])[] = [[0, 1], [1, 7], [8, 3]];
const promptRows = 11;

/** Sequences with a prompt each, or none; some hold nothing but their prompt. */
function someSequences(count: number): number[][] {
  const random = stream(2, "sequences", count);
  return Array.from({ length: count }, () => {
    const prompt = random.below(prompts.length + 1);
    const own = Array.from({ length: random.below(9) }, () => random.below(vocabulary));
    return [...(prompt < prompts.length ? promptTokens(...prompts[prompt]) : []), ...own];
  });
}

const shapes = [[1, 4], [4, 12], [33, 20], [70, 64]];

gpuTest("soft prompts and embeddings are gathered together", async (gpu) => {
  for (const [count, width] of shapes) {
    const tokens = [...promptTokens(4, 2), ...someSequences(count).flat()];
    const weight = floats("weight", vocabulary * width);
    const rows = floats("prompts", promptRows * width);
    const { x } = await runKernel(
      gpu,
      softPromptForward,
      { tokens: Uint32Array.from(tokens), weight, prompts: rows, x: floats("old", tokens.length * width) },
      { count: tokens.length, width },
    );
    assertBits(x, softPromptForwardOracle(tokens, weight, rows, width), `x of ${tokens.length} x ${width}`);
  }
});

gpuTest("the gradient of soft prompts adds sequences in order, for any cut into micro-batches", async (gpu) => {
  for (const [count, width] of shapes) {
    const sequences = someSequences(count);
    const starts = sequences.map((_, s) => sequences.slice(0, s).flat().length);
    const tokens = sequences.flat();
    const gradient = floats("gradient", tokens.length * width);
    const expected = floats("earlier", promptRows * width);
    const accumulate = async (cuts: number[]) => {
      let promptGradient = expected.slice();
      for (let part = 0; part + 1 < cuts.length; part++) {
        const some = sequences.slice(cuts[part], cuts[part + 1]);
        const start = starts[cuts[part]];
        const bindings = {
          gradient: gradient.slice(start * width, (start + some.flat().length) * width),
          places: promptPlaces(some),
          promptGradient,
        };
        const uniforms = { count: some.length, rows: promptRows, width };
        ({ promptGradient } = await runKernel(gpu, softPromptGradient, bindings, uniforms));
      }
      return promptGradient;
    };
    const whole = await accumulate([0, count]);
    if (count > 2) assertBits(await accumulate([0, 1, count - 2, count]), whole, "gradient in parts");
    softPromptGradientOracle(tokens, gradient, width, expected);
    assertBits(whole, expected, `gradient of ${count} sequences x ${width}`);
  }
});

Deno.test("the definition of the gradient of soft prompts is the derivative of the gather", () => {
  const width = 4;
  const tokens = someSequences(20).flat();
  // Whole numbers, so that sums and differences are exact.
  const gradient = floats("gradient", tokens.length * width, 8).map(Math.round);
  const weight = new Float32Array(vocabulary * width);
  const rows = floats("prompts", promptRows * width, 8).map(Math.round);
  const promptGradient = new Float32Array(rows.length);
  softPromptGradientOracle(tokens, gradient, width, promptGradient);
  const value = (values: Float32Array) =>
    softPromptForwardOracle(tokens, weight, values, width).reduce((sum, x, i) => sum + x * gradient[i], 0);
  const derivative = rows.map((_, i) => value(rows.map((x, j) => j === i ? x + 1 : x)) - value(rows));
  assertEquals(promptGradient, derivative);
});

Deno.test("places of prompts tell where each begins, and embeddings leave their tokens out", () => {
  const sequences = [[...promptTokens(1, 7), 5, 2], [5], promptTokens(0, 1), []];
  assertEquals(promptTokens(8, 2), [promptBase + 8, promptBase + 9]);
  assertEquals([...promptPlaces(sequences)], [0, 7, 1, 0, 9, 0, 0, 0, 10, 1, 0, 0, 11, 0, 0, 0]);
  const { buckets, positions, count } = bucketTokens(sequences.flat());
  assertEquals(count, 2);
  assertEquals([...buckets], [2, 0, 1, 0, 5, 1, 2, 0]);
  assertEquals([...positions.subarray(0, 3)], [8, 7, 9]);
});
