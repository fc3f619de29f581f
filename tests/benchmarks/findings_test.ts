import { assert, assertEquals, assertRejects } from "@std/assert";
import { profiles } from "../../benchmarks/profiles.ts";
import type { Plan, ValueReference } from "../../benchmarks/types.ts";
import { planSmoke, withAllData, withData } from "./world.ts";

const scale = { ...profiles.smoke, shotCounts: 4, fticlCounts: 2 };

function shotsOf(side: readonly (readonly ValueReference[])[]): (number | undefined)[] {
  return side.map(([first]) => "shots" in first ? first.shots : undefined);
}

Deno.test("The setting findings has the cells that U's thirteen statements need, and so have the default settings", () =>
  withAllData(async (_, dataDir) => {
    const named = await planSmoke(dataDir, { settings: ["findings"], run: { scale } });
    const ofU = named.plan.findings.filter(({ id }) => id.startsWith("T1."));
    assertEquals(ofU.map(({ id }) => id), Array.from({ length: 13 }, (_, i) => `T1.${i + 1}`));
    assertEquals(ofU.map(({ contrasts }) => contrasts.length), [
      ...[21, 32, 26, 16, 9, 18, 2, 8, 7],
      ...[18, 28, 4, 6],
    ]);
    const { plan } = await planSmoke(dataDir, { run: { scale } });
    assertEquals(plan.findings, ofU);
  }));

Deno.test("The setting findings has the cells that P's statements and those of later work need; P's settings have their own", async () => {
  const embedded = new URL("../../fixtures/data", import.meta.url).pathname;
  const counts = async (settings: string[], only: Record<string, string> = {}) => {
    const { plan } = await planSmoke(embedded, { settings, run: { only } });
    return Object.fromEntries(
      plan.findings.filter(({ id }) => !id.startsWith("T1.")).map(({ id, contrasts }) => [id, contrasts.length]),
    );
  };
  assertEquals(await counts(["findings"]), {
    // Of ten sets at two shot counts, each against the untrained model and against zero; of two early in the training.
    "T2.1": 42,
    "T2.2": 4,
    "T2.3": 12,
    // Of four kinds of modules.
    "T2.4": 12,
    "T2.5": 8,
    "T2.6": 16,
    "T2.7": 8,
    // Of three models on six sets.
    "T2.8": 72,
    "T2.9": 10,
    "T2.10": 4,
    // On four sets tuned on; on twelve others and by two averages at two shot counts; on both.
    "L1": 4,
    "L2": 16,
    "L3": 20,
    // On five sets, and on eleven others.
    "L4": 16,
  });
  // Claims of later work are put to the run only where a setting asks for it.
  const compared = await counts(["method_comparison"], { task: "question" });
  assertEquals(compared, { "L1": 1, "L2": 6, "L3": 7, "L4": 5 });
  assertEquals(await counts([]), {});
  assertEquals(Object.keys(await counts(["promot_nli"])), ["T2.1", "T2.2", "T2.3", "T2.5", "T2.6", "T2.7", "T2.9"]);
  // Without prompt tuning there is no difference that T2.5 claims.
  assertEquals(await counts(["in_domain", "promot_further"]), { "T2.6": 8 });
  // Cells and evaluations may be cut, and what is stated is what is left.
  assertEquals(await counts(["findings"], { set: "cb" }), { "T2.2": 2 });
  assertEquals(await counts(["findings"], { method: "ft" }), { "T2.3": 12 });
});

Deno.test("The setting findings has no cell that no statement is put to, and takes none from other settings", async () => {
  const embedded = new URL("../../fixtures/data", import.meta.url).pathname;
  const plan = async (settings: string[], only: Record<string, string> = {}) =>
    (await planSmoke(embedded, { settings, run: { only } })).plan;
  const stated = ({ findings }: Plan) => {
    const found = new Set<string>();
    JSON.stringify(findings, (key, value) => {
      if (key === "cell") found.add(value);
      return value;
    });
    return [...found].sort();
  };
  const alone = await plan(["findings"]);
  const ids = (one: Plan) => one.cells.map(({ id }) => id).sort();
  assertEquals(ids(alone), stated(alone));
  assertEquals(alone.settings[0].cells.toSorted(), ids(alone));
  assertEquals(alone.cells.filter(({ factors }) => factors.testFormat === 2 && factors.testTask === "sentiment"), []);
  const [both, others] = [await plan(["findings", "cross_task"]), await plan(["cross_task"])];
  assertEquals(ids(both), [...new Set([...ids(alone), ...ids(others)])].sort());
  assertEquals(both.findings, alone.findings);
  assertEquals(both.settings.find(({ name }) => name === "findings")!.cells.toSorted(), ids(alone));
  assertEquals(both.settings.find(({ name }) => name === "cross_task"), others.settings[0]);
  const left = [["cross_task"], ["findings", "cross_task"]];
  for (const settings of left) assert((await plan(settings, { method: "icl", shots: "0" })).cells.length > 0);
  await assertRejects(
    () => plan(["findings"], { method: "icl", shots: "0" }),
    Error,
    "no statement has both sides of a difference among the cells that are left; valid: a wider --only, ",
  );
});

Deno.test("Both sides of every contrast name planned cells, and evaluations or trainings that these have", async () => {
  const check = async (dataDir: string, settings: string[]) => {
    const { plan, specs } = await planSmoke(dataDir, { settings, seeds: [1, 2], run: { scale } });
    const comparisons = plan.settings.flatMap((setting) => setting.comparisons ?? []);
    assertEquals(comparisons.filter(({ contrasts }) => contrasts.length === 0), []);
    const contrasts = [...plan.findings, ...comparisons].flatMap((one) => one.contrasts);
    const checkOne = (label: string, reference: ValueReference): void => {
      if ("constant" in reference) return;
      if ("mean" in reference) return reference.mean.forEach((part) => checkOne(label, part));
      if (!("cell" in reference)) throw new Error(`${label}: a reference of another kind`);
      const spec = specs.get(reference.cell);
      assert(spec !== undefined, label);
      if ("probe" in reference) return assert(spec.probes?.some(({ set }) => set === reference.set), label);
      if (!("metric" in reference)) return assert(spec.train !== null, label);
      const { set, format, shots, metric } = reference;
      const found = spec.evaluations.find((e) => e.set === set && e.format === format && e.shots === shots);
      assert(found?.scorers.some((scorer) => scorer.startsWith(`${metric}|`)), label);
    };
    for (const { label, first, second } of contrasts) {
      for (const reference of [...first, ...second].flat()) checkOne(label, reference);
    }
  };
  await withAllData((_, dataDir) => check(dataDir, []));
  await check(new URL("../../fixtures/data", import.meta.url).pathname, ["findings"]);
});

Deno.test("A contrast enters with the shot counts that the paper takes, and with the paper's own difference", () =>
  withAllData(async (_, dataDir) => {
    const { plan } = await planSmoke(dataDir, { seeds: [1, 2], run: { scale } });
    const contrast = (id: string, label: string, nth = 0) =>
      plan.findings.find((finding) => finding.id === id)!.contrasts.filter((one) => one.label === label)[nth];
    const gain = contrast("T1.1", "xlsum, FT 32");
    assertEquals([shotsOf(gain.first), shotsOf(gain.second)], [[0], [0, 1, 2, 4]]);
    assertEquals([gain.first[0].length, gain.second[0].length, gain.claim, gain.margin], [2, 1, "greater", 0]);
    // Figure 1: .302 against the best of .150, .248, .276.
    assertEquals(gain.paper, 2.6);
    assertEquals(contrast("T1.1", "amazon, FT 16").claim, "at most");
    const paws = contrast("T1.3", "paws, FT 48 and 16", 1);
    assertEquals([paws.claim, paws.paper], ["greater", 11.6]);
    assertEquals(contrast("T1.4", "pdfs, FT 48 at 4 shots").paper, 3.9);
    assertEquals(contrast("T1.5", "sst2, spread over shots").paper, 10);
    const labels = contrast("T1.6", "xsum, share of labels after paws");
    assertEquals([shotsOf(labels.first), labels.second, labels.paper], [[1, 2, 4], [[{ constant: 50 }]], null]);
    assertEquals(contrast("T1.8", "multinli, after xsum").paper, 15.2);
    const format = contrast("T1.9", "xsum, after amazon");
    assertEquals([format.first, format.second].map(([[one]]) => "format" in one && one.format), [2, 1]);
    assertEquals(format.paper, 16.7);
    // Figure 4b: .401; Figure 2: .362.
    const inContext = contrast("T1.10", "pdfs, after xsum, 1 shown");
    assertEquals([inContext.paper, shotsOf(inContext.first)], [3.9, [0, 1, 2]]);
    assertEquals(contrast("T1.11", "paws, after paws, 4 shown").paper, 28.8);
    assertEquals(contrast("T1.12", "xsum, 2 shown").paper, 1.97e-5);
  }));

Deno.test("A finding is stated as far as the run's cells go, and not where no contrast that claims a difference has both sides", () =>
  withData(async (_, dataDir) => {
    const stated = async (only: Record<string, string>) =>
      (await planSmoke(dataDir, { run: { only } })).plan.findings.map(({ id }) => id);
    const all = Array.from({ length: 13 }, (_, i) => `T1.${i + 1}`);
    // Of question, detection and inference there is no data here: no gain is claimed of Amazon, which is what T1.1, T1.3 and T1.8 have left.
    assertEquals(await stated({}), all.filter((id) => !["T1.1", "T1.3", "T1.7", "T1.8"].includes(id)));
    assertEquals(await stated({ method: "ft" }), ["T1.2", "T1.6", "T1.9"]);
    assertEquals(await stated({ method: "icl" }), ["T1.2"]);
    assertEquals(await stated({ method: "icl", shots: "0" }), []);
  }));
