import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { jsonSha256 } from "../../benchmarks/cell.ts";
import { attachedTask } from "../../benchmarks/execute_cell.ts";
import { profiles, rateOf, type Tuned } from "../../benchmarks/profiles.ts";
import { onValidation, promotModel, specOf } from "../../benchmarks/requests.ts";
import { progressLine } from "../../benchmarks/progress_line.ts";
import { findTask, readTrain, tasks } from "../../tasks/mod.ts";
import { methodOf } from "../../training/methods/mod.ts";
import { planSmoke, runFacts, withData } from "./world.ts";

const settings = ["learning_rate"];
const embedded = new URL("../../fixtures/data", import.meta.url).pathname;

/** Methods and stages in the order of choices, with the method that tries each. */
const methodOfStage: Record<string, string> = {
  ft: "ft",
  fticl: "fticl",
  lora: "lora",
  value_tuning: "value_tuning",
  model_tuning: "ft",
  adapter_tuning: "lora",
  prompt_tuning: "prompt_tuning",
};

Deno.test("Every trained method is tried at its grid's learning rates, on rows that are neither trained nor tested on", () =>
  withData(async (_, dataDir) => {
    const { plan, specs } = await planSmoke(dataDir, { settings });
    const { learningRateSweep } = profiles.smoke;
    for (const task of ["summary", "sentiment"]) {
      for (const method of ["ft", "fticl", "lora", "value_tuning"] as const) {
        const cells = plan.cells.filter(({ factors }) => factors.trainTask === task && factors.method === method);
        assertEquals(cells.map(({ factors }) => factors.learningRate), [...learningRateSweep[method]]);
        assertEquals(cells.map(({ factors }) => factors.trainSize), [16, 16, 16]);
      }
    }
    assertEquals(plan.cells.length, 24);
    const last = (await readTrain(dataDir, tasks.summary, "xsum", 48)).slice(-8);
    for (const { train, method, evaluations } of specs.values()) {
      const shots = method.name === "fticl" ? [0, method.demonstrations] : [0];
      assertEquals(evaluations.map((evaluation) => evaluation.shots), shots);
      for (const { task, set, relation, rows, rowsSha256 } of evaluations) {
        assertEquals([task, set, relation, rows], [train!.task, train!.set, "validation", 8]);
        if (set === "xsum") assertEquals(rowsSha256, jsonSha256(last));
      }
    }
  }));

Deno.test("P's stages are tried as the model that has that stage alone, as it was trained and with the prompt on it", async () => {
  const { plan, specs } = await planSmoke(embedded, { settings });
  const { choices } = plan.settings[0];
  assertEquals(choices!.map(({ method }) => method), Object.keys(methodOfStage));
  for (const { method, candidates } of choices!.slice(4)) {
    assertEquals(
      candidates.map(({ learningRate }) => learningRate),
      [...profiles.smoke.learningRateSweep[method as "prompt_tuning"]],
    );
    for (const { learningRate, tasks } of candidates) {
      assertEquals(tasks.map(({ task }) => task), ["translation"]);
      for (const { shots: [[{ cell, set, shots, metric }]] } of tasks) {
        const spec = specs.get(cell)!;
        assertEquals([spec.method.name, metric], [methodOfStage[method], "bleu"]);
        const { stages } = methodOf(spec.method).describe(spec.method);
        assertEquals(stages.map(({ hyper }) => hyper.learningRate), [learningRate]);
        assertEquals([set, shots], ["enfr", 0]);
        assertEquals(spec.evaluations.map((one) => attachedTask(spec, one)), [spec.method.name === "ft" ? null : 0]);
      }
    }
  }
});

Deno.test("Validation rows of a set that stands in for the training set have the prompt before them all the same", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    await Deno.mkdir(`${folder}/inference/few_shot`, { recursive: true });
    for (const file of ["multinli_train_6000", "rte_test_500", "few_shot/multinli_few_shot", "few_shot/rte_few_shot"]) {
      await Deno.copyFile(`${embedded}/inference/${file}.json`, `${folder}/inference/${file}.json`);
    }
    const rte = findTask("promot_rte");
    const run = runFacts(folder);
    const request = onValidation(promotModel("promot_1", [rte], rte, run.scale, 1), 1e-3);
    const spec = (await specOf(request, run))!;
    assertEquals(spec.evaluations.map(({ set, shots, relation }) => [set, shots, relation]), [[
      "multinli",
      1,
      "validation",
    ]]);
    assertEquals(spec.evaluations.map((one) => attachedTask(spec, one)), [0]);
    assertEquals(attachedTask(spec, { ...spec.evaluations[0], relation: "out-of-domain" }), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Each profile has one grid for what is alike, of three or four rates, which holds the rate that it uses", () => {
  for (const [profile, scale] of Object.entries(profiles)) {
    for (const [tuned, grid] of Object.entries(scale.learningRateSweep) as [Tuned, number[]][]) {
      assert(grid.length >= 3 && grid.length <= 4, `${profile} ${tuned}`);
      assertEquals(grid, [...grid].sort((a, b) => a - b));
      assert(grid.includes(rateOf(scale, tuned)), `${profile} ${tuned}: ${rateOf(scale, tuned)} is not in its grid`);
    }
    const { ft, fticl, lora, value_tuning, prompt_tuning, model_tuning } = scale.learningRateSweep;
    assertEquals(fticl, ft);
    assertEquals(value_tuning, lora);
    assert(prompt_tuning[0] > model_tuning[0] && lora[0] > ft[0]);
  }
});

Deno.test("A cell on trial is not the method's own cell, even at the same learning rate", () =>
  withData(async (_, dataDir) => {
    const both = await planSmoke(dataDir, { settings: ["in_domain", "learning_rate"] });
    const same = [...both.specs.values()].filter(({ method, train }) =>
      method.name === "ft" && method.learningRate === profiles.smoke.learningRates.ft && train?.task === "summary" &&
      train.size === 16
    );
    assertEquals(same.length, 2);
    assertEquals(same[0].method, same[1].method);
    assertNotEquals(same[0].evaluations, same[1].evaluations);
    const factors = both.plan.cells.filter(({ factors }) => factors.trainTask === "summary").map(({ factors }) =>
      factors
    );
    assertEquals(factors.filter(({ learningRate }) => learningRate === undefined).length, 3);
  }));

Deno.test("Validation rows that are trained on or tested on are an error", () =>
  withData(async (_, dataDir) => {
    const scale = { ...profiles.smoke, sizes: [44, 46, 48] as const };
    await assertRejects(
      () => planSmoke(dataDir, { settings, run: { scale } }),
      Error,
      "summary/xsum: the last 8 rows of the largest training file are for validation, but 4 of the 44 training rows are among them",
    );
    const path = `${dataDir}/summary/xsum_test_10.json`;
    const rows = JSON.parse(await Deno.readTextFile(path));
    const train = JSON.parse(await Deno.readTextFile(`${dataDir}/summary/xsum_train_48.json`));
    await Deno.writeTextFile(path, JSON.stringify([...rows, { ...train[45], idx: "elsewhere" }]));
    await assertRejects(() => planSmoke(dataDir, { settings }), Error, "but 1 test rows are among them");
    const many = { ...profiles.smoke, validationRows: 49 };
    await assertRejects(
      () => planSmoke(dataDir, { settings, run: { scale: many } }),
      Error,
      "summary/xsum_train_48.json: holds 48 rows, 49 were asked for validation; valid: at most 48",
    );
  }));

Deno.test("A choice names the evaluations of every task, shot count and seed", () =>
  withData(async (_, dataDir) => {
    const { plan, specs } = await planSmoke(dataDir, { settings, seeds: [1, 2] });
    const [{ choices, tables }] = plan.settings;
    assertEquals(choices?.map(({ method }) => method), ["ft", "fticl", "lora", "value_tuning"]);
    for (const { method, candidates } of choices!) {
      for (const { learningRate, tasks } of candidates) {
        assertEquals(tasks.map(({ task }) => task), ["summary", "sentiment"]);
        for (const { task, shots } of tasks) {
          assertEquals(shots.map((seeds) => seeds.length), method === "fticl" ? [2, 2] : [2]);
          for (const { cell, metric } of shots.flat()) {
            const spec = specs.get(cell)!;
            assertEquals([spec.method.name, spec.method.name !== "icl" && spec.method.learningRate], [
              method,
              learningRate,
            ]);
            assertEquals([spec.train?.task, metric], [task, task === "summary" ? "rougeL" : "accuracy"]);
          }
        }
      }
    }
    assertEquals(tables.map(({ title }) => title), ["Validation: summary", "Validation: sentiment"]);
    assertEquals(tables[0].rows[0], "ft, 3e-4");
    assertEquals(tables[0].columns, ["xsum, 0-shot", "xsum, 1-shot"]);
  }));

Deno.test("The plan says which learning rate each method and stage has that it trains, and where it comes from", async () => {
  const { learningRates: { ft, fticl }, learningRatesFrom: from, promot } = profiles.smoke;
  await withData(async (_, dataDir) => {
    assertEquals((await planSmoke(dataDir)).plan.learningRates, { values: { ft, fticl }, from });
  });
  const stages = {
    prompt_tuning: promot.promptTuning.learningRate,
    adapter_tuning: promot.adapterTuning.learningRate,
    model_tuning: promot.modelTuning.learningRate,
  };
  const { plan } = await planSmoke(embedded, { settings: ["in_domain", "promot_ablations"] });
  assertEquals(plan.learningRates, { values: { ft, ...stages }, from });
});

Deno.test("progressLine names a learning rate on trial", () => {
  const factors = {
    model: "m",
    method: "ft",
    trainTask: "sentiment",
    trainSet: "amazon",
    trainSize: 200,
    trainShots: 0,
    seed: 1,
    learningRate: 3e-4,
  };
  const at = { index: 3, count: 12, cell: "x", task: "sentiment", factors, step: 0, steps: 0, reason: null } as const;
  assertEquals(
    progressLine({ ...at, stage: "done", loss: null }),
    "cell 3/12 sentiment, ft amazon 200, learning rate 3e-4, seed 1: done",
  );
});
