import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { jsonSha256, trainingId } from "../../benchmarks/cell.ts";
import { type Data, openData } from "../../benchmarks/data.ts";
import { attachedTask, openExecutor } from "../../benchmarks/execute_cell.ts";
import type { CellOutcome } from "../../benchmarks/executor.ts";
import { hyperparameters } from "../../benchmarks/profiles.ts";
import type { CellSpec, EvaluationSpec, MethodSpec, TrainSpec } from "../../benchmarks/types.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { metricsOf, tasks } from "../../tasks/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));
const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const data: Data = openData(dataDir);

const hyper = { ...hyperparameters(0.01, 512), epochs: 1, batchSize: 4, maxLength: 400 };
const prompt = { length: 3, init: "vocabulary", range: 0 } as const;
const adapter = { rank: 2, alpha: 4, targets: "queries and values" } as const;

async function evaluation(name: string, set: string, shots: number, relation: EvaluationSpec["relation"]) {
  const task = tasks[name];
  const rows = relation === "validation" ? await data.validation(task, set, 3) : await data.test(task, set, 3);
  const spec: EvaluationSpec = {
    task: name,
    set,
    relation,
    format: 1,
    shots,
    rows: 3,
    prompt: task.prompts[0],
    labels: task.labels,
    maxNewTokens: 3,
    rowsSha256: rows.sha256,
    demonstrationsSha256: (await data.demonstrations(task, set, shots)).sha256,
    scorers: metricsOf(task).map(({ signature }) => signature),
  };
  return spec;
}

async function trainOn(name: string, demonstrations: number): Promise<TrainSpec> {
  const task = tasks[name];
  const set = task.sets.train!;
  return {
    task: name,
    set,
    size: 8,
    format: 1,
    prompt: task.prompts[0],
    rowsSha256: (await data.train(task, set, 8)).sha256,
    demonstrationsSha256: (await data.demonstrations(task, set, demonstrations)).sha256,
  };
}

async function cell(method: MethodSpec, change: { train?: TrainSpec; evaluations?: EvaluationSpec[] } = {}) {
  const { hashes } = await loadCheckpoint(`${folder}/model`);
  const evaluations = [
    await evaluation("sentiment", "amazon", 0, "in-domain"),
    await evaluation("sentiment", "sst2", 0, "out-of-domain"),
  ];
  const spec: CellSpec = {
    schema: "tunemark.cell/1",
    suite: "0",
    kernels: "k",
    operands: "12bit",
    model: { name: "small", ...hashes },
    method,
    train: await trainOn("sentiment", 0),
    seed: 1,
    evaluations,
    ...change,
  };
  return spec;
}

/** What cells give, by an executor of their own. */
async function outcomes(specs: readonly CellSpec[], runDir: string): Promise<CellOutcome[]> {
  const options = { modelDir: `${folder}/model`, dataDir, operands: "12bit", evaluationBatch: 4 } as const;
  const executor = await openExecutor(options);
  const found: CellOutcome[] = [];
  try {
    for (const spec of specs) {
      const modelFolder = `${folder}/${runDir}/${trainingId(spec)}`;
      const signal = new AbortController().signal;
      found.push(await executor.execute(spec, { modelFolder, signal, report: () => {} }));
    }
  } finally {
    executor.close();
  }
  return found;
}

const selected = { ...hyper, selectEvery: 1 };
const withPrompt: readonly MethodSpec[] = [
  { name: "prompt_tuning", prompt, demonstrations: 0, ...hyper },
  { name: "promot", prompt, demonstrations: 0, promptTuning: selected, ...selected },
  { name: "joint_tuning", prompt, ...hyper },
  { name: "random_prompt", prompt: { length: 3, init: "uniform", range: 0.5 }, ...hyper },
  { name: "lora_promot", adapter, adapterTuning: hyper, ...hyper },
];
const without: readonly MethodSpec[] = [
  { name: "ft", ...hyper },
  { name: "fticl", demonstrations: 1, sampling: "per example", ...hyper },
  { name: "lora", adapter, ...hyper },
  { name: "value_tuning", ...hyper },
];

Deno.test("Prompt and adapter are on the model for the set trained on only, a plain adapter always", async () => {
  for (const method of withPrompt) {
    const spec = await cell(method);
    assertEquals(spec.evaluations.map((one) => attachedTask(spec, one)), [0, null], method.name);
    assertEquals(attachedTask(spec, { ...spec.evaluations[0], shots: 4 }), null);
  }
  for (const method of without) {
    const spec = await cell(method);
    const always = method.name === "lora" ? 0 : null;
    assertEquals(spec.evaluations.map((one) => attachedTask(spec, one)), [always, always], method.name);
  }
  const also = await trainOn("translation", 0);
  const both = await cell(withPrompt[1], { train: { ...await trainOn("sentiment", 0), also } });
  assertEquals(attachedTask(both, await evaluation("translation", "enfr", 0, "in-domain")), 1);
  assertEquals(attachedTask(both, await evaluation("translation", "ende", 0, "cross-task")), null);
});

gpuTest("Every method's cells train, and a model that was kept gives the same answers", async () => {
  const validation = await evaluation("sentiment", "amazon", 0, "validation");
  const specs: CellSpec[] = [];
  for (const method of [...withPrompt, ...without]) {
    const train = await trainOn("sentiment", 0);
    specs.push(await cell(method, { train: method.name === "promot" ? { ...train, validation } : train }));
  }
  const first = await outcomes(specs, "kept");
  assertEquals(await outcomes(specs, "kept"), first);
  first.forEach(({ train }, i) => {
    const { name } = specs[i].method;
    assertEquals(train!.steps, name === "promot" || name === "lora_promot" ? 4 : 2, name);
    assertEquals(train!.attachedSha256 !== undefined, i < withPrompt.length, name);
    assertEquals(train!.selections?.length, name === "promot" ? 2 : undefined, name);
    assertEquals(Number(train!.weightDistance.overall.l2) === 0, name === "prompt_tuning", name);
  });
  // Off its own set a tuned prompt leaves the base model.
  const [base] = await outcomes([{ ...specs[0], method: { name: "icl" }, train: null, seed: 0 }], "kept");
  assertEquals(base.samples.slice(3), first[0].samples.slice(3));
  assertNotEquals(jsonSha256(base.samples.slice(0, 3)), jsonSha256(first[0].samples.slice(0, 3)));
});

gpuTest(
  "Two tasks are trained together, each behind its own prompt and scored on its own validation rows",
  async () => {
    const also = {
      ...await trainOn("detection", 0),
      validation: await evaluation("detection", "paws", 0, "validation"),
    };
    const train = {
      ...await trainOn("sentiment", 0),
      validation: await evaluation("sentiment", "amazon", 0, "validation"),
      also,
    };
    const evaluations = [
      await evaluation("sentiment", "amazon", 0, "in-domain"),
      await evaluation("detection", "paws", 0, "in-domain"),
    ];
    const spec = await cell(withPrompt[1], { train, evaluations });
    const [outcome] = await outcomes([spec], "both");
    assertEquals(outcome.train!.examples, 16);
    assertEquals(outcome.train!.steps, 2 + 2 + 4);
    assertEquals(outcome.train!.selections!.length, 3);
    assertEquals(await outcomes([spec], "both"), [outcome]);
  },
);

gpuTest("A label that a soft prompt leaves no room for is refused with what would help", async () => {
  const long = { name: "random_prompt", prompt: { ...prompt, length: 420 }, ...hyper } as const;
  const error = await assertRejects(() => cell(long).then((spec) => outcomes([spec], "long")), Error);
  assert(/^sentiment\/amazon: with a soft prompt of 420 tokens \d of 8 labels no longer fit /.test(error.message));
  assert(error.message.endsWith("the model's context of 512; use a shorter prompt or fewer demonstrations"));
});
