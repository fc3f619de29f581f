/** Decoding with a key-value cache equals the full forward pass, and the batch size changes nothing: bit by bit. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { answer, type AnswerOptions, fullLogits } from "../../models/inference.ts";
import { type Llama, releaseLlama } from "../../models/llama.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig, randomLlama, randomTokens } from "./random_llama.ts";

const prompts = Array.from({ length: 11 }, (_, i) => randomTokens(1 + (i * 17) % 70, 100 + i));
const options: AnswerOptions = { maxNewTokens: 30, stopIds: [2, 7], labelIds: [3, 9, 49], batchSize: 8 };

/** Greedy decoding by the full forward pass over everything so far, one token at a time. */
async function slowly(llama: Llama, prompt: readonly number[]) {
  const { vocabSize } = llama.config;
  const tokens = [...prompt];
  let margin = Infinity;
  let labels: number[] = [];
  for (let step = 0; step < options.maxNewTokens; step++) {
    const logits = (await fullLogits(llama, tokens)).subarray((tokens.length - 1) * vocabSize);
    if (step === 0) labels = options.labelIds.map((id) => logits[id]);
    const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
    margin = Math.min(margin, Math.fround(logits[order[0]] - logits[order[1]]));
    if (options.stopIds.includes(order[0])) {
      return { tokens: tokens.slice(prompt.length), margin, labels, stopped: true };
    }
    tokens.push(order[0]);
  }
  return { tokens: tokens.slice(prompt.length), margin, labels, stopped: false };
}

for (const operands of ["12bit", "f32", "bf16"] as const) {
  gpuTest(`cached decoding equals the full forward pass with ${operands} operands`, async (gpu) => {
    const llama = await randomLlama(gpu, {}, operands);
    const answers = await answer(llama, prompts.slice(0, 4), options);
    for (let i = 0; i < 4; i++) {
      const { tokens, margin, labels, stopped } = answers[i];
      assertEquals({ tokens, margin, labels, stopped }, await slowly(llama, prompts[i]));
    }
    releaseLlama(llama);
  });
}

gpuTest("answers do not depend on the batch size", async (gpu) => {
  const llama = await randomLlama(gpu);
  const one = await answer(llama, prompts, { ...options, batchSize: 1 });
  assert(one.some(({ tokens }) => tokens.length > 0));
  for (const batchSize of [3, 8, 11]) assertEquals(await answer(llama, prompts, { ...options, batchSize }), one);
  releaseLlama(llama);
});

/** Rows after the same demonstrations. */
function after(prefix: readonly number[], lengths: readonly number[]): number[][] {
  return lengths.map((length, i) => [...prefix, ...randomTokens(length, 300 + i)]);
}

gpuTest(
  "a shared prefix changes no bit: of ragged rows, of prompts that are the prefix of others, in any batch",
  async (gpu) => {
    const prefix = randomTokens(50, 3);
    const cases = {
      ragged: after(prefix, [1, 40, 7, 7, 33, 2, 18, 5, 9]),
      "whole prompts": [prefix, ...after(prefix, [3, 0, 12])],
      "nothing in common": prompts,
      "two families": [...after(prefix, [4, 30, 9]), ...after(randomTokens(60, 4), [6, 2, 11])],
    };
    for (const operands of ["12bit", "f32", "bf16"] as const) {
      const llama = await randomLlama(gpu, {}, operands);
      for (const [name, rows] of Object.entries(cases).slice(0, operands === "12bit" ? 4 : 1)) {
        const alone = await answer(llama, rows, { ...options, sharePrefix: false, batchSize: 1 });
        for (const batchSize of [1, 8]) {
          const shared = await answer(llama, rows, { ...options, batchSize });
          assertEquals(shared, alone, `${name}, ${batchSize} rows, ${operands}`);
        }
      }
      const { ragged } = cases;
      const [shared] = await answer(llama, ragged, options);
      const { tokens, margin, labels, stopped } = shared;
      assertEquals({ tokens, margin, labels, stopped }, await slowly(llama, ragged[0]));
      releaseLlama(llama);
    }
  },
);

gpuTest("label scores after a shared prefix are logits of the full forward pass", async (gpu) => {
  const llama = await randomLlama(gpu);
  const rows = after(randomTokens(64, 3), [1, 20, 6, 37]);
  const scored = await answer(llama, rows, { ...options, maxNewTokens: 0 });
  for (const [i, row] of rows.entries()) {
    const logits = (await fullLogits(llama, row)).subarray((row.length - 1) * llama.config.vocabSize);
    assertEquals(scored[i].labels, options.labelIds.map((id) => logits[id]));
    assertEquals(scored[i].best, logits.indexOf(Math.max(...logits)));
  }
  releaseLlama(llama);
});

gpuTest("a row's logits do not depend on the rows beside it", async (gpu) => {
  const llama = await randomLlama(gpu);
  const tokens = randomTokens(60, 5);
  const whole = await fullLogits(llama, tokens);
  const part = await fullLogits(llama, tokens.slice(0, 37));
  assertEquals(part, whole.slice(0, part.length));
  releaseLlama(llama);
});

gpuTest("a prompt that does not fit the context, and an empty one, are errors", async (gpu) => {
  const llama = await randomLlama(gpu);
  await assertRejects(
    () => answer(llama, [randomTokens(150, 1)], options),
    Error,
    `a prompt of 150 tokens and 30 new ones exceed the model's context of ${randomConfig.maxPositions}`,
  );
  await assertRejects(() => answer(llama, [[]], options), Error, "a prompt has no tokens");
  releaseLlama(llama);
});
