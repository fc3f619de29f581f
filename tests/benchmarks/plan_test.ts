import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { cellId, jsonSha256, trainingId } from "../../benchmarks/cell.ts";
import { describePlan } from "../../benchmarks/dry_run.ts";
import { openData } from "../../benchmarks/data.ts";
import { checkOnly } from "../../benchmarks/only.ts";
import type { Planned } from "../../benchmarks/plan.ts";
import { allSettings, chooseSettings, settings } from "../../benchmarks/settings.ts";
import type { CellSpec, EntryReference } from "../../benchmarks/types.ts";
import { hyperparameters, profiles } from "../../benchmarks/profiles.ts";
import { fineTunedInContext, specOf } from "../../benchmarks/requests.ts";
import { tasks } from "../../tasks/mod.ts";
import { testWithSharedData } from "../shared_data.ts";
import { encodeWords, ownTaskSettings, planSmoke, runFacts, withAllData, withData } from "./world.ts";

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, reversedKeys(item)]));
}

function methods({ plan }: Planned): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { factors } of plan.cells) counts[factors.method] = (counts[factors.method] ?? 0) + 1;
  return counts;
}

Deno.test("A cell's id does not depend on the order of keys, and does on every value", () =>
  withData(async (_, dataDir) => {
    const { specs } = await planSmoke(dataDir);
    for (const [id, spec] of specs) assertEquals(cellId(reversedKeys(spec) as CellSpec), id);
    const [[id, spec]] = specs;
    assertEquals(cellId({ ...spec, model: { ...spec.model, name: "moved elsewhere" } }), id);
    assertNotEquals(cellId({ ...spec, seed: 7 }), id);
    assertNotEquals(cellId({ ...spec, kernels: "other" }), id);
  }));

Deno.test("Two plans of the same thing are equal, whatever the folder is called", () =>
  withData(async (folder, dataDir) => {
    const first = await planSmoke(dataDir);
    await Deno.rename(dataDir, `${folder}/moved`);
    assertEquals(jsonSha256((await planSmoke(`${folder}/moved`)).plan), jsonSha256(first.plan));
  }));

Deno.test("A specification names nothing that must not matter", () =>
  withData(async (folder, dataDir) => {
    const { specs } = await planSmoke(dataDir);
    const text = JSON.stringify([...specs.values()]);
    for (const word of [folder, "workers", "evaluationBatch", "microBatchTokens", "host", "profile"]) {
      assert(!text.includes(word), word);
    }
  }));

Deno.test("Cells that several settings ask for are planned once", () =>
  withData(async (_, dataDir) => {
    const all = await planSmoke(dataDir, { settings: ownTaskSettings });
    assertEquals(methods(all), { icl: 2, ft: 6, fticl: 2 });
    const [inDomain, outOfDomain, distance] = all.plan.settings;
    assertEquals(inDomain.cells, outOfDomain.cells);
    assertEquals(distance.cells.filter((id) => inDomain.cells.includes(id)).length, 2);
    const alone = await planSmoke(dataDir, { settings: ["weight_distance"] });
    assertEquals(alone.plan.cells.map(({ id }) => id), distance.cells);
  }));

Deno.test("An untrained cell is planned once for all seeds, with seed 0", () =>
  withData(async (_, dataDir) => {
    const { plan } = await planSmoke(dataDir, { seeds: [1, 2], settings: ["in_domain"] });
    assertEquals(plan.cells.map(({ factors }) => factors.seed).sort(), [
      0,
      0,
      ...Array(6).fill(1),
      ...Array(6).fill(2),
    ]);
    const [table] = plan.settings[0].tables;
    const group = table.entries.filter((entry) => entry.row === "FT 16" && entry.column === "xsum, 0-shot");
    assertEquals(group.length, 2);
  }));

Deno.test("Every table entry names a planned cell, and an evaluation, metric or distance that it has", () =>
  withData(async (_, dataDir) => {
    const { plan, specs } = await planSmoke(dataDir);
    const tables = plan.settings.flatMap((setting) => setting.tables);
    const ownTask = 2 * 4 + 2 * 3, crossTask = 2 * (2 + 3), inContext = 1 + (1 + 3), trainingLoss = 2;
    assertEquals(tables.length, ownTask + crossTask + inContext + trainingLoss);
    for (const table of tables) {
      for (const { row, column, reference } of table.entries) {
        assert(table.rows.includes(row) && table.columns.includes(column));
        if (!("cell" in reference) || "probe" in reference) continue;
        const spec = specs.get(reference.cell)!;
        if ("distance" in reference) {
          assert(spec.train !== null);
          assert(/^(overall|groups\.(embedding|attention|mlp|norms)|layers\.[01])\.\w+$/.test(reference.distance));
        } else if ("train" in reference) assert(spec.train !== null);
        else assert(hasEvaluation(spec, reference), `${table.title}: ${column}`);
      }
    }
  }));

function hasEvaluation({ evaluations }: CellSpec, { set, format, shots, metric }: EntryReference): boolean {
  return evaluations.some((e) =>
    e.set === set && e.format === format && e.shots === shots && e.scorers.some((scorer) => scorer.startsWith(metric))
  );
}

Deno.test("Tables put the paper's numbers beside the same cells, sizes by rank", () =>
  withData(async (_, dataDir) => {
    const { plan } = await planSmoke(dataDir);
    const paper = (title: string, row: string, column: string) => {
      const table = plan.settings.flatMap((s) => s.tables).find((t) => t.title === title)!;
      return table.entries.find((entry) => entry.row === row && entry.column === column)!.paper;
    };
    assertEquals(paper("In-domain: summary", "ICL", "xsum, 0-shot"), null);
    assertEquals(paper("In-domain: summary", "ICL", "xsum, 1-shot"), 20.2);
    assertEquals(paper("In-domain: summary", "FT 48", "xsum, 0-shot"), 33.7);
    assertEquals(paper("Out-of-domain: sentiment", "FT 32", "sst2, 2-shot"), 86.4);
    assertEquals(paper("Weight distance: summary", "FT 16", "mean |Δw|"), 1e-4);
    assertEquals(paper("Weight distance: summary", "FTICL 16, 1 shown", "mean |Δw|"), 8.03e-5);
    assertEquals(paper("Weight distance: summary", "FT 16", "L2"), null);
    assertEquals(paper("Weight distance: sentiment", "FT 16", "mean |Δw|"), null);
  }));

Deno.test("Sets that the data folder lacks are listed", () =>
  withData(async (_, dataDir) => {
    const { plan } = await planSmoke(dataDir);
    assertEquals(plan.absent, [
      "summary/xlsum: no test file in the data",
      "sentiment/amazonfood: no test file in the data",
      "question: nothing of the task in the data",
      "detection: nothing of the task in the data",
      "inference: nothing of the task in the data",
    ]);
  }));

Deno.test("A data folder without any task's files is an error that lists the tasks", () =>
  withData(async (_, dataDir) => {
    await Deno.remove(`${dataDir}/summary`, { recursive: true });
    await Deno.remove(`${dataDir}/sentiment`, { recursive: true });
    await assertRejects(
      () => planSmoke(dataDir),
      Error,
      "test data: holds no task's files; valid: a folder with at least one of summary/, question/, sentiment/",
    );
  }));

Deno.test("A training set without its own test or training file is an error", () =>
  withData(async (_, dataDir) => {
    await Deno.rename(`${dataDir}/sentiment/amazon_test_10.json`, `${dataDir}/sentiment/away.json`);
    await assertRejects(() => planSmoke(dataDir), Error, "sentiment/amazon_test_<n>.json: no such file");
    await Deno.remove(`${dataDir}/summary/xsum_train_48.json`);
    await assertRejects(() => planSmoke(dataDir), Error, "summary/xsum_train_16.json: no such file");
  }));

Deno.test("--only keeps cells by factors and evaluations by set and shots", () =>
  withData(async (_, dataDir) => {
    const only = (filter: Record<string, string>) =>
      planSmoke(dataDir, { settings: ownTaskSettings, run: { only: filter } });
    assertEquals(methods(await only({ task: "sentiment" })), { icl: 1, ft: 3, fticl: 1 });
    assertEquals(methods(await only({ method: "ft", size: "16" })), { ft: 2 });
    const { specs, plan } = await only({ set: "cnn", shots: "1" });
    assertEquals([...specs.values()].map((spec) => spec.evaluations.length), [1, 1, 1, 1, 1]);
    assertEquals(plan.settings.map((setting) => setting.tables.length), [0, 1, 2]);
  }));

Deno.test("--only with an unknown key or a value nothing has is an error that lists the valid ones", () =>
  withData(async (_, dataDir) => {
    const expect = async (filter: Record<string, string>, message: string) => {
      await assertRejects(
        async () => {
          checkOnly(filter);
          await planSmoke(dataDir, { run: { only: filter } });
        },
        Error,
        message,
      );
    };
    await expect({ tsk: "summary" }, "--only tsk=summary: no such key; valid: task, set, method, size, seed, shots");
    await expect({ size: "7" }, "--only size=7 leaves no cell to run; valid: size: 0, 16, 32, 48");
    await expect({ task: "nli" }, "--only task=nli leaves no cell to run; valid: task: summary, sentiment");
    await expect({ shots: "9" }, "valid: shots: 0, 1, 2");
  }));

Deno.test("Labels that collide are an error that names task, set and both words", () =>
  withData(async (_, dataDir) => {
    const model = { ...runFacts(dataDir).model, encode: (text: string) => [...encodeWords(text)].fill(1) };
    const error = await assertRejects(() => planSmoke(dataDir, { run: { model } }), Error);
    assert(error.message.startsWith("sentiment/amazon: "), error.message);
  }));

Deno.test("A label that a vocabulary spells in many tokens is given room in free generation", () =>
  withData(async (_, dataDir) => {
    const rooms = async (encode: (text: string) => number[]) => {
      const { specs } = await planSmoke(dataDir, { run: { model: { ...runFacts(dataDir).model, encode } } });
      const evaluations = [...specs.values()].flatMap((spec) => spec.evaluations);
      const of = (task: string) => evaluations.filter((one) => one.task === task).map((one) => one.maxNewTokens);
      return [new Set(of("sentiment")), new Set(of("summary"))];
    };
    const { sentiment: { maxNewTokens, labels }, summary } = tasks;
    assertEquals(await rooms(encodeWords), [new Set([maxNewTokens]), new Set([summary.maxNewTokens])]);
    const longest = Math.max(...labels.map(({ length }) => length));
    assert(longest > maxNewTokens);
    const letters = (text: string) => [...text].map((letter) => letter.codePointAt(0)!);
    assertEquals(await rooms(letters), [new Set([longest]), new Set([summary.maxNewTokens])]);
  }));

Deno.test("An unknown setting is an error that lists the valid ones", () => {
  try {
    chooseSettings(["indomain"]);
  } catch (error) {
    assertEquals(
      (error as Error).message,
      `no setting "indomain"; valid: all, ${Object.keys(settings).join(", ")}`,
    );
  }
  assertEquals(chooseSettings([]).map(({ name }) => name), [
    "in_domain",
    "out_of_domain",
    "cross_task",
    "fticl_generation",
    "fticl_classification",
    "weight_distance",
    "training_loss",
  ]);
});

Deno.test("The name all stands for every setting, and no setting has it", () => {
  assertEquals(chooseSettings([allSettings]), Object.values(settings));
  assertEquals(chooseSettings(["training_loss", "all"]), Object.values(settings));
  assertEquals(Object.hasOwn(settings, allSettings), false);
});

Deno.test("A dry run shows cells, evaluations, absent sets and one full prompt per task", () =>
  withData(async (_, dataDir) => {
    const planned = await planSmoke(dataDir, { settings: ownTaskSettings });
    const text = await describePlan(planned, openData(dataDir));
    assertEquals(text.match(/^[0-9a-f]{12} {2}/gm)?.length, 10);
    const { learningRates: { ft, fticl }, learningRatesFrom } = profiles.smoke;
    assert(
      text.includes(
        `\nlearning rates: ft ${ft.toExponential()}, fticl ${fticl.toExponential()}, ${learningRatesFrom}\n`,
      ),
    );
    assert(text.includes("\n10 cells, 60 evaluations, 240 rows to answer\n"), text.match(/.*rows to answer/)?.[0]);
    assert(text.includes("absent: summary/xlsum"));
    assert(
      text.includes(
        "--- sentiment/amazon, 2-shot, row test0\n### Input:\namazon demo text 0\n### Sentiment:positive\n\n",
      ),
    );
    assert(text.endsWith("### Input:\namazon test text 0\n### Sentiment:\n--- answer\npositive\n"));
  }));

testWithSharedData("U's own files plan at the paper's sizes, with every set", "ft-llm", async (dataDir) => {
  const sizes = { scale: profiles.paper, model: { ...runFacts(dataDir).model, maxPositions: 4096 } };
  const settings = ownTaskSettings;
  const { plan, specs } = await planSmoke(dataDir, { settings, run: { ...sizes, only: { task: "sentiment" } } });
  assertEquals(plan.absent, []);
  assertEquals(plan.cells.map(({ factors }) => factors.trainSize), [0, 2000, 4000, 6000, 2000, 2000]);
  for (const spec of specs.values()) {
    assertEquals(spec.evaluations.length, spec.method.name === "fticl" ? 12 : 16);
    assertEquals(new Set(spec.evaluations.map(({ rows }) => rows)), new Set([250]));
  }
  const only = { task: "summary", size: "2000" };
  const { specs: summary } = await planSmoke(dataDir, { settings, run: { ...sizes, only } });
  const [ft] = summary.values();
  assertEquals(ft.method, { name: "ft", ...hyperparameters(2e-5, 4096) });
  assertEquals(ft.evaluations.length, 16);

  const sweep = (task: string) =>
    planSmoke(dataDir, { settings: ["learning_rate"], run: { ...sizes, only: { task } } });
  for (const task of ["question", "sentiment", "detection", "inference"]) {
    assertEquals((await sweep(task)).plan.cells.map(({ factors }) => factors.learningRate), [
      ...[1e-5, 2e-5, 5e-5],
      ...[1e-5, 2e-5, 5e-5],
      ...[1e-4, 2e-4, 5e-4],
      ...[1e-4, 2e-4, 5e-4],
    ]);
  }
});

Deno.test("Cells that evaluate the same model follow each other, whichever settings asked for them", () =>
  withAllData(async (_, dataDir) => {
    const { specs } = await planSmoke(dataDir);
    const ids = [...specs.values()].map(trainingId);
    const changes = ids.filter((id, i) => id !== ids[i - 1]).length;
    assertEquals(changes, new Set(ids).size);
    // 5 tasks at 3 sizes, 5 FTICL models, the untrained one.
    assertEquals([changes, specs.size], [21, 81]);
  }));

Deno.test("A cell is the same whichever settings and filters ask for it", () =>
  withAllData(async (_, dataDir) => {
    const all = new Set((await planSmoke(dataDir)).specs.keys());
    for (const { name } of chooseSettings([])) {
      const { specs } = await planSmoke(dataDir, { settings: [name] });
      assertEquals([...specs.keys()].filter((id) => !all.has(id)), []);
    }
    const { specs } = await planSmoke(dataDir, { run: { only: { task: "sentiment", method: "ft" } } });
    assertEquals([...specs.keys()].filter((id) => !all.has(id)), []);
  }));

Deno.test("Fine-tuning in context without demonstrations is refused, and so are more than the few-shot file holds", () =>
  withData(async (_, dataDir) => {
    const run = runFacts(dataDir);
    await assertRejects(
      () => specOf(fineTunedInContext(tasks.sentiment, 16, 0, 1), run),
      Error,
      "method fticl needs demonstrations, got 0; valid: a positive integer, or method ft",
    );
    await assertRejects(
      () => specOf(fineTunedInContext(tasks.sentiment, 16, 9, 1), run),
      Error,
      "few_shot/amazon_few_shot.json: holds 8 rows, 9 were asked for; valid: at most 8",
    );
  }));
