/** What each method moves and what it leaves alone, to the byte; in which order; and that nothing else decides the outcome. */
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { readWeights, releaseLlama } from "../../models/llama.ts";
import { checkHyperparameters } from "../../training/hyperparameters.ts";
import { attaches, methodOf } from "../../training/methods/mod.ts";
import { type MethodOptions, trainMethod } from "../../training/stages.ts";
import { stream } from "../../training/random.ts";
import { train } from "../../training/trainer.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig, randomLlama } from "../models/random_llama.ts";
import { adafactorHyper, adamwHyper, bytesOf, few, moved, ofTwoTasks, outcomeOf, smallSpecs } from "./small_methods.ts";

const specs = smallSpecs(adamwHyper);

/** Bytes of the random model before any training. */
async function baseBytes(gpu: Gpu): Promise<Record<string, string>> {
  const llama = await randomLlama(gpu);
  const bytes = await bytesOf(llama);
  releaseLlama(llama);
  return bytes;
}

gpuTest("prompt tuning moves the prompt and not a bit of the model", async (gpu) => {
  const base = await baseBytes(gpu);
  const { weights, prompts, runs } = await outcomeOf(gpu, specs.prompt_tuning);
  assertEquals(weights, base);
  assertEquals(runs.map(({ stage, task }) => [stage, task]), [[0, null]]);
  const once = await outcomeOf(gpu, { ...specs.prompt_tuning, epochs: 1 });
  assertNotEquals(once.prompts, prompts);
});

gpuTest(
  "a prompt begins as the embeddings of different random tokens, or as uniform numbers, by the seed and the task",
  async (gpu) => {
    const still = { ...specs.prompt_tuning, learningRate: 0, weightDecay: 0 };
    const { prompts } = await outcomeOf(gpu, still, {}, ofTwoTasks);
    assertEquals(prompts.length, 2);
    const { "model.embed_tokens.weight": embedding } = await baseBytes(gpu);
    const rowLength = randomConfig.hiddenSize * 8;
    const rows = Array.from(
      { length: randomConfig.vocabSize },
      (_, i) => embedding.slice(i * rowLength, (i + 1) * rowLength),
    );
    for (const [task, prompt] of prompts.entries()) {
      const tokens = [0, 1, 2].map((i) => rows.indexOf(prompt.slice(i * rowLength, (i + 1) * rowLength)));
      const order = stream(1, "prompt", task).shuffle(Array.from({ length: randomConfig.vocabSize }, (_, i) => i));
      assertEquals(tokens, order.slice(0, 3));
    }
    const uniform = await outcomeOf(gpu, { ...still, prompt: { length: 3, init: "uniform", range: 0.5 } });
    const values = new Float32Array(Uint8Array.fromHex(uniform.prompts[0]).buffer);
    const random = stream(1, "prompt", 0);
    assertEquals(values, values.map(() => 0.5 * (2 * random.uniform() - 1)));
  },
);

gpuTest("ProMoT tunes the prompt, then the model behind the frozen prompt", async (gpu) => {
  const base = await baseBytes(gpu);
  const steps: number[] = [];
  const whole = await outcomeOf(gpu, specs.promot, { onStep: ({ stage }) => steps.push(stage) });
  assertEquals(steps, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  const first = await outcomeOf(gpu, specs.prompt_tuning);
  assertEquals(whole.prompts, first.prompts, "the second stage leaves the prompt as the first made it");
  assertEquals(whole.runs[0], first.runs[0]);
  assertEquals(moved(base, whole.weights), Object.keys(base), "all weights learn in the second stage");
  const random = await outcomeOf(gpu, specs.random_prompt);
  assertNotEquals(random.weights, whole.weights);
});

gpuTest("joint tuning moves prompt and model together; behind a random prompt only the model moves", async (gpu) => {
  const base = await baseBytes(gpu);
  const joint = await outcomeOf(gpu, specs.joint_tuning);
  const still = await outcomeOf(gpu, { ...specs.prompt_tuning, learningRate: 0 });
  assertNotEquals(joint.prompts, still.prompts);
  assertEquals(moved(base, joint.weights), Object.keys(base));
  const random = await outcomeOf(gpu, specs.random_prompt);
  const first = stream(1, "prompt", 0);
  const values = Float32Array.from({ length: 3 * randomConfig.hiddenSize }, () => 0.5 * (2 * first.uniform() - 1));
  assertEquals(random.prompts, [new Uint8Array(values.buffer).toHex()]);
  assertEquals(moved(base, random.weights), Object.keys(base));
});

gpuTest("LoRA moves its targets while attached and nothing once detached", async (gpu) => {
  const base = await baseBytes(gpu);
  const linear = Object.keys(base).filter((name) => name.endsWith("_proj.weight"));
  const queriesValues = await outcomeOf(gpu, specs.lora);
  assertEquals(queriesValues.weights, base);
  assertEquals(moved(base, queriesValues.attached), linear.filter((name) => /\.[qv]_proj/.test(name)));
  const all = await outcomeOf(gpu, { ...specs.lora, adapter: { rank: 3, alpha: 3, targets: "all" } });
  assertEquals(all.weights, base);
  assertEquals(moved(base, all.attached), linear);
});

gpuTest("ProMoT by LoRA tunes the adapter, then the model under the frozen adapter", async (gpu) => {
  const base = await baseBytes(gpu);
  const first = await outcomeOf(gpu, specs.lora);
  const whole = await outcomeOf(gpu, specs.lora_promot);
  assertEquals(whole.adapter, first.adapter);
  assertEquals(moved(base, whole.weights), Object.keys(base));
  const adapted = Object.keys(base).filter((name) => /\.[qv]_proj/.test(name));
  assertEquals(moved(whole.weights, whole.attached), adapted);
});

for (const operands of ["12bit", "bf16"] as const) {
  gpuTest(`value tuning moves the value projections only, with ${operands} operands`, async (gpu) => {
    const base = await baseBytes(gpu);
    const { weights } = await outcomeOf(gpu, specs.value_tuning, {}, few, operands);
    assertEquals(moved(base, weights), Object.keys(base).filter((name) => name.includes("v_proj")));
  });
}

gpuTest("fine-tuning as a method is the trainer's plain stage, to the bit", async (gpu) => {
  const llama = await randomLlama(gpu);
  const { losses } = await train(llama, few, adamwHyper, { seed: 1 });
  const method = await outcomeOf(gpu, specs.ft);
  assertEquals(method.weights, await bytesOf(llama));
  assertEquals(method.runs[0].losses, [...losses]);
  assertEquals((await outcomeOf(gpu, specs.fticl)).weights, method.weights, "demonstrations are in the examples");
  releaseLlama(llama);
});

for (const [optimizer, hyper] of [["AdamW", adamwHyper], ["Adafactor and dropout", adafactorHyper]] as const) {
  const cases = smallSpecs({ ...hyper, epochs: 1 });
  // The stages of the two-stage methods are those of prompt tuning, LoRA and fine-tuning.
  const all = ["ft", "promot", "joint_tuning", "lora_promot", "value_tuning"] as const;
  for (const name of optimizer === "AdamW" ? all : (["promot", "lora_promot"] as const)) {
    gpuTest(`${name} by ${optimizer}: neither micro-batches nor an interruption change a bit`, async (gpu) => {
      const tasks = cases[name].name === "promot" ? ofTwoTasks : few;
      const run = (options: Partial<MethodOptions>) => outcomeOf(gpu, cases[name], options, tasks);
      const whole = await run({});
      assertEquals(await run({ microBatchTokens: 60 }), whole);
      const steps = whole.runs.reduce((sum, { losses }) => sum + losses.length, 0);
      for (const stop of new Set([1, steps - 1])) {
        const directory = await Deno.makeTempDir();
        const controller = new AbortController();
        let done = 0;
        const onStep = () => ++done === stop && controller.abort(new Error("stop"));
        const checkpoint = { directory, every: 1 };
        await assertRejects(() => run({ checkpoint, signal: controller.signal, onStep }), Error, "stop");
        assertEquals(await run({ checkpoint }), whole);
        await Deno.remove(directory, { recursive: true });
      }
    });
  }
}

gpuTest("with several tasks, prompts learn one task after the other, each on its own examples", async (gpu) => {
  const whole = await outcomeOf(gpu, specs.promot, {}, ofTwoTasks);
  assertEquals(whole.runs.map(({ stage, task }) => [stage, task]), [[0, 0], [0, 1], [1, null]]);
  const alone = await outcomeOf(gpu, specs.prompt_tuning, {}, ofTwoTasks.filter(({ task }) => task === 0));
  assertEquals(whole.prompts[0], alone.prompts[0]);
  assertNotEquals(whole.prompts[1], whole.prompts[0]);
  const swapped = ofTwoTasks.map((example) => ({ ...example, task: 1 - example.task! }));
  assertNotEquals((await outcomeOf(gpu, specs.promot, {}, swapped)).weights, whole.weights);
  const joint = await outcomeOf(gpu, specs.joint_tuning, {}, ofTwoTasks);
  assertEquals(joint.runs.map(({ task }) => task), [null]);
});

gpuTest(
  "of the checkpoints the one with the best score stays, of equals the earlier, also after an interruption",
  async (gpu) => {
    const scores: Record<number, number> = { 2: 1, 4: 3, 6: 3 };
    const spec = { ...specs.promot, selectEvery: 2 };
    const description = methodOf(spec).describe(spec);
    const llama = await randomLlama(gpu);
    const seen = new Map<number, Float32Array>();
    const asked: number[] = [];
    const validate: NonNullable<MethodOptions["validate"]> = async ({ step }, attached) => {
      asked.push(step);
      assertEquals(attached(0).prefix.length, 3);
      seen.set(step, (await readWeights(llama)).get("model.norm.weight")!);
      return scores[step];
    };
    const model = await trainMethod(llama, few, description, { seed: 1, validate });
    assertEquals(asked, [2, 4, 6]);
    assertEquals(model.reports.map(({ report }) => report.selection?.best ?? null), [null, 4]);
    assertEquals((await readWeights(llama)).get("model.norm.weight"), seen.get(4) as Float32Array<ArrayBuffer>);
    assertNotEquals(seen.get(4), seen.get(6));
    const whole = await bytesOf(llama);
    model.release();
    releaseLlama(llama);

    const directory = await Deno.makeTempDir();
    const controller = new AbortController();
    const checkpoint = { directory, every: 1 };
    const onStep = ({ stage, step }: { stage: number; step: number }) =>
      stage === 1 && step === 5 && controller.abort(new Error("stop"));
    const again = { validate: ({ step }: { step: number }) => Promise.resolve(scores[step]), checkpoint };
    await assertRejects(() => outcomeOf(gpu, spec, { ...again, onStep, signal: controller.signal }), Error, "stop");
    const resumed = await outcomeOf(gpu, spec, again);
    assertEquals(resumed.weights, whole);
    assertEquals((await outcomeOf(gpu, spec, again)).weights, whole, "a finished run gives its best weights again");
    await Deno.remove(directory, { recursive: true });
    await assertRejects(() => outcomeOf(gpu, spec), Error, "selectEvery needs something that scores validation rows");
  },
);

Deno.test("prompts are attached for the trained task as it was trained, adapters of plain LoRA always", () => {
  const at = (spec: Parameters<typeof methodOf>[0], trained: boolean, shots: number) =>
    attaches(methodOf(spec).describe(spec), trained, shots);
  for (const name of ["prompt_tuning", "promot", "joint_tuning", "random_prompt", "lora_promot"] as const) {
    assertEquals([at(specs[name], true, 0), at(specs[name], true, 1), at(specs[name], false, 0)], [true, false, false]);
  }
  const oneShot = { ...specs.promot, demonstrations: 1 };
  assertEquals([at(oneShot, true, 0), at(oneShot, true, 1), at(oneShot, true, 2)], [true, true, false]);
  assertEquals([at(specs.lora, true, 4), at(specs.lora, false, 0)], [true, true]);
  assertEquals([at(specs.ft, true, 0), at({ name: "icl" }, true, 0)], [false, false]);
  assertEquals(
    methodOf({ ...specs.fticl, sampling: "per example" }).describe({ ...specs.fticl, sampling: "per example" }),
    {
      demonstrations: { count: 0, sampled: true },
      prompt: null,
      adapter: null,
      stages: [{ learns: ["model"], hyper: adamwHyper }],
      attachment: null,
    },
  );
});

gpuTest("what cannot be carried out is refused with a reason", async (gpu) => {
  const prompt = specs.promot.prompt;
  const lora = specs.lora.adapter;
  const cases: [Parameters<typeof outcomeOf>[1], string][] = [
    [
      { ...specs.promot, prompt: { ...prompt, length: 150 } },
      "a soft prompt of 150 and an example of 24 tokens exceed the model's context of 160;",
    ],
    [
      { ...specs.promot, prompt: { ...prompt, length: 0 } },
      "a soft prompt's length of 0 is not valid: give a positive integer",
    ],
    [
      { ...specs.promot, prompt: { ...prompt, length: 51 } },
      "a soft prompt of 51 cannot begin as different tokens of a vocabulary of 50",
    ],
    [{ ...specs.promot, prompt: { ...prompt, range: 1 } }, "a soft prompt's range of 1 is not valid"],
    [{ ...specs.promot, prompt: { ...prompt, init: "uniform" } }, "a soft prompt's range of 0 is not valid"],
    [{ ...specs.lora, adapter: { ...lora, rank: 0 } }, "an adapter's rank of 0 is not valid: give a positive integer"],
    [
      { ...specs.lora, adapter: { ...lora, alpha: -1 } },
      "an adapter's alpha of -1 is not valid: give a positive number",
    ],
    [{ ...specs.ft, dropout: 1 }, "dropout 1 is not valid: give a number from 0 up to but not 1"],
    [{ ...specs.ft, optimizer: "adafactor" }, "beta1 0.9 is not valid: give 0: Adafactor has no use for it"],
    [{ name: "icl" }, "the method trains nothing"],
  ];
  for (const [spec, message] of cases) await assertRejects(() => outcomeOf(gpu, spec), Error, message);
  const gap = few.map((example) => ({ ...example, task: 1 }));
  const message = "task 0 of 2, counted from 0, has no training example";
  await assertRejects(() => outcomeOf(gpu, specs.promot, {}, gap), Error, message);
  const llama = await randomLlama(gpu, { maxPositions: 20 });
  const long = "a training example of 24 tokens, soft prompt included, exceeds the model's context of 20;";
  await assertRejects(() => train(llama, few, adamwHyper, { seed: 1 }), Error, long);
  for (
    const [learns, reason] of [
      [["prompts"], "prompts are to learn, but the model has none"],
      [["adapter"], "an adapter is to learn, but the model has none"],
      [["model", "value projections"], "value projections are part of the model"],
      [[], "nothing is to learn"],
    ] as const
  ) {
    await assertRejects(() => train(llama, few.slice(0, 2), adamwHyper, { seed: 1, learns }), Error, reason);
  }
  releaseLlama(llama);
});

Deno.test("hyper-parameters out of range are refused, naming what is valid", () => {
  const cases = [
    [{ learningRate: -1 }, "learningRate -1 is not valid: give a number from 0"],
    [{ epochs: 0 }, "epochs 0 is not valid: give a positive integer"],
    [{ batchSize: 1.5 }, "batchSize 1.5 is not valid"],
    [{ clip: 0 }, "clip 0 is not valid: give a positive number, or null for no clipping"],
    [{ labelSmoothing: 1 }, "labelSmoothing 1 is not valid"],
    [{ selectEvery: 0 }, "selectEvery 0 is not valid: give a positive integer"],
    [{ scaleByWeights: true }, "scaleByWeights true is not valid"],
    [{ microBatchSize: 2 }, "microBatchSize 2 is not valid"],
  ] as const;
  for (const [change, message] of cases) {
    assertThrows(() => checkHyperparameters({ ...adamwHyper, ...change }), Error, message);
  }
  checkHyperparameters(adafactorHyper);
});
