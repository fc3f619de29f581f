/** What must not matter does not: each test compares the SHA-256 of all weights, and losses bit by bit. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { hashWeights } from "../../models/checkpoint.ts";
import { type LlamaConfig, parameterShapes } from "../../models/config.ts";
import { answer } from "../../models/inference.ts";
import { readWeights, releaseLlama } from "../../models/llama.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import type { Operands } from "../../kernels/numerics.ts";
import type { Hyperparameters } from "../../training/hyperparameters.ts";
import { createSession } from "../../training/session.ts";
import { train, type TrainOptions } from "../../training/trainer.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig, randomLlama, randomTokens } from "../models/random_llama.ts";
import { examples, hyper } from "./small_training.ts";

interface Outcome {
  readonly weights: string;
  readonly losses: number[];
}

async function outcome(
  gpu: Gpu,
  options: Partial<TrainOptions> = {},
  changes: Partial<LlamaConfig> = {},
  changed: Partial<Hyperparameters> = {},
  operands: Operands = "12bit",
): Promise<Outcome> {
  const llama = await randomLlama(gpu, changes, operands);
  try {
    const report = await train(llama, examples, { ...hyper, ...changed }, { seed: 1, ...options });
    const weights = await readWeights(llama);
    const shapes = parameterShapes({ ...randomConfig, ...changes });
    return { weights: await hashWeights(shapes, (name) => weights.get(name)!), losses: [...report.losses] };
  } finally {
    releaseLlama(llama);
  }
}

/** The same device, taken for a card: products stage panels, a workgroup goes over a row, nothing is read from images. */
function asCard(gpu: Gpu): Gpu {
  const card = { adapter: { ...gpu.adapter, software: false }, subgroupSize: 0, tuning: null };
  return Object.assign(Object.create(gpu), card);
}

for (const operands of ["12bit", "bf16"] as const) {
  gpuTest(`what runs on a card gives the same weights and answers, with ${operands} operands`, async (gpu) => {
    assertEquals(await outcome(asCard(gpu), {}, {}, {}, operands), await outcome(gpu, {}, {}, {}, operands));
    const answers = async (one: Gpu) => {
      const llama = await randomLlama(one, {}, operands);
      try {
        const prompts = [3, 30, 41].map((length, i) => [...randomTokens(8, 9), ...randomTokens(length, i)]);
        return await answer(llama, prompts, { maxNewTokens: 12, stopIds: [], labelIds: [3, 4], batchSize: 2 });
      } finally {
        releaseLlama(llama);
      }
    };
    assertEquals(await answers(asCard(gpu)), await answers(gpu));
  });
}

gpuTest("training twice gives the same weights, and they are not the initial ones", async (gpu) => {
  const once = await outcome(gpu);
  assertEquals(await outcome(gpu), once);
  assert(once.losses.at(-1)! < once.losses[0]);
  assert((await outcome(gpu, { seed: 2 })).weights !== once.weights, "the seed decides the order");
});

for (const tied of [true, false]) {
  gpuTest(
    `one micro-batch of 16 equals four of 4 and sixteen of 1, with ${tied ? "a tied" : "its own"} head`,
    async (gpu) => {
      const whole = await outcome(gpu, { microBatchTokens: 2048 }, { tied });
      assertEquals(await outcome(gpu, { microBatchTokens: 130 }, { tied }), whole);
      assertEquals(await outcome(gpu, { microBatchTokens: 44 }, { tied }), whole);
    },
  );
}

gpuTest("the mean of micro-batch means is another loss than the mean over the batch", async (gpu) => {
  const batch = await outcome(gpu);
  const micro = await outcome(gpu, {}, {}, { loss: "micro-batch-mean", microBatchSize: 2 });
  assert(micro.weights !== batch.weights);
  const wide = await outcome(gpu, {}, {}, { loss: "micro-batch-mean", microBatchSize: 16 });
  assert(Math.abs(wide.losses[0] - batch.losses[0]) < 1e-6, "one micro-batch a batch is the same mean");
});

for (const operands of ["12bit", "bf16"] as const) {
  gpuTest(
    `training that stops after any step and goes on gives the same weights, with ${operands} operands`,
    async (gpu) => {
      const run = (options: Partial<TrainOptions>) => outcome(gpu, options, {}, {}, operands);
      const whole = await run({});
      for (const stop of [1, 4]) {
        const directory = await Deno.makeTempDir();
        const controller = new AbortController();
        const checkpoint = { directory, every: 1 };
        let stopped = false;
        try {
          const onStep = ({ step }: { step: number }) => step === stop + 1 && controller.abort(new Error("stop"));
          await run({ checkpoint, signal: controller.signal, onStep });
        } catch (error) {
          stopped = (error as Error).message === "stop";
        }
        assert(stopped);
        assertEquals(await run({ checkpoint }), whole);
        assertEquals(await run({ checkpoint }), whole, "a finished checkpoint is not trained further");
        await Deno.remove(directory, { recursive: true });
      }
    },
  );
}

gpuTest("a loss that is not finite stops the training and names the step", async (gpu) => {
  await assertRejects(
    () => outcome(gpu, {}, {}, { learningRate: 1e37, schedule: "constant", warmupSteps: 0, clip: null }),
    Error,
    "the loss is not finite at step 2 ",
  );
});

gpuTest("what cannot fit into memory is refused before training, with the setting that would fit", async (gpu) => {
  const message = await assertRejects(() => outcome(gpu, { microBatchTokens: 1 << 28 }), Error);
  const words =
    /^training would need \d+ MB of memory, more than this machine has free; --micro-batch-tokens 44 would need \d MB$/;
  if (gpu.adapter.software) assertMatch(message.message, words);
  else assertStringIncludes(message.message, "this adapter allows");
});

gpuTest("a mean of micro-batches that memory would cut otherwise is refused", async (gpu) => {
  const llama = await randomLlama(gpu);
  const parts = { ...hyper, longest: 44, microBatchMean: true, microBatchSequences: 8, microBatchTokens: 88 };
  const session = await createSession(llama, parts);
  const batch = examples.slice(24).map(({ tokens }) => ({
    tokens,
    targetWeights: new Float32Array(tokens.length - 1).fill(1),
  }));
  const message = "this adapter cannot hold a micro-batch of 8 sequences";
  await assertRejects(() => session.step(batch, 1e-3), Error, message);
  session.release();
  releaseLlama(llama);
});

gpuTest("no target, no example and a target outside its example are errors", async (gpu) => {
  const llama = await randomLlama(gpu);
  const tokens = randomTokens(8, 1);
  const message = "a training example of 8 tokens cannot have its target start at 0";
  await assertRejects(() => train(llama, [{ tokens, targetStart: 0 }], hyper, { seed: 1 }), Error, message);
  await assertRejects(() => train(llama, [], hyper, { seed: 1 }), Error, "there is no training example");
  const cut = [{ tokens, targetStart: 8 }];
  const lost = "all 1 examples of optimizer step 1 lost their whole target to the limit of 128 tokens;";
  await assertRejects(() => train(llama, cut, hyper, { seed: 1 }), Error, lost);
  releaseLlama(llama);
});

gpuTest("asking for the losses so far, at whichever steps, changes none of them", async (gpu) => {
  const losses = async (asked: readonly number[]) => {
    const llama = await randomLlama(gpu);
    const { beta1, beta2, epsilon, weightDecay, clip, labelSmoothing } = hyper;
    const session = await createSession(llama, {
      ...{ beta1, beta2, epsilon, weightDecay, clip, labelSmoothing },
      longest: 16,
    });
    try {
      for (let step = 1; step <= 21; step++) {
        await session.step([{ tokens: randomTokens(12, step), targetWeights: new Float32Array(11).fill(1) }], 1e-3);
        if (asked.includes(step)) await session.history();
      }
      return [...(await session.history()).losses];
    } finally {
      session.release();
      releaseLlama(llama);
    }
  };
  const once = await losses([]);
  assert(once.length === 21 && once.every((loss) => loss > 0));
  assertEquals(await losses([3, 5, 8, 12, 13, 20]), once);
});
