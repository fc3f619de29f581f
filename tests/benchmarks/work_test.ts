/** The work that is counted before a run, against that of the examples and prompts which a run would make. */
import { assert, assertEquals } from "@std/assert";
import { openData } from "../../benchmarks/data.ts";
import { encodeExamples } from "../../benchmarks/examples.ts";
import { chooseSettings } from "../../benchmarks/settings.ts";
import { withPlanner } from "../../benchmarks/planner.ts";
import type { CellSpec } from "../../benchmarks/types.ts";
import { answeringWork, openCounter, totalWork, type Work, workUnits } from "../../benchmarks/work.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { findTask, renderContext } from "../../tasks/mod.ts";
import { methodOf } from "../../training/methods/mod.ts";

const path = (name: string) => decodeURIComponent(new URL(`../../fixtures/${name}`, import.meta.url).pathname);
const checkpoint = await loadCheckpoint(path("model"));
const { tokenizer, config: { maxPositions } } = checkpoint;
checkpoint.close();
const data = openData(path("data"));
const counter = openCounter({ data, tokenizer, maxPositions, batchSize: 64 });

/** Cells of a setting over the embedded data. */
async function cells(setting: string, only: Record<string, string> = {}): Promise<CellSpec[]> {
  const options = {
    modelDir: path("model"),
    dataDir: path("data"),
    seeds: 1,
    only,
    operands: "12bit" as const,
  };
  return await withPlanner(
    options,
    async ({ plan }) => [...(await plan(chooseSettings([setting]), "smoke")).specs.values()],
  );
}

/** Whether a count is within a share of what it should be. */
function near(found: number, expected: number, share: number, what: string): void {
  assert(Math.abs(found - expected) <= share * expected, `${what}: ${found}, expected about ${expected}`);
}

Deno.test("Training is counted as the examples are: steps exactly, tokens nearly", async () => {
  for (const spec of await cells("fticl_generation", { task: "question" })) {
    const { steps, trainings, models, trainedTokens } = await counter.workOf([spec]);
    assertEquals(models, 1);
    if (spec.train === null) {
      assertEquals([steps, trainings, trainedTokens], [0, 0, 0]);
      continue;
    }
    const { task, set, size, format } = spec.train;
    const { demonstrations: { count }, stages: [{ hyper }] } = methodOf(spec.method).describe(spec.method);
    const { rows } = await data.train(findTask(task), set, size);
    const shown = (await data.demonstrations(findTask(task), set, count)).rows;
    const { examples } = encodeExamples(tokenizer, findTask(task), format, shown, rows, hyper.maxLength);
    assertEquals([steps, trainings], [hyper.epochs * Math.ceil(rows.length / hyper.batchSize), 1]);
    const tokens = hyper.epochs * examples.reduce((sum, example) => sum + example.tokens.length, 0);
    near(trainedTokens, tokens, 0.05, `${spec.method.name} of ${task}`);
  }
});

Deno.test("Prompts are counted with what they share once, and answers as long as the longest reference", async () => {
  const [untrained] = await cells("in_domain", { task: "summary", set: "xsum", shots: "1", method: "icl" });
  const [{ set, rows: count, shots }] = untrained.evaluations;
  const task = findTask("summary");
  const { rows } = await data.test(task, set, count);
  const shown = (await data.demonstrations(task, set, shots)).rows;
  const lengths = rows.map((row) => tokenizer.encode(renderContext(task, 1, shown, row)).length);
  const common = tokenizer.encode(renderContext(task, 1, shown, { ...rows[0], fields: { input: "" } })).length;
  const work = await counter.workOf([untrained]);
  const all = lengths.reduce((sum, length) => sum + 1 + length, 0);
  near(work.promptTokens, all - (rows.length - 1) * common, 0.2, "tokens of prompts");
  const longest = Math.max(...rows.map(({ output }) => tokenizer.encode(output).length));
  assertEquals(work.decodedTokens, rows.length * 8 * Math.ceil(longest / 8));
  assertEquals([work.calls, work.models, work.decodingSteps], [1, 1, 8 * Math.ceil(longest / 8)]);
});

Deno.test("Cells of one model train it once, and stops of one training go on from one another", async () => {
  const specs = await cells("cross_task", { task: "sentiment", method: "ft" });
  const trained = specs.filter(({ train }) => train !== null);
  assert(trained.length > 1);
  const apart = await Promise.all(trained.map((spec) => counter.workOf([spec])));
  const together = await counter.workOf(trained);
  assertEquals(together.steps, apart[0].steps);
  assertEquals(together.models, 1);
  assertEquals(together.calls, totalWork(apart).calls);

  const [first] = trained;
  const none = { ...first, evaluations: [] };
  const whole = await counter.workOf([none]);
  const half = whole.steps / 2;
  const stops = [1, half].map((stopAfter) => ({ ...none, stopAfter }));
  assertEquals((await counter.workOf(stops)).steps, half);
  assertEquals((await counter.workOf([...stops, none])).steps, whole.steps + half);
  near((await counter.workOf(stops)).trainedTokens, whole.trainedTokens / 2, 1e-9, "tokens up to a stop");
});

Deno.test("A prompt that does not fit is as long as the context, and shares nothing", async () => {
  const small = openCounter({ data, tokenizer, maxPositions: 64, batchSize: 64 });
  const [spec] = await cells("in_domain", { task: "sentiment", set: "amazon", shots: "2", method: "icl" });
  const [{ rows, maxNewTokens }] = spec.evaluations;
  assertEquals((await small.workOf([spec])).promptTokens, rows * (64 - maxNewTokens));
});

Deno.test("Prompt tuning counts less than tuning of the model, and validation is counted", async () => {
  const specs = await cells("promot_supervised", { task: "promot_rte" });
  const of = (name: string) => specs.find(({ method }) => method.name === name)!;
  const work = async (name: string) => await counter.workOf([{ ...of(name), evaluations: [] }]);
  const [ft, prompts, both] = [await work("ft"), await work("prompt_tuning"), await work("promot")];
  assert(prompts.steps < ft.steps);
  assert(ft.calls > 0 && both.calls === ft.calls + prompts.calls);
  assertEquals([ft.trainings, prompts.trainings, both.trainings], [1, 1, 2]);
});

Deno.test("A first stage that trainings share is counted once, also where one of them has a second task", async () => {
  const bare = async (setting: string, only: Record<string, string>) =>
    (await cells(setting, only)).map((spec) => ({ ...spec, evaluations: [] }));
  const alone = await bare("promot_supervised", { task: "promot_rte" });
  const of = (specs: CellSpec[], name: string, shown: number) =>
    specs.find(({ method }) => method.name === name && "demonstrations" in method && method.demonstrations === shown)!;
  const [prompts, both, shown] = [of(alone, "prompt_tuning", 0), of(alone, "promot", 0), of(alone, "promot", 1)];
  const two = of(await bare("promot_multi_task", { task: "promot_rte" }), "promot", 0);
  const work = (...specs: CellSpec[]) => counter.workOf(specs);
  const { models: _, ...wholeOfBoth } = await work(both);
  const { models, ...together } = await work(prompts, both);
  assertEquals([together, models], [wholeOfBoth, 2]);
  const [first, second, third] = [await work(prompts), await work(two), await work(prompts, two)];
  // Of two tasks, two prompts and the model.
  assertEquals([first.trainings, second.trainings, third.trainings], [1, 3, 3]);
  near(third.trainedTokens, second.trainedTokens, 1e-9, "tokens");
  assertEquals((await work(prompts, shown)).trainings, 3, "another prompt, learnt before a demonstration");
});

Deno.test("What leaves most weights as they are counts less than tuning of all, and more than prompts", async () => {
  const specs = await cells("method_comparison", { task: "translation" });
  const tokens = async (name: string) => {
    const spec = { ...specs.find(({ method, train }) => method.name === name && train !== null)!, evaluations: [] };
    const { trainedTokens, steps } = await counter.workOf([spec]);
    const { hyper } = methodOf(spec.method).describe(spec.method).stages[0];
    return [trainedTokens / hyper.epochs, steps / hyper.epochs];
  };
  const [ft, lora, values] = [await tokens("ft"), await tokens("lora"), await tokens("value_tuning")];
  assertEquals(lora, values);
  lora.forEach((count, i) => near(count, 0.8 * ft[i], 1e-9, "a share of all"));
  const ofU = await cells("method_comparison", { task: "question", size: "16" });
  const lora2 = ofU.find(({ method, train }) => method.name === "lora" && train?.validation === undefined)!;
  const ft2 = ofU.find(({ method }) => method.name === "ft")!;
  const bare = (spec: CellSpec) => counter.workOf([{ ...spec, evaluations: [] }]);
  assertEquals(await bare(lora2), await bare(ft2), "an adapter on every matrix needs their gradients");
});

Deno.test("Batches of prompts decode one after the other, and look at their rows every eight steps", () => {
  const none = Object.fromEntries(workUnits.map((unit) => [unit, 0])) as unknown as Work;
  assertEquals(answeringWork(100, 10, 5, 9, 64), {
    ...none,
    calls: 1,
    promptTokens: 510,
    promptPairs: 100 + 100 * 5 * 25,
    decodingSteps: 16,
    decodedTokens: 800,
  });
  assertEquals(answeringWork(3, 0, 5, 1, 64).decodingSteps, 0);
  assertEquals(answeringWork(3, 0, 5, 10, 64).decodingSteps, 16);
});

Deno.test("A probe counts the passes over its rows: of the model twice, or of it and its base", async () => {
  for (const [setting, steps] of [["gradient_alignment", true], ["forward_kl", false]] as const) {
    const probed = (await cells(setting, { task: "promot_rte" })).find(({ probes }) => probes !== undefined)!;
    const [probe] = probed.probes!;
    const alone = { ...probed, evaluations: [], train: null };
    const work = await counter.workOf([{ ...alone, probes: [probe] }]);
    const without = await counter.workOf([{ ...alone, probes: [] }]);
    const tokens = work[steps ? "trainedTokens" : "promptTokens"] - without[steps ? "trainedTokens" : "promptTokens"];
    assert(tokens >= 2 * probe.rows * 10, `${setting}: ${tokens} tokens for ${probe.rows} rows`);
    assertEquals(work.trainings - without.trainings, steps ? 1 : 0);
    assertEquals(work.models - without.models, steps ? 0 : 1);
  }
});
