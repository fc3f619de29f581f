import { assert, assertEquals, assertThrows } from "@std/assert";
import { factorsOf, trainingId } from "../../benchmarks/cell.ts";
import { bench, type Profile, profiles } from "../../benchmarks/mod.ts";
import { allComparedByPromot } from "../../benchmarks/profiles.ts";
import { promotArms, withRate } from "../../benchmarks/promot_arms.ts";
import { fineTuned, onValidation, specOf } from "../../benchmarks/requests.ts";
import type { ParetoPlan } from "../../benchmarks/types.ts";
import { writeReport } from "../../reports/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { checkHyperparameters } from "../../training/hyperparameters.ts";
import { methodOf } from "../../training/methods/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";
import { planSmoke, runFacts, withData } from "./world.ts";

const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const settings = ["method_comparison"];

Deno.test("Every arm at every learning rate of its grid gives valid specifications, at either size", async () => {
  for (const profile of ["smoke", "quick"] as Profile[]) {
    const { specs } = await planSmoke(dataDir, { settings, run: { scale: profiles[profile] } });
    const seen = new Map<string, Set<number>>();
    for (const spec of specs.values()) {
      const { stages } = methodOf(spec.method).describe(spec.method);
      stages.forEach(({ hyper }) => checkHyperparameters(hyper));
      if (spec.method.name === "icl") continue;
      const protocol = spec.train!.validation === undefined ? "U" : "P";
      const rates = seen.get(`${protocol} ${spec.method.name}`) ?? new Set();
      seen.set(`${protocol} ${spec.method.name}`, rates.add(spec.method.learningRate));
    }
    const { ft, fticl, lora, value_tuning, model_tuning, adapter_tuning, prompt_tuning } =
      profiles[profile].learningRateSweep;
    assertEquals(
      Object.fromEntries([...seen].map(([name, rates]) => [name, [...rates]])),
      {
        "U ft": ft,
        "U fticl": fticl,
        "U lora": lora,
        "U value_tuning": value_tuning,
        "P ft": model_tuning,
        "P fticl": model_tuning,
        ...(profile === "quick" ? {} : { "P lora": adapter_tuning, "P value_tuning": adapter_tuning }),
        "P prompt_tuning": prompt_tuning,
        "P promot": model_tuning,
      } as Record<string, unknown>,
    );
  }
  for (const scale of Object.values(profiles)) {
    for (const method of ["lora", "value_tuning"] as const) {
      const request = onValidation({ ...fineTuned(tasks.summary, 16, 1), method }, scale.learningRates[method]);
      const spec = await specOf(request, runFacts(dataDir));
      methodOf(spec!.method).describe(spec!.method).stages.forEach(({ hyper }) => checkHyperparameters(hyper));
    }
  }
});

Deno.test("A point's validation and test cells share one training; at the method's own rate they are the other settings' cells", async () => {
  const { plan, specs } = await planSmoke(dataDir, { settings });
  const { points } = plan.settings[0].paretos!.find(({ title }) => title === "Tuned on socialqa")!;
  const trainings = points.map(({ validation, target, others }) => {
    const cells = [validation, target, ...others.flatMap(({ sides }) => sides)].flat(2).map((reference) => {
      assert("cell" in reference);
      return specs.get(reference.cell)!;
    });
    const ids = new Set(cells.map(trainingId));
    // The untrained model's cells train nothing: they share the model.
    assertEquals(ids.size, 1);
    return [...ids][0];
  });
  assertEquals(new Set(trainings).size, points.length);
  const own = await planSmoke(dataDir, { settings: ["in_domain", "cross_task", "learning_rate"] });
  const ofFt = points.find(({ method, learningRate }) =>
    method === "FT" && learningRate === profiles.smoke.learningRates.ft
  )!;
  for (const reference of [ofFt.target, ofFt.validation, ...ofFt.others.flatMap(({ sides }) => sides)].flat(2)) {
    assert("cell" in reference && own.specs.has(reference.cell));
  }
  const factors = [...specs.values()].filter(({ train }) => train !== null).map((spec) => {
    const validation = spec.evaluations.every(({ relation }) => relation === "validation");
    return JSON.stringify([factorsOf(spec), validation]);
  });
  assertEquals(new Set(factors).size, factors.length);
});

Deno.test("Each panel has every arm over its grid, against the same other sets", async () => {
  const { plan } = await planSmoke(dataDir, { settings });
  const [{ paretos, tables }] = plan.settings;
  assertEquals(paretos!.map(({ title }) => title), [
    "Tuned on socialqa",
    "Tuned on multinli",
    "Tuned on rte",
    "Tuned on enfr",
  ]);
  assertEquals(
    paretos!.map(({ notes }) => notes.some((note) => note.includes("best constant label: "))),
    [false, true, true, false],
  );
  for (const { title, points } of paretos!) {
    const methods = [...new Set(points.map(({ method }) => method))];
    const common = ["LoRA", "value tuning"];
    assertEquals(
      methods,
      title === "Tuned on socialqa" || title === "Tuned on multinli"
        ? ["pretrained", "FT", "FTICL", ...common]
        : ["pretrained", "FT", "FTICL (FT + 1-shot)", ...common, "prompt tuning", "ProMoT"],
    );
    assertEquals(points.length, 1 + 3 * (methods.length - 1));
    const [first] = points;
    for (const { validation, target, others, learningRate } of points) {
      assertEquals(validation.length > 0, learningRate !== null);
      assert(target.length > 0 && others.every(({ sides }) => sides.every((side) => side.length > 0)));
      assertEquals(others.map(({ set }) => set), first.others.map(({ set }) => set));
    }
  }
  const sets = (title: string) => paretos!.find((one) => one.title === title)!.points[0].others.map(({ set }) => set);
  assertEquals(sets("Tuned on socialqa"), ["tweetqa", "sciqa", "xsum", "amazon", "paws", "multinli"]);
  assertEquals(sets("Tuned on enfr").length, 8);
  for (const { rows, columns, entries } of tables) {
    const filled = new Set(entries.map(({ row, column }) => `${row}|${column}`));
    assertEquals(filled.size, rows.length * columns.length);
  }
});

Deno.test("Profile quick compares fewer models by P's protocol, says so, and has the cells that all of them would give", async () => {
  const { quick } = profiles;
  const planOf = (scale: typeof quick) => planSmoke(dataDir, { settings, run: { scale } });
  const { plan, specs } = await planOf(quick);
  const [{ paretos }] = plan.settings;
  assertEquals(paretos!.map(({ title }) => title), ["Tuned on socialqa", "Tuned on multinli", "Tuned on enfr"]);
  const methodsOf = ({ points }: ParetoPlan) => [...new Set(points.map(({ method }) => method))];
  assertEquals(methodsOf(paretos![1]), ["pretrained", "FT", "FTICL", "LoRA", "value tuning"]);
  assertEquals(methodsOf(paretos![2]), ["pretrained", "FT", "FTICL (FT + 1-shot)", "prompt tuning", "ProMoT"]);
  assertEquals(paretos!.map(({ notes }) => notes.filter((note) => note.includes("leaves out"))), [[], [], [
    "By P's protocol this profile leaves out, for time: LoRA, value tuning, tuning on rte.",
  ]]);
  const whole = await planOf({ ...quick, comparedByPromot: allComparedByPromot });
  assert([...specs.keys()].every((id) => whole.specs.has(id)) && specs.size < whole.specs.size);
  for (const { comparedByPromot } of [profiles.smoke, profiles.paper]) {
    assertEquals(comparedByPromot, allComparedByPromot);
  }
  assert(whole.plan.settings[0].paretos!.every(({ notes }) => !notes.some((note) => note.includes("leaves out"))));
});

Deno.test("Put to another task prompt tuning is the untrained model: its cells, once a seed", async () => {
  const { plan, specs } = await planSmoke(dataDir, { settings, seeds: [1, 2] });
  const { points } = plan.settings[0].paretos!.find(({ title }) => title === "Tuned on enfr")!;
  const [untrained] = points.filter(({ method }) => method === "pretrained");
  const tuned = points.filter(({ method }) => method === "prompt tuning");
  assertEquals(tuned.length, 3);
  for (const { target, others } of tuned) {
    assertEquals(others.map(({ set }) => set), untrained.others.map(({ set }) => set));
    others.forEach(({ set, sides }, i) =>
      sides.forEach((side, j) => {
        // Sets of its own task are in the cell of the target.
        if (tasks.translation.sets.outOfDomain.includes(set)) return;
        const [[reference]] = untrained.others[i].sides[j];
        assertEquals(side, [[reference, reference]]);
      })
    );
    for (const reference of target.flat()) {
      assert("cell" in reference);
      assertEquals(specs.get(reference.cell)!.method.name, "prompt_tuning");
    }
    assertEquals(target.flat().length, 2);
  }
});

Deno.test("With some of U's data only, there is a panel for what is there", () =>
  withData(async (_, folder) => {
    const { plan } = await planSmoke(folder, { settings: ["in_domain", "method_comparison"] });
    assertEquals(plan.settings[1].paretos, []);
  }));

Deno.test("What learns nothing has no learning rate to try", () => {
  assertThrows(() => withRate("pretrained", profiles.smoke.promot, 1), Error, "pretrained learns nothing");
  const { promptTuning, modelTuning } = profiles.smoke.promot;
  const changed = withRate("promot", profiles.smoke.promot, 0.5);
  assertEquals([changed.promptTuning, changed.modelTuning], [promptTuning, { ...modelTuning, learningRate: 0.5 }]);
  assertEquals(promotArms.promot.stages.at(-1), "model_tuning");
});

gpuTest("LoRA and value tuning run from plan to a report with points and fronts", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    await writeSmallModel(`${folder}/model`);
    const reasons: (string | null)[] = [];
    const ran: string[] = [];
    for (const method of ["lora", "value_tuning"]) {
      const options = {
        settings,
        profile: "smoke",
        modelDir: `${folder}/model`,
        dataDir,
        seeds: 1,
        outDir: `${folder}/${method}`,
        only: { method, task: "question", shots: "0" },
        operands: "12bit",
        workers: 1,
        evaluationBatch: 8,
        dryRun: false,
      } as const;
      const { plan } = await bench(options, ({ stage, reason, factors }) => {
        if (stage === "failed") reasons.push(reason);
        if (stage === "done") ran.push(factors.method);
      });
      assertEquals(plan.settings[0].paretos!.length, 1);
      const { markdownPath, incomplete, failed } = await writeReport(options.outDir);
      assertEquals([incomplete, failed], [0, 0]);
      const report = JSON.parse(await Deno.readTextFile(`${options.outDir}/report.json`));
      const [{ points }] = report.settings[0].paretos;
      assertEquals(points.length, 3);
      assertEquals(points.filter(({ chosen }: { chosen: boolean }) => chosen).length, 1);
      assert(points.some(({ front }: { front: boolean }) => front));
      const text = await Deno.readTextFile(markdownPath);
      assert(text.includes("### Tuned on socialqa"), text);
    }
    assertEquals(reasons, []);
    assertEquals([...new Set(ran)], ["lora", "value_tuning"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
