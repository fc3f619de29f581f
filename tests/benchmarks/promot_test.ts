import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { trainingId } from "../../benchmarks/cell.ts";
import { bench, type BenchOptions, planRun, profiles } from "../../benchmarks/mod.ts";
import { promotArms } from "../../benchmarks/promot_arms.ts";
import {
  ablationsRte,
  afterBoth,
  afterEnFr,
  afterFurther,
  afterRte,
  contextSets,
  type ContextTable,
} from "../../benchmarks/promot_values.ts";
import { promotModel, specOf } from "../../benchmarks/requests.ts";
import { chooseSettings } from "../../benchmarks/settings.ts";
import { writeReport } from "../../reports/mod.ts";
import { setMeanItems } from "../../reports/set_mean.ts";
import { findTask } from "../../tasks/mod.ts";
import { checkHyperparameters } from "../../training/hyperparameters.ts";
import { methodOf } from "../../training/methods/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";
import { runFacts } from "./world.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));
const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const names = [
  "promot_supervised",
  "promot_nli",
  "promot_translation",
  "promot_multi_task",
  "promot_ablations",
  "promot_further",
];

function optionsFor(settings: readonly string[], only: Record<string, string> = {}): BenchOptions {
  return {
    settings,
    profile: "smoke",
    modelDir: `${folder}/model`,
    dataDir,
    seeds: 1,
    outDir: `${folder}/run`,
    only,
    operands: "12bit",
    workers: 1,
    evaluationBatch: 8,
    dryRun: false,
  };
}

Deno.test("P's settings run only where they are named, and beside U's", async () => {
  assertEquals(chooseSettings([]).filter(({ paper }) => paper === "P"), []);
  assertEquals(chooseSettings(names).map(({ name }) => name), names);
  const { plan } = await planRun(optionsFor(["in_domain", "promot_nli"]));
  const [ofU, ofP] = plan.settings;
  assert(ofU.tables.length > 0 && ofP.tables.length > 0);
  assertEquals(ofU.cells.filter((id) => ofP.cells.includes(id)), []);
});

Deno.test("Every place of P's tables has a planned evaluation with the metric, and each model is trained once for all settings", async () => {
  const { plan, specs } = await planRun(optionsFor(names));
  const tables = plan.settings.flatMap((setting) => setting.tables);
  assertEquals(tables.map(({ title }) => title).slice(0, 4), [
    "On the set tuned on",
    "On the set tuned on: label answers, as tuned",
    "After RTE, 1-shot",
    "After RTE, 4-shot",
  ]);
  for (const { title, entries, rows, columns } of tables) {
    // Of the paper's other models only what it gives is shown.
    const whole = !title.startsWith("On the set") && !title.includes("beside the paper's");
    if (whole) assertEquals(entries.length, rows.length * columns.length, title);
    for (const { row, reference } of entries) {
      if ("constant" in reference) continue;
      for (const part of "mean" in reference ? reference.mean : [reference]) {
        assert("metric" in part);
        const found = specs.get(part.cell)!.evaluations.find((e) => e.set === part.set && e.shots === part.shots);
        assert(found?.scorers.some((scorer) => scorer.startsWith(`${part.metric}|`)), `${title}: ${row}`);
      }
    }
  }
  const comparisons = plan.settings.flatMap((setting) => setting.comparisons ?? []);
  assertEquals(comparisons.length, 3 + 3 + 3 + 3 + 2 * 2);
  for (const { contrasts } of comparisons) assertEquals(contrasts.length, 2 * contextSets.length);
  assertEquals(comparisons[0].title, "ProMoT against FT, after RTE");
  const [cb] = comparisons[0].contrasts;
  assertEquals([cb.label, cb.paper], ["cb, 1-shot", -7.14]);
  const models = new Set([...specs.values()].map(trainingId));
  // Tuned on RTE 5 + 3, translation 5 + 2, SNLI 3, OpenbookQA 3, both 4; and the untrained one.
  assertEquals(models.size, 8 + 7 + 3 + 3 + 4 + 1);
  const factors = plan.cells.map(({ factors }) => JSON.stringify(factors));
  assertEquals(
    new Set(factors.filter((text) => !text.includes('"icl"'))).size,
    factors.filter((text) => !text.includes('"icl"')).length,
  );
});

Deno.test("A model is put to its own set as it was trained, and to the eight others at one and four shots", async () => {
  const run = runFacts(dataDir);
  const [rte, translation, both] = [findTask("promot_rte"), findTask("translation"), findTask("promot_summary")];
  const shots = async (arm: keyof typeof promotArms, tested: typeof rte) =>
    (await specOf(promotModel(arm, [rte], tested, run.scale, 1), run))!.evaluations.map((e) => `${e.set} ${e.shots}`);
  assertEquals(await shots("promot", rte), ["rte 0"]);
  assertEquals(await shots("promot_1", rte), ["rte 1"]);
  assertEquals(await shots("promot", translation), ["ende 1", "ende 4", "enro 1", "enro 4"]);
  assertEquals(await shots("ft", both), ["xsum 1", "xsum 4", "wikilingua 1", "wikilingua 4"]);
  const spec = (await specOf(promotModel("promot", [rte, translation], translation, run.scale, 1), run))!;
  assertEquals(spec.evaluations[0].set, "enfr");
  assertEquals([spec.train!.task, spec.train!.also!.task], ["promot_rte", "translation"]);
  assertEquals(spec.train!.also!.validation!.relation, "validation");
});

Deno.test("Every profile's models of P have valid hyper-parameters, the paper's profile the paper's steps", () => {
  for (const [profile, { promot }] of Object.entries(profiles)) {
    for (const arm of Object.values(promotArms)) {
      const spec = arm.spec(promot, 1024);
      const { stages, demonstrations } = methodOf(spec).describe(spec);
      stages.forEach(({ hyper }) => checkHyperparameters(hyper));
      assertEquals(demonstrations.count, arm.shown);
      if (profile !== "paper" || arm.method !== "promot") continue;
      const steps = stages.map(({ hyper }) => Math.ceil(promot.rows / hyper.batchSize) * hyper.epochs);
      assertEquals(steps, [5120, 1024]);
    }
  }
});

Deno.test("A soft prompt that would take most of the context is refused at planning", async () => {
  const run = runFacts(dataDir, {
    scale: { ...profiles.smoke, promot: { ...profiles.smoke.promot, promptLength: 257 } },
  });
  const rte = findTask("promot_rte");
  await assertRejects(
    () => specOf(promotModel("promot", [rte], rte, run.scale, 1), run),
    Error,
    "method promot: a soft prompt of 257 tokens leaves too little of the model's context of 512; valid: at most 256",
  );
});

Deno.test("The paper's Norm. Avg is the mean of its eight numbers, as far as it rounds", () => {
  const tables: ContextTable[] = [afterRte, afterEnFr, afterBoth, ablationsRte, ...Object.values(afterFurther)];
  const all = tables.flatMap((table) => Object.values(table).flat()).filter((scores) => scores !== null);
  const whole = all.filter((scores) => scores.length > 1);
  // Of one column the paper says only that all eight are about 0.
  assertEquals(all.filter((scores) => scores.length === 1), [[0]]);
  assertEquals(whole.length, 33);
  for (const [average, ...eight] of whole) {
    assertEquals(eight.length, contextSets.length);
    assertAlmostEquals(average, setMeanItems(eight.map((score) => [score])).reduce((a, b) => a + b) / 8, 0.011);
  }
});

Deno.test("The paper's other models are shown beside the same cells, with its numbers where it gives any", async () => {
  const { plan } = await planRun(optionsFor(["promot_nli", "promot_translation", "promot_further"]));
  const tables = plan.settings.flatMap((setting) => setting.tables);
  const beside = tables.filter(({ title }) => title.includes("beside the paper's"));
  assertEquals(beside.map(({ title }) => title), [
    "After RTE, 1-shot, beside the paper's T5.1.1 XXL",
    "After English to French, 1-shot, beside the paper's mT5 XL",
    "After English to French, 1-shot, beside the paper's PaLM 8b, decoder-only",
  ]);
  const at = (table: typeof tables[number], row: string, column: string) =>
    table.entries.find((entry) => entry.row === row && entry.column === column);
  for (const table of beside) {
    assertEquals(table.entries.filter(({ paper }) => paper === null), []);
    const own = tables.find(({ title }) => title === table.title.split(", beside")[0])!;
    const same = at(own, "Norm. Avg", "ProMoT")!.reference;
    assertEquals(at(table, "Norm. Avg", "ProMoT")!.reference, same);
  }
  const [t5, , palm] = beside;
  assertEquals([at(t5, "rte", "prompt tuning")!.paper, at(t5, "cb", "FT")!.paper], [91.7, 62.5]);
  assertEquals(["pretrained", "FT", "ProMoT"].map((arm) => at(palm, "Norm. Avg", arm)!.paper), [26.09, 17.8, 22.37]);
  assertEquals(at(palm, "wic", "FT"), undefined);
  const further = tables.find(({ title }) => title === "After OpenbookQA, 1-shot")!;
  assertEquals([at(further, "Norm. Avg", "FT")!.paper, at(further, "cb", "FT")!.paper], [0, null]);
  assertEquals(at(further, "wikilingua", "ProMoT")!.paper, 5.2);
});

gpuTest("A cell of ProMoT runs from plan to report", async () => {
  const only = { task: "promot_rte", method: "promot", set: "rte" };
  const options = optionsFor(["promot_nli"], only);
  const reasons: (string | null)[] = [];
  const { plan } = await bench(options, ({ stage, reason }) => {
    if (stage === "failed") reasons.push(reason);
  });
  assertEquals(reasons, []);
  assertEquals(plan.cells.map(({ factors }) => [factors.method, factors.trainShots]), [["promot", 0], ["promot", 1]]);
  const { markdownPath, incomplete, failed } = await writeReport(options.outDir);
  assertEquals([incomplete, failed], [0, 0]);
  const text = await Deno.readTextFile(markdownPath);
  assert(/\| rte +\| +\d.*\[92\.78\] +\| +\d.*\[93\.86\] +\|/.test(text), text);
});
