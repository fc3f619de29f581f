/** Training that stops before its end leaves, bit for bit, what the whole training has after the same step. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { releaseLlama } from "../../models/llama.ts";
import { methodOf, type MethodSpec } from "../../training/methods/mod.ts";
import { type MethodOptions, trainMethod } from "../../training/stages.ts";
import { train } from "../../training/trainer.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomLlama } from "../models/random_llama.ts";
import { adafactorHyper, adamwHyper, bytesOf, few, ofTwoTasks, outcomeOf, smallSpecs } from "./small_methods.ts";

/** Weights of a whole training after every step of every stage, by `stage step`, looked at where a best step would be chosen. */
async function everyStep(gpu: Gpu, spec: MethodSpec, best: number, trained = few): Promise<Map<string, unknown>> {
  const llama = await randomLlama(gpu);
  const seen = new Map<string, unknown>();
  const validate: NonNullable<MethodOptions["validate"]> = async ({ stage, step }) => {
    seen.set(`${stage} ${step}`, await bytesOf(llama));
    return step === best ? 1 : 0;
  };
  const model = await trainMethod(llama, trained, methodOf(spec).describe(spec), { seed: 1, validate });
  model.release();
  releaseLlama(llama);
  return seen;
}

for (const [optimizer, hyper] of [["AdamW", adamwHyper], ["Adafactor and dropout", adafactorHyper]] as const) {
  gpuTest(`fine-tuning by ${optimizer} that stops after a step has the weights of that step`, async (gpu) => {
    const { ft } = smallSpecs({ ...hyper, selectEvery: 1 });
    const whole = await everyStep(gpu, ft, 2);
    const plain = await outcomeOf(gpu, smallSpecs(hyper).ft);
    for (const stopAfter of [1, 2, 4, 6]) {
      // Nothing to score validation rows with: a stopped stage asks for none, though the method selects.
      const { weights, runs, best } = await outcomeOf(gpu, ft, { stopAfter });
      assertEquals(weights, whole.get(`0 ${stopAfter}`), `step ${stopAfter}`);
      assertEquals(runs[0].losses, plain.runs[0].losses.slice(0, stopAfter));
      assertEquals(best, [null]);
    }
    assertNotEquals(whole.get("0 4"), whole.get("0 6"));
  });
}

gpuTest(
  "a two-stage method stops in its last stage, behind the prompt that the whole first stage chose",
  async (gpu) => {
    const hyper = { ...adamwHyper, selectEvery: 1 };
    const { promot } = smallSpecs(hyper);
    const whole = await everyStep(gpu, promot, 2);
    const asked: string[] = [];
    const validate: NonNullable<MethodOptions["validate"]> = ({ stage, step }) => {
      asked.push(`${stage} ${step}`);
      return Promise.resolve(step === 2 ? 1 : 0);
    };
    const full = await outcomeOf(gpu, promot, { validate });
    asked.length = 0;
    const { weights, prompts, runs, best } = await outcomeOf(gpu, promot, { validate, stopAfter: 3 });
    assertEquals(weights, whole.get("1 3"));
    assertEquals(prompts, full.prompts);
    assertEquals(runs.map(({ losses }) => losses.length), [6, 3]);
    assertEquals(best, [2, null]);
    assertEquals(asked, [1, 2, 3, 4, 5, 6].map((step) => `0 ${step}`), "only the first stage is validated");
  },
);

gpuTest("with several tasks, all prompts are tuned whole before the stage that stops", async (gpu) => {
  const hyper = { ...adamwHyper, selectEvery: 1 };
  const promot = { ...smallSpecs(adamwHyper).promot, ...hyper };
  const whole = await everyStep(gpu, promot, 2, ofTwoTasks);
  const { weights, runs } = await outcomeOf(gpu, promot, { stopAfter: 2 }, ofTwoTasks);
  assertEquals(weights, whole.get("1 2"));
  assertEquals(runs.map(({ stage, task, losses }) => [stage, task, losses.length]), [[0, 0, 4], [0, 1, 2], [
    1,
    null,
    2,
  ]]);
});

gpuTest("a stopped training goes on from its checkpoint to the same bits, and no further", async (gpu) => {
  const { ft } = smallSpecs(adamwHyper);
  const stopped = await outcomeOf(gpu, ft, { stopAfter: 4, microBatchTokens: 60 });
  const directory = await Deno.makeTempDir();
  const controller = new AbortController();
  const checkpoint = { directory, every: 1 };
  const onStep = ({ step, steps }: { step: number; steps: number }) => {
    assertEquals(steps, 4);
    if (step === 2) controller.abort(new Error("stop"));
  };
  const interrupted = { stopAfter: 4, checkpoint, onStep, signal: controller.signal };
  await assertRejects(() => outcomeOf(gpu, ft, interrupted), Error, "stop");
  assertEquals(await outcomeOf(gpu, ft, { stopAfter: 4, checkpoint }), stopped);
  assertEquals(await outcomeOf(gpu, ft, { stopAfter: 4, checkpoint }), stopped);
  await Deno.remove(directory, { recursive: true });
});

for (const [optimizer, hyper] of [["AdamW", adamwHyper], ["Adafactor and dropout", adafactorHyper]] as const) {
  gpuTest(
    `trainings by ${optimizer} that stop at several steps share what they have in common, to the bit`,
    async (gpu) => {
      const promot = { ...smallSpecs(hyper).promot, selectEvery: 1 };
      const directory = await Deno.makeTempDir();
      const taken = async (stopAfter: number) => {
        const steps: string[] = [];
        const onStep = ({ stage, step }: { stage: number; step: number }) => steps.push(`${stage} ${step}`);
        const shared = { stopAfter, checkpoint: { directory, every: 50 }, onStep };
        assertEquals(await outcomeOf(gpu, promot, shared), await outcomeOf(gpu, promot, { stopAfter }), `${stopAfter}`);
        return steps;
      };
      assertEquals(await taken(2), [1, 2, 3, 4, 5, 6].map((step) => `0 ${step}`).concat("1 1", "1 2"));
      assertEquals(
        await taken(5),
        ["1 3", "1 4", "1 5"],
        "the first stage whole, the last from where the other stopped",
      );
      assertEquals(await taken(5), []);
      assertEquals(await taken(1), ["1 1"], "a state of later steps is of no use");
      assertEquals(await taken(6), ["1 2", "1 3", "1 4", "1 5", "1 6"]);
      await Deno.remove(directory, { recursive: true });
    },
  );
}

gpuTest("a step that the stage does not have, or something to score a stopped stage with, is refused", async (gpu) => {
  const { ft } = smallSpecs(adamwHyper);
  for (const stopAfter of [0, 7, 1.5]) {
    const message = `stopAfter ${stopAfter} is not valid: give an integer from 1 to 6, the steps of the stage`;
    await assertRejects(() => outcomeOf(gpu, ft, { stopAfter }), Error, message);
  }
  const llama = await randomLlama(gpu);
  const options = { seed: 1, stopAfter: 1, validate: () => Promise.resolve(0) };
  const message = "a training that stops before its end selects no step";
  await assertRejects(() => train(llama, few, { ...adamwHyper, selectEvery: 1 }, options), Error, message);
  releaseLlama(llama);
});
