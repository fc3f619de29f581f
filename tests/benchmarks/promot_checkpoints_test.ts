/** P's models while they are tuned: which steps, which cells, and what tables show of them. */
import { assert, assertEquals } from "@std/assert";
import { trainingId } from "../../benchmarks/cell.ts";
import { attachedTask } from "../../benchmarks/execute_cell.ts";
import { openData } from "../../benchmarks/data.ts";
import { describePlan } from "../../benchmarks/dry_run.ts";
import { bench, type BenchOptions, planRun, profiles } from "../../benchmarks/mod.ts";
import { checkpointCells, checkpointSteps } from "../../benchmarks/promot_checkpoints.ts";
import { contextSets } from "../../benchmarks/promot_values.ts";
import { promotArms } from "../../benchmarks/promot_arms.ts";
import { cellFolder } from "../../benchmarks/store.ts";
import type { EntryReference, TableEntry } from "../../benchmarks/types.ts";
import { findTask } from "../../tasks/mod.ts";
import { methodOf } from "../../training/methods/mod.ts";
import { batchOrder } from "../../training/trainer.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

function optionsFor(profile: "smoke" | "quick", seeds: number, only: Record<string, string> = {}): BenchOptions {
  return {
    settings: ["promot_nli", "format_specialization", "promot_trade_off"],
    profile,
    modelDir: `${folder}/model`,
    dataDir: new URL("../../fixtures/data", import.meta.url).pathname,
    seeds,
    outDir: `${folder}/run`,
    only,
    operands: "12bit",
    workers: 1,
    evaluationBatch: 8,
    dryRun: false,
  };
}

const partsOf = ({ reference }: TableEntry) =>
  ("mean" in reference ? reference.mean : [reference]) as readonly EntryReference[];

Deno.test("Models are looked at after no step, the powers of two and the last step that there is", () => {
  assertEquals(checkpointSteps(profiles.smoke), [0, 1]);
  assertEquals(checkpointSteps(profiles.quick), [0, 1, 2, 4, 8, 16, 32, 64, 76]);
  assertEquals(checkpointSteps(profiles.paper), [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
  for (const { promot, ...scale } of Object.values(profiles)) {
    const spec = promotArms.promot.spec(promot, 1024);
    const { hyper } = methodOf(spec).describe(spec).stages.at(-1)!;
    assertEquals(checkpointSteps({ ...scale, promot }).at(-1), batchOrder(promot.rows, hyper, 1, 1).length);
  }
});

Deno.test("Step 0 is the untrained model, and with a tuned prompt the one that prompt tuning leaves", () => {
  const [rte, wic] = [findTask("promot_rte"), findTask("word_sense")];
  const scope = { tasks: [rte, wic], scale: profiles.quick, seeds: [1, 2] };
  const methods = (arm: "ft" | "promot", step: number) =>
    checkpointCells(arm, step, rte, wic, scope).map(({ method, seed, stopAfter }) => [method, seed, stopAfter]);
  assertEquals(methods("ft", 0), [["icl", 0, undefined]]);
  assertEquals(methods("promot", 0), [["prompt_tuning", 1, undefined], ["prompt_tuning", 2, undefined]]);
  assertEquals(methods("ft", 4), [["ft", 1, 4], ["ft", 2, 4]]);
  assertEquals(methods("promot", 76), [["promot", 1, 76], ["promot", 2, 76]]);
});

Deno.test("Both settings read the same cells, each place of their tables an evaluation with the metric", async () => {
  const { plan, specs } = await planRun(optionsFor("quick", 2));
  const [nli, steps, tradeOff] = plan.settings;
  assertEquals(steps.cells, tradeOff.cells);
  const untrained = steps.cells.filter((id) => specs.get(id)!.train === null);
  const looked = untrained.filter((id) => specs.get(id)!.evaluations.some(({ tunedTargets }) => tunedTargets));
  assertEquals(looked.length, 3, "of three tasks that are answered in text, looked at for French");
  assert(
    untrained.every((id) => looked.includes(id) || nli.cells.includes(id)),
    "the untrained model's other cells are those of P's tables",
  );
  for (const { title, rows, columns, entries } of [...steps.tables, ...tradeOff.tables]) {
    assertEquals(rows, checkpointSteps(profiles.quick).map(String), title);
    // Two seeds; the untrained model has one.
    const single = entries.filter((entry) => specs.get(partsOf(entry)[0].cell)!.train === null);
    assertEquals(entries.length + single.length, 2 * rows.length * columns.length, title);
    for (const entry of entries) {
      for (const { cell, set, shots, metric } of partsOf(entry)) {
        const { evaluations, stopAfter } = specs.get(cell)!;
        assert(evaluations.some((e) => e.set === set && e.shots === shots && e.scorers.join().includes(`${metric}|`)));
        assertEquals(String(stopAfter ?? 0), entry.row, title);
        assertEquals(shots, ["rte", "enfr"].includes(set) ? 0 : 1);
      }
    }
  }
  // Eight stops of two models of two tasks, and two tuned prompts, each of two seeds; beside the five models of P's Table 3.
  const trained = [...specs.values()].filter(({ train }) => train !== null);
  const of = (ids: readonly string[]) => new Set(ids.map((id) => trainingId(specs.get(id)!)));
  assertEquals(new Set(plan.cells.map(({ factors }) => JSON.stringify(factors))).size, plan.cells.length);
  assertEquals(of(steps.cells).size, 1 + 2 * (8 * 2 * 2 + 2));
  for (const spec of trained.filter(({ stopAfter }) => stopAfter !== undefined)) {
    assert(spec.evaluations.every(({ shots }) => shots <= 1), "a stopped model is put to one shot only");
  }
});

Deno.test("Tables have the columns of the paper's figures, and its numbers before the first step", async () => {
  const options = optionsFor("smoke", 1);
  const planned = await planRun(options);
  const { plan: { settings: [_, { tables }, tradeOff] }, specs } = planned;
  assertEquals((await describePlan(planned, openData(options.dataDir))).match(/ promot, step 1 /g)?.length, 6 + 5);
  assertEquals(tables.map(({ title }) => title), [
    "FT on RTE",
    "ProMoT on RTE",
    "FT on English to French",
    "ProMoT on English to French",
    "FT on RTE, answers that begin with a label of RTE",
    "ProMoT on RTE, answers that begin with a label of RTE",
    "FT on English to French, answers in the language translated to",
    "ProMoT on English to French, answers in the language translated to",
  ]);
  assertEquals(tables[0].columns, ["rte", ...contextSets]);
  assertEquals(tables[2].columns, ["enfr", ...contextSets]);
  const paper = (table: number, set: string) =>
    tables[table].entries.filter(({ column }) => column === set).map((entry) => entry.paper);
  assertEquals([paper(0, "rte"), paper(1, "rte")], [[47.65, null], [91.34, null]]);
  assertEquals([paper(2, "enfr"), paper(3, "enfr")], [[1.98, null], [39.28, null]]);
  for (const table of [0, 1, 2, 3]) {
    assertEquals([paper(table, "triviaqa"), paper(table, "wikilingua")], [[17.58, null], [4.59, null]]);
  }
  assertEquals(tables.map(({ notes }) => notes.length > 0), [true, false, false, false, true, false, true, false]);
  for (const { columns, entries } of tables.slice(6)) {
    assertEquals(columns, ["triviaqa", "webquestions", "ende", "enro", "xsum", "wikilingua"]);
    const tuned = [...specs.values()].find(({ train, stopAfter }) => train?.set === "enfr" && stopAfter === 1)!;
    const { task, set: trainSet, size, rowsSha256 } = tuned.train!;
    for (const entry of entries) {
      const [{ cell, set, shots }] = partsOf(entry);
      const { train, evaluations } = specs.get(cell)!;
      assertEquals([train === null, shots], [entry.row === "0", 1]);
      const found = evaluations.find((e) => e.set === set)!;
      assertEquals(found.tunedTargets, { task, set: trainSet, size, rowsSha256 });
      assertEquals(found.tunedLabels, undefined);
    }
  }
  for (const { train, stopAfter, evaluations } of specs.values()) {
    for (const { set, scorers, tunedTargets } of evaluations) {
      const looked = stopAfter !== undefined || evaluations.every((one) => one.tunedTargets);
      if (looked && train?.set !== set) continue;
      assertEquals(tunedTargets, undefined, "not of the set tuned on, nor of models trained to their end");
      assert(!scorers.join().includes("tuned_language"));
    }
  }
  for (const { columns, entries } of tables.slice(4, 6)) {
    assertEquals(columns, ["triviaqa", "webquestions", "ende", "enro", "xsum", "wikilingua"], "no set with labels");
    for (const entry of entries) {
      const [{ cell, set }] = partsOf(entry);
      const spec = specs.get(cell)!;
      assertEquals(spec.evaluations.find((e) => e.set === set)!.tunedLabels, ["True", "False"]);
      if (entry.row === "0") assertEquals(spec.method.name, "prompt_tuning");
      assertEquals(attachedTask(spec, spec.evaluations.find((e) => e.set === set)!), null);
    }
  }
  assertEquals(tradeOff.tables.map(({ columns }) => columns), [
    [
      ...["FT: rte", "FT: Norm. Avg", "FT: the six without labels"],
      ...["ProMoT: rte", "ProMoT: Norm. Avg", "ProMoT: the six without labels"],
    ],
    [
      ...["FT: enfr", "FT: Norm. Avg", "FT: cb and wic", "FT: ende and enro"],
      ...["ProMoT: enfr", "ProMoT: Norm. Avg", "ProMoT: cb and wic", "ProMoT: ende and enro"],
    ],
  ]);
  const only = await planRun(optionsFor("smoke", 1, { task: "promot_rte" }));
  const [{ rows, columns }] = only.plan.settings[2].tables;
  assertEquals([rows, columns], [["0", "1"], tradeOff.tables[0].columns], "without the untrained model in other tasks");
  const [{ entries }] = tradeOff.tables;
  const mean = entries.find(({ row, column }) => row === "1" && column === "FT: the six without labels")!;
  assertEquals(partsOf(mean).map(({ set }) => set), ["triviaqa", "webquestions", "ende", "enro", "xsum", "wikilingua"]);
});

gpuTest("Stopped cells run, and off its own set a tuned prompt leaves the untrained model's answers", async () => {
  // The embedded model's answers are words.
  const modelDir = new URL("../../fixtures/model", import.meta.url).pathname;
  const options = { ...optionsFor("smoke", 1, { set: "triviaqa" }), modelDir, settings: ["format_specialization"] };
  const { plan } = await bench(options, () => {});
  const outputs = async (method: string, task: string | null, stopAfter?: number) => {
    const { id } = plan.cells.find(({ factors }) =>
      factors.method === method && factors.trainTask === task && factors.stopAfter === stopAfter
    )!;
    const lines = (await Deno.readTextFile(`${cellFolder(options.outDir, id)}/samples.jsonl`)).trim().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ shots }) => shots === 1).map(({ output, margin }) =>
      `${output} ${margin}`
    );
  };
  const untrained = await outputs("icl", null);
  assertEquals(await outputs("prompt_tuning", "promot_rte"), untrained);
  for (const method of ["ft", "promot"]) {
    const after = await outputs(method, "promot_rte", 1);
    assertEquals(after.length, 4);
    assert(after.join() !== untrained.join(), `a step of ${method} moves the model`);
  }

  const read = async (file: string, count: number): Promise<string[]> =>
    JSON.parse(await Deno.readTextFile(`${options.dataDir}/${file}`)).slice(0, count).map((
      { output }: { output: string },
    ) => output);
  const [train, test] = [
    await read("translation/enfr_train_6000.json", 16),
    await read("closed_book_qa/triviaqa_test_500.json", 4),
  ];
  const isIn = (texts: readonly string[], word: string) =>
    texts.some((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).includes(word));
  for (const method of ["ft", "icl"]) {
    const { id } = plan.cells.find(({ factors }) =>
      factors.testTask === "closed_book_qa" && factors.method === method &&
      [factors.trainTask, factors.formatOf].includes(method === "ft" ? "translation" : "translation/enfr")
    )!;
    const cell = cellFolder(options.outDir, id);
    const [{ metrics }] = JSON.parse(await Deno.readTextFile(`${cell}/result.json`)).evaluations;
    const samples = (await Deno.readTextFile(`${cell}/samples.jsonl`)).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    if (method === "icl") assertEquals(samples.map(({ output, margin }) => `${output} ${margin}`), untrained);
    const hits = samples.filter(({ output }) => {
      const own = output.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word: string) => word !== "");
      return own.filter((word: string) => isIn(train, word)).length >
        own.filter((word: string) => isIn(test, word)).length;
    });
    const rate = metrics.find(({ name }: { name: string }) => name === "tuned_language_rate");
    assertEquals(rate.value, (25 * hits.length).toFixed(4));
  }
});
