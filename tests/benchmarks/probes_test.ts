import { assert, assertEquals, assertRejects } from "@std/assert";
import { cellId, factorsOf, lineageId, trainingId } from "../../benchmarks/cell.ts";
import { openData, probeRows } from "../../benchmarks/data.ts";
import { describePlan } from "../../benchmarks/dry_run.ts";
import { encodeAnswered, encodeExamples, encodePrompt } from "../../benchmarks/examples.ts";
import { alignmentSteps } from "../../benchmarks/gradient_alignment.ts";
import { bench, type BenchOptions, planRun, profiles } from "../../benchmarks/mod.ts";
import { probed } from "../../benchmarks/probe_requests.ts";
import { gradientCosines } from "../../benchmarks/promot_values.ts";
import { promotModel, requestKey, specOf, stopped } from "../../benchmarks/requests.ts";
import { readResult } from "../../benchmarks/store.ts";
import type { ValueReference } from "../../benchmarks/types.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { writeReport } from "../../reports/mod.ts";
import { findTask, renderContext } from "../../tasks/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";
import { runFacts } from "./world.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));
const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;

function optionsFor(settings: readonly string[], change: Partial<BenchOptions> = {}): BenchOptions {
  return {
    settings,
    profile: "smoke",
    modelDir: `${folder}/model`,
    dataDir,
    seeds: 1,
    outDir: `${folder}/run`,
    only: {},
    operands: "12bit",
    workers: 1,
    evaluationBatch: 8,
    dryRun: false,
    ...change,
  };
}

const [rte, summary] = [findTask("promot_rte"), findTask("promot_summary")];

Deno.test("A cell with probes is another cell of the same training, and says what it measures", async () => {
  const run = runFacts(dataDir);
  const request = stopped(promotModel("ft", [rte], rte, run.scale, 1), 1);
  const scored = (await specOf(request, run))!;
  for (const probe of ["gradient_alignment", "forward_kl"] as const) {
    const spec = (await specOf(probed(request, probe), run))!;
    assertEquals(trainingId(spec), trainingId(scored));
    assertEquals(lineageId(spec), lineageId(scored));
    assert(cellId(spec) !== cellId(scored) && requestKey(probed(request, probe)) !== requestKey(request));
    assertEquals(spec.evaluations, []);
    assertEquals(factorsOf(spec), { ...factorsOf(scored), probe });
  }
  assert(!("probes" in scored) && !("probe" in factorsOf(scored)));
});

Deno.test("Gradients are compared on training rows, divergences taken on test rows at no shot or one", async () => {
  const run = runFacts(dataDir);
  const place = async (
    arm: "pretrained" | "ft" | "promot_1",
    probe: "gradient_alignment" | "forward_kl",
    tested = rte,
  ) =>
    (await specOf(probed(promotModel(arm, [rte], tested, run.scale, 1), probe), run))!.probes!
      .map(({ set, relation, shots, rows, size }) => [set, relation, shots, rows, size]);
  const training = [["rte", "training", 0, 16, 16]];
  assertEquals(await place("ft", "gradient_alignment"), training);
  assertEquals(await place("pretrained", "gradient_alignment"), training);
  assertEquals(await place("ft", "forward_kl"), [["rte", "in-domain", 0, 4, undefined]]);
  assertEquals(await place("promot_1", "forward_kl"), [["rte", "in-domain", 1, 4, undefined]]);
  assertEquals(await place("ft", "forward_kl", summary), [
    ["xsum", "cross-task", 1, 4, undefined],
    ["wikilingua", "cross-task", 1, 4, undefined],
  ]);
  const filtered = { ...run, only: { set: "multinli" } };
  assertEquals(await specOf(probed(promotModel("ft", [rte], rte, run.scale, 1), "gradient_alignment"), filtered), null);
  const place0 = { set: "rte", relation: "training", rows: 4 } as const;
  await assertRejects(
    () => probeRows(run.data, rte, place0),
    Error,
    "a probe on training rows needs their nominal size",
  );
});

Deno.test("Steps are the paper's tenths of a training, and the paper's own numbers where it is as long", () => {
  assertEquals(alignmentSteps(profiles.smoke), [0, 1]);
  assertEquals(alignmentSteps(profiles.quick), [0, 8, 15, 23, 30, 76]);
  assertEquals(alignmentSteps(profiles.paper), [0, 100, 200, 300, 400, 1024]);
  for (const cosines of Object.values(gradientCosines)) assertEquals(cosines.length, 5);
});

/** Every reference to a probe within another. */
function probeReferences(reference: ValueReference): (ValueReference & { probe: string })[] {
  if ("mean" in reference) return reference.mean.flatMap(probeReferences);
  if ("difference" in reference) return reference.difference.flatMap(probeReferences);
  return "probe" in reference ? [reference] : [];
}

Deno.test("Every place of both settings' tables has a planned probe or score, with the paper's cosines beside", async () => {
  const planned = await planRun(optionsFor(["gradient_alignment", "forward_kl"]));
  const { plan, specs } = planned;
  const [alignment, divergence] = plan.settings;
  assertEquals([alignment.tables.length, divergence.tables.length], [6, 4]);
  const references = plan.settings.flatMap(({ tables }) => tables).flatMap(({ entries }) =>
    entries.flatMap(({ reference }) => probeReferences(reference))
  );
  assert(references.length > 100);
  for (const one of references) {
    assert("set" in one && "cell" in one);
    assert(specs.get(one.cell)!.probes!.some(({ probe, set }) => probe === one.probe && set === one.set));
  }
  const [last] = alignment.tables;
  assertEquals(
    last.entries.filter(({ paper }) => paper !== null).map(({ row, column, paper }) => [row, column, paper]),
    [
      ["0", "MLP", 0.98],
      ["0", "query", 0.96],
      ["0", "key", 0.99],
      ["0", "value", 0.99],
    ],
  );
  const [summaryTable] = divergence.tables;
  assertEquals(summaryTable.columns, ["KL, rte", "KL, others", "rte", "others", "lost"]);
  assertEquals(summaryTable.rows[0], "pretrained");
  const text = await describePlan(await planRun(optionsFor(["gradient_alignment"])), openData(dataDir));
  assert(text.includes("\n4 cells, 0 evaluations, 0 rows to answer, 4 probes on 64 rows\n"), text);
});

Deno.test("Prompts with answers are test prompts, then the answer and the end; what does not fit goes at the prompt's beginning", async () => {
  const { tokenizer } = await loadCheckpoint(`${folder}/model`);
  const { rows } = await openData(dataDir).test(rte, "rte", 3);
  const { examples, truncated } = encodeAnswered(tokenizer, rte, 1, [], rows, 512);
  assertEquals(examples, encodeExamples(tokenizer, rte, 1, [], rows, 512).examples);
  assertEquals(truncated, 0);
  const [{ tokens, targetStart }] = examples;
  const answer = tokens.slice(targetStart);
  assertEquals(tokenizer.decode(answer).trim(), rows[0].output);
  assertEquals(answer.at(-1), tokenizer.eosId);

  const room = 40;
  const short = encodeAnswered(tokenizer, rte, 1, [], rows, room);
  assertEquals(short.truncated, 3);
  const [first] = short.examples;
  assertEquals(first.tokens.length, room);
  assertEquals(first.tokens.slice(first.targetStart), answer);
  const prompt = encodePrompt(tokenizer, renderContext(rte, 1, [], rows[0]), room - answer.length);
  assertEquals(first.tokens.slice(0, first.targetStart), prompt.tokens);
  const message = `promot_rte: the answer of row "${
    rows[0].id
  }" has ${answer.length} tokens, which leaves its prompt no room in 5`;
  await assertRejects(async () => await encodeAnswered(tokenizer, rte, 1, [], rows, 5), Error, message);
});

gpuTest("Probes run from plan to report, and neither micro-batches nor a second run change a byte", async () => {
  const only = { task: "promot_rte", set: "rte" };
  const texts: string[] = [];
  for (const microBatchTokens of [undefined, 520]) {
    const outDir = `${folder}/aligned-${microBatchTokens}`;
    const options = optionsFor(["gradient_alignment"], {
      outDir,
      only,
      ...(microBatchTokens === undefined ? {} : { microBatchTokens }),
    });
    const reasons: (string | null)[] = [];
    const { plan } = await bench(options, ({ stage, reason }) => stage === "failed" && reasons.push(reason));
    assertEquals(reasons, []);
    assertEquals(plan.cells.map(({ factors }) => [factors.method, factors.stopAfter]), [["icl", undefined], ["ft", 1]]);
    for (const { id } of plan.cells) {
      const [probe] = readResult(outDir, id)!.probes!;
      assertEquals([probe.n, probe.values["head.cosine"], probe.items], [16, undefined, undefined]);
      assert(Math.abs(Number(probe.values["overall.cosine"])) <= 1);
      assert(probe.values["layers.1.mlp.shuffledNorm"] !== undefined);
    }
    const { markdownPath, incomplete, failed } = await writeReport(outDir);
    assertEquals([incomplete, failed], [0, 0]);
    texts.push(await Deno.readTextFile(markdownPath));
  }
  assert(/\| 0 +\| +-?\d\.\d{3} \[0\.98\] \|/.test(texts[0]), texts[0]);
  assertEquals(texts[1], texts[0]);
});

gpuTest(
  "A tuned model's divergence is measured against its base, with its soft prompt on where it was trained",
  async () => {
    const outDir = `${folder}/diverged`;
    const methods = ["promot", "ft"];
    for (const method of methods) {
      const options = optionsFor(["forward_kl"], { outDir, only: { task: "promot_rte", method, set: "rte" } });
      const { plan } = await bench(options, ({ stage, reason }) => stage === "failed" && assert(false, String(reason)));
      for (const { id, factors } of plan.cells.filter(({ factors }) => factors.probe !== undefined)) {
        assertEquals(factors.probe, "forward_kl");
        const [{ values, items, n }] = readResult(outDir, id)!.probes!;
        assertEquals([items!.of, items!.values.length], ["divergence", n]);
        assert(Number(values.divergence) > 0);
        const mean = items!.values.reduce((sum, value) => sum + Math.fround(Number(value)), 0) / n;
        assertEquals(Math.fround(mean), Math.fround(Number(values.divergence)));
      }
      assertEquals((await writeReport(outDir)).failed, 0);
    }
  },
);
