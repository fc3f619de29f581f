import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { factorsOf } from "../../benchmarks/cell.ts";
import { profiles } from "../../benchmarks/profiles.ts";
import { settings } from "../../benchmarks/settings.ts";
import type { CellResult, CellSpec, EvaluationSpec, Sample } from "../../benchmarks/types.ts";
import { itemValue } from "../../reports/items.ts";
import { diff } from "../../reports/diff/mod.ts";
import type { Report } from "../../reports/model.ts";
import { writeReport } from "../../reports/report.ts";
import { findTask, meanValue, metricsOf, scoreClassification, scoreGeneration } from "../../tasks/mod.ts";
import { scoreTunedLabel, tunedLabelRate } from "../../benchmarks/tuned_labels.ts";
import { madeUpProbe } from "./made_up_probes.ts";
import { planSmoke, withAllData } from "../benchmarks/world.ts";

const distance = { parameters: 4, meanAbsolute: "0.001", l2: "0.002", relativeL2: "0.01", max: "0.004" };

function samplesOf({ task: name, set, format, shots, rows, tunedLabels }: EvaluationSpec): Sample[] {
  const task = findTask(name);
  return Array.from({ length: rows }, (_, i) => {
    const reference = task.labels[i % 2] ?? "the quick brown fox jumps";
    const output = task.kind === "generation" ? ["the brown fox", "", "jumps"][i % 3] : task.labels[i % 3] ?? "maybe";
    const scored = task.kind === "generation"
      ? { label: null, statistics: scoreGeneration(task, output, reference) }
      : scoreClassification(task, task.labels.map((_, l) => l === i % 3 ? 1 : 0), output, reference);
    const tuned = tunedLabels && { [tunedLabelRate.name]: scoreTunedLabel(tunedLabels, output) };
    const statistics = { ...scored.statistics, ...tuned };
    return { task: name, set, format, shots, id: String(i), output, reference, margin: "0.5", ...scored, statistics };
  });
}

function resultOf(id: string, spec: CellSpec, samples: readonly Sample[][]): CellResult {
  return {
    schema: "tunemark.result/1",
    cell: id,
    status: "ok",
    reason: null,
    identity: {
      suite: spec.suite,
      kernels: spec.kernels,
      operands: spec.operands,
      modelWeights: spec.model.weightsSha256,
      modelConfig: spec.model.configSha256,
      tokenizer: spec.model.tokenizerSha256,
      numericSignature: "0123456789abcdef".repeat(4),
    },
    factors: factorsOf(spec),
    train: spec.train === null ? null : {
      steps: 2,
      examples: spec.train.size,
      tokens: 10,
      targetTokens: 4,
      truncated: 0,
      firstLoss: "2",
      finalLoss: "1",
      lastFifthLoss: "1",
      weightsSha256: "w",
      weightDistance: {
        overall: distance,
        groups: { embedding: distance, attention: distance, mlp: distance, norms: distance, head: null },
        layers: [distance, distance],
        tensors: { "model.norm.weight": distance },
      },
    },
    evaluations: spec.evaluations.map((e, i) => ({
      task: e.task,
      set: e.set,
      relation: e.relation,
      format: e.format,
      shots: e.shots,
      n: e.rows,
      hashes: { prompt: "p", rows: e.rowsSha256, demonstrations: e.demonstrationsSha256, inputTokens: "t" },
      truncated: 0,
      metrics: [...metricsOf(findTask(e.task)), ...(e.tunedLabels ? [tunedLabelRate] : [])].map((metric) => ({
        name: metric.name,
        signature: metric.signature,
        better: metric.better,
        statistics: {},
        value: meanValue(metric, samples[i].map(({ statistics }) => statistics[metric.name])).toFixed(4),
      })),
    })),
    ...(spec.probes === undefined ? {} : { probes: spec.probes.map(madeUpProbe) }),
  };
}

Deno.test("an item's value follows from its statistics as the tasks' metrics say", () => {
  for (const name of ["summary", "sentiment"]) {
    const task = findTask(name);
    const spec = { task: name, set: "s", format: 1, shots: 0, rows: 6 } as EvaluationSpec;
    for (const { statistics } of samplesOf(spec)) {
      for (const metric of metricsOf(task)) {
        assertAlmostEquals(itemValue(statistics[metric.name]), metric.value(statistics[metric.name]), 1e-12);
      }
    }
  }
});

Deno.test("the settings' own plan makes a report in which every entry has a value", () =>
  withAllData(async (folder, dataDir) => {
    const { plan, specs } = await planSmoke(dataDir, { seeds: [1, 2], settings: Object.keys(settings) });
    const runDir = `${folder}/run`;
    await Deno.mkdir(runDir);
    await Deno.writeTextFile(`${runDir}/plan.json`, JSON.stringify(plan));
    for (const { id } of plan.cells) {
      const spec = specs.get(id)!;
      const samples = spec.evaluations.map(samplesOf);
      const cell = `${runDir}/cells/${id}`;
      await Deno.mkdir(cell, { recursive: true });
      await Deno.writeTextFile(`${cell}/spec.json`, JSON.stringify(spec));
      await Deno.writeTextFile(
        `${cell}/samples.jsonl`,
        samples.flat().map((sample) => JSON.stringify(sample) + "\n").join(""),
      );
      const step = { step: 1, loss: "1", gradientNorm: "1", learningRate: "1", tokens: 10 };
      if (spec.train !== null) await Deno.writeTextFile(`${cell}/train.jsonl`, JSON.stringify(step) + "\n");
      await Deno.writeTextFile(`${cell}/result.json`, JSON.stringify(resultOf(id, spec, samples)));
    }
    const { incomplete, failed } = await writeReport(runDir);
    assertEquals([incomplete, failed], [0, 0]);
    const report: Report = JSON.parse(await Deno.readTextFile(`${runDir}/report.json`));
    assertEquals(report.settings.map(({ name }) => name), plan.settings.map(({ name }) => name));
    const entries = report.settings.flatMap(({ tables }) => tables.flatMap((table) => table.entries));
    assertEquals(entries.filter(({ value }) => value === null), []);
    const byAlternative = entries.filter(({ alternative }) => alternative !== null);
    assertEquals(new Set(byAlternative.map(({ alternative }) => alternative)), new Set(["0-shot"]));
    const constants = report.settings.flatMap(({ name, tables }) =>
      name.startsWith("promot") ? [] : tables.flatMap((table) => table.entries)
    ).filter(({ row }) => row === "best constant label" || row === "labels drawn at their rates");
    assertEquals(new Set(constants.map(({ value, low }) => `${value} ${low}`)), new Set(["50.0000 null"]));
    const ofU = report.findings.map(({ id }) => id).filter((id) => id.startsWith("T1."));
    assertEquals(ofU, Array.from({ length: 13 }, (_, i) => `T1.${i + 1}`));
    const comparisons = report.settings.flatMap((setting) => setting.comparisons ?? []);
    const contrasts = [...report.findings, ...comparisons].flatMap((one) => one.contrasts);
    assertEquals(contrasts.filter(({ outcome }) => outcome === "missing"), []);
    const [ft, fticl] = report.settings.find(({ name }) => name === "learning_rate")!.choices!;
    assertEquals([ft.method, fticl.method, fticl.candidates.length], ["ft", "fticl", 3]);
    // All cells answer alike here: of equal scores the smallest learning rate is chosen.
    assertEquals([ft.chosen, fticl.chosen], [3e-4, 3e-4]);
    const markdown = await Deno.readTextFile(`${runDir}/report.md`);
    const { learningRatesFrom } = profiles.smoke;
    assertStringIncludes(markdown, `, ${learningRatesFrom}\n- Suite`);
    assertStringIncludes(markdown, "### Learning rate of fticl\n\nBest validation score over shot counts, 0-100\n");
    assert(/\| +3e-4 \|.*\| chosen \|\n/.test(markdown));
    const itself = await diff(runDir, `${runDir}/report.json`, { format: "text", samples: false, failOn: "any" });
    assertEquals(itself.exitCode, 0);
  }));
