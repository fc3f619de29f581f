/** Trainings that begin with the same prompt or adapter: which do, and that what they leave does not depend on who trained it. */
import { assert, assertEquals } from "@std/assert";
import { firstStageId, trainingId } from "../../benchmarks/cell.ts";
import { openExecutor } from "../../benchmarks/execute_cell.ts";
import type { CellExecutor } from "../../benchmarks/executor.ts";
import type { ArmName } from "../../benchmarks/promot_arms.ts";
import { atRate, fineTuned, promotModel, specOf, stopped, untrained } from "../../benchmarks/requests.ts";
import type { CellSpec } from "../../benchmarks/types.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { findTask } from "../../tasks/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";
import { runFacts } from "./world.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));
const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const smoke = runFacts(dataDir);
/** Three steps of either stage, of one task; six of the second stage of two. */
const scale = { ...smoke.scale, promot: { ...smoke.scale.promot, rows: 6, batchSize: 2 } };
const run = runFacts(dataDir, { scale });
const [rte, enfr] = [findTask("promot_rte"), findTask("translation")];

const modelOf = (arm: ArmName, seed = 1) => promotModel(arm, [rte], rte, scale, seed);
const both = (arm: ArmName) => promotModel(arm, [rte, enfr], rte, scale, 1);

async function specFor(request: Parameters<typeof specOf>[0]): Promise<CellSpec> {
  return (await specOf(request, run))!;
}

Deno.test("Prompt tuning and ProMoT begin alike, at any learning rate of the second stage and with any second task", async () => {
  const idOf = async (request: Parameters<typeof specOf>[0]) => firstStageId(await specFor(request));
  const prompt = await idOf(modelOf("prompt_tuning"));
  const alike = [
    modelOf("promot"),
    { ...modelOf("promot"), testTask: enfr.name },
    atRate(modelOf("promot"), 0.5, scale),
    stopped(modelOf("promot"), 1),
    both("promot"),
  ];
  assert(prompt !== null);
  for (const request of alike) assertEquals(await idOf(request), prompt);
  const others = [
    modelOf("prompt_tuning", 2),
    modelOf("prompt_tuning_1"),
    atRate(modelOf("prompt_tuning"), 0.5, scale),
    promotModel("promot", [enfr], enfr, scale, 1),
    modelOf("lora"),
    modelOf("lora_2"),
  ];
  const ids = await Promise.all(others.map(idOf));
  assertEquals(new Set([prompt, ...ids]).size, 1 + others.length);
  assertEquals(await idOf(modelOf("promot_1")), await idOf(modelOf("prompt_tuning_1")));
  assertEquals(await idOf(modelOf("lora_4")), await idOf(modelOf("lora")));
});

Deno.test("What tunes the model from the start, or may stop in its first stage, begins by itself", async () => {
  const alone = [
    untrained(rte),
    fineTuned(findTask("sentiment"), 16, 1),
    ...(["ft", "ft_1", "value_tuning", "joint", "random_prompt"] as const).map((arm) => modelOf(arm)),
    stopped(modelOf("prompt_tuning"), 1),
  ];
  for (const request of alone) assertEquals(firstStageId(await specFor(request)), null);
});

gpuTest(
  "A first stage is trained once for all that begin with it, and they end with the bytes of those that train it",
  async () => {
    const { hashes } = await loadCheckpoint(`${folder}/model`);
    const options = { modelDir: `${folder}/model`, dataDir, operands: "12bit", evaluationBatch: 4 } as const;
    const outcomeOf = async (request: Parameters<typeof specOf>[0], executor: CellExecutor, models: string) => {
      const spec = { ...await specFor(request), model: { name: "small", ...hashes } };
      let trained = 0;
      const report = ({ stage }: { stage: string }) => trained += stage === "train" ? 1 : 0;
      const modelFolder = `${folder}/${models}/${trainingId(spec)}`;
      const outcome = await executor.execute(spec, { modelFolder, signal: new AbortController().signal, report });
      return { outcome, trained };
    };
    const cases = [
      { request: modelOf("prompt_tuning"), steps: 3, left: 3 },
      { request: modelOf("promot"), steps: 3 + 3, left: 3 },
      { request: atRate(modelOf("promot"), 1e-2, scale), steps: 3 + 3, left: 3 },
      { request: stopped(modelOf("promot"), 1), steps: 3 + 1, left: 1 },
      { request: both("promot"), steps: 3 + 3 + 6, left: 3 + 6 },
      { request: modelOf("lora_4"), steps: 3 + 3, left: 3 + 3 },
      { request: modelOf("lora"), steps: 3, left: 0 },
    ];
    const [sharing, aloneEach] = [await openExecutor(options), await openExecutor(options)];
    try {
      for (const [i, { request, steps, left }] of cases.entries()) {
        const shared = await outcomeOf(request, sharing, "shared");
        const alone = await outcomeOf(request, aloneEach, `alone-${i}`);
        assertEquals([shared.trained, alone.trained], [left, steps], `${request.arm}: steps that it took`);
        assertEquals(shared.outcome, alone.outcome);
        assertEquals(shared.outcome.trainSteps.length, steps, "the whole curve is there");
      }
    } finally {
      sharing.close();
      aloneEach.close();
    }
  },
);
