/** Forward KL against the definition over an independent f64 decoder, and what must not matter to it. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { allocate, createArena, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import type { Operands } from "../../kernels/numerics.ts";
import type { LlamaConfig } from "../../models/config.ts";
import { createLlama, type Llama, promptOf, releaseLlama, withPrompts } from "../../models/llama.ts";
import { type AnswerDivergence, forwardKl } from "../../training/forward_kl.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { plainDistributions } from "../models/plain_llama.ts";
import { randomConfig, randomTokens, randomWeights } from "../models/random_llama.ts";

const [baseWeights, tunedWeights] = [1, 2].map((seed) => randomWeights(randomConfig, seed));

function model(
  gpu: Gpu,
  weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  operands: Operands = "12bit",
  config: LlamaConfig = randomConfig,
): Promise<Llama> {
  return createLlama(gpu, config, (name) => weights.get(name)!, { operands });
}

const examples = Array.from({ length: 12 }, (_, i) => ({
  tokens: randomTokens(4 + 3 * i, i),
  targetStart: 1 + i % 4,
}));

function plain({ tokens, targetStart }: typeof examples[number]): AnswerDivergence {
  const [p, q] = [baseWeights, tunedWeights].map((weights) => plainDistributions(randomConfig, weights, tokens));
  const positions = tokens.length - targetStart;
  const values = Array.from({ length: positions }, (_, i) => {
    const at = targetStart + i - 1;
    return p[at].reduce((sum, share, v) => sum + share * Math.log(share / q[at][v]), 0);
  });
  return { mean: values.reduce((a, b) => a + b, 0) / positions, positions };
}

gpuTest("the divergence is that of an independent decoder's distributions, at the answer's positions", async (gpu) => {
  const [base, tuned] = [await model(gpu, baseWeights, "f32"), await model(gpu, tunedWeights, "f32")];
  const found = await forwardKl({ llama: base, prefix: [] }, { llama: tuned, prefix: [] }, examples);
  examples.map(plain).forEach(({ mean, positions }, i) => {
    assertEquals(found[i].positions, positions);
    assertAlmostEquals(found[i].mean / mean, 1, 1e-4, `example ${i + 1}`);
  });
  const back = await forwardKl({ llama: tuned, prefix: [] }, { llama: base, prefix: [] }, examples);
  assert(back.some(({ mean }, i) => Math.abs(mean - found[i].mean) > 1e-3), "the two directions are two numbers");
  releaseLlama(base);
  releaseLlama(tuned);
});

gpuTest("a model has no divergence from itself", async (gpu) => {
  const [one, same] = [await model(gpu, baseWeights), await model(gpu, baseWeights)];
  for (const other of [one, same]) {
    const found = await forwardKl({ llama: one, prefix: [] }, { llama: other, prefix: [] }, examples);
    assertEquals(found.map(({ mean }) => mean), examples.map(() => 0));
  }
  releaseLlama(one);
  releaseLlama(same);
});

gpuTest("an example's divergence depends on no micro-batch and no company", async (gpu) => {
  const [base, tuned] = [await model(gpu, baseWeights), await model(gpu, tunedWeights)];
  const sides = [{ llama: base, prefix: [] }, { llama: tuned, prefix: [] }] as const;
  const whole = await forwardKl(...sides, examples);
  for (const microBatchTokens of [37, 90]) {
    assertEquals(await forwardKl(...sides, examples, { microBatchTokens }), whole);
  }
  assertEquals(await forwardKl(...sides, [examples[7]]), [whole[7]]);
  assertEquals(await forwardKl(...sides, []), []);
  releaseLlama(base);
  releaseLlama(tuned);
});

gpuTest("each model reads the input behind its own soft prompt", async (gpu) => {
  const [base, tuned] = [await model(gpu, baseWeights), await model(gpu, tunedWeights)];
  const arena = createArena(gpu);
  const width = randomConfig.hiddenSize;
  const tensor = allocate(arena, "soft prompts", 2 * width);
  upload(gpu, tensor, tunedWeights.get("model.embed_tokens.weight")!.slice(7 * width, 9 * width));
  const prompted = withPrompts(tuned, { tensor, length: 2, count: 1 });
  const soft = await forwardKl({ llama: base, prefix: [] }, { llama: prompted, prefix: promptOf(prompted) }, examples);
  const hard = await forwardKl({ llama: base, prefix: [] }, { llama: tuned, prefix: [7, 8] }, examples);
  assertEquals(soft, hard);
  assert(
    soft[0].mean !== (await forwardKl({ llama: base, prefix: [] }, { llama: tuned, prefix: [] }, examples))[0].mean,
  );
  releaseArena(arena);
  releaseLlama(base);
  releaseLlama(tuned);
});

gpuTest("examples without an answer, too long ones and models that do not fit each other are errors", async (gpu) => {
  const config = { ...randomConfig, vocabSize: 51 };
  const [base, tuned, other] = [
    await model(gpu, baseWeights),
    await model(gpu, tunedWeights),
    await model(gpu, randomWeights(config), "12bit", config),
  ];
  const refused = (llama: Llama, prefix: number[], list: typeof examples, message: string) =>
    assertRejects(() => forwardKl({ llama: base, prefix: [] }, { llama, prefix }, list), Error, message);
  await refused(tuned, [], [examples[0], { tokens: [1, 2], targetStart: 2 }], "example 2 has no token of an answer");
  await refused(tuned, [], [{ tokens: [1, 2], targetStart: 0 }], "cannot have its target start at 0");
  const long = [{ tokens: randomTokens(160, 1), targetStart: 2 }];
  await refused(tuned, [3], long, "example 1 of 161 tokens, soft prompt included, exceeds the model's context of 160");
  await refused(other, [], examples, "the two models differ in configuration");
  for (const llama of [base, tuned, other]) releaseLlama(llama);
});
