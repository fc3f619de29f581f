/** Cells whose training stops after a step of its last stage: what identifies them, what their training leaves. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { cellId, factorsOf, lineageId, trainingId } from "../../benchmarks/cell.ts";
import { openExecutor } from "../../benchmarks/execute_cell.ts";
import { fineTuned, promotModel, requestKey, specOf, stopped, untrained } from "../../benchmarks/requests.ts";
import type { CellSpec } from "../../benchmarks/types.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { cellLabel } from "../../reports/labels.ts";
import { findTask } from "../../tasks/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";
import { runFacts } from "./world.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));
const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const smoke = runFacts(dataDir);
const { promot } = smoke.scale;
/** Three steps of either stage. */
const run = runFacts(dataDir, { scale: { ...smoke.scale, promot: { ...promot, rows: 6, batchSize: 2 } } });
const rte = findTask("promot_rte");

async function specFor(request: Parameters<typeof specOf>[0]): Promise<CellSpec> {
  return (await specOf(request, run))!;
}

Deno.test("The step is part of what a training is, and absent where training goes to its end", async () => {
  const request = fineTuned(findTask("sentiment"), 16, 1);
  const whole = await specFor(request);
  const two = await specFor(stopped(request, 2));
  assert(!("stopAfter" in whole) && !("stopAfter" in factorsOf(whole)));
  assertEquals(two, { ...whole, stopAfter: 2 });
  const all = [whole, two, await specFor(stopped(request, 1))];
  for (const idOf of [cellId, trainingId]) assertEquals(new Set(all.map(idOf)).size, 3);
  assertEquals(all.map(lineageId), all.map(() => trainingId(whole)));
  assertEquals(factorsOf(two).stopAfter, 2);
  const label = cellLabel({ factors: factorsOf(two), evaluations: [] });
  assertEquals(label, "ft, sentiment/amazon, 16 rows, 0 shots, stopped after step 2, seed 1");
  assertNotEquals(requestKey(request), requestKey(stopped(request, 2)));
  assertThrows(() => stopped(untrained(rte), 2), Error, "nothing is trained by icl, so there is nothing to stop");
});

Deno.test("Validation rows are named only where a stage that goes to its end selects a step", async () => {
  const request = (arm: "ft" | "promot") => stopped(promotModel(arm, [rte], rte, run.scale, 1), 1);
  assertEquals((await specFor(request("ft"))).train!.validation, undefined);
  const { train } = await specFor(request("promot"));
  const whole = await specFor(promotModel("promot", [rte], rte, run.scale, 1));
  assertEquals(train, whole.train);
  assertEquals(train!.validation!.relation, "validation");
});

gpuTest("A stopped cell trains its first stage whole and its last one up to the step", async () => {
  const { hashes } = await loadCheckpoint(`${folder}/model`);
  const options = { modelDir: `${folder}/model`, dataDir, operands: "12bit", evaluationBatch: 4 } as const;
  const outcomeOf = async (arm: "ft" | "promot", stopAfter: number, models = folder) => {
    const found = await specFor(stopped(promotModel(arm, [rte], rte, run.scale, 1), stopAfter));
    const spec = { ...found, model: { name: "small", ...hashes } };
    const executor = await openExecutor(options);
    const modelFolder = `${models}/${trainingId(spec)}`;
    let trained = 0;
    const report = ({ stage }: { stage: string }) => trained += stage === "train" ? 1 : 0;
    try {
      const outcome = await executor.execute(spec, { modelFolder, signal: new AbortController().signal, report });
      return { ...outcome, trained };
    } finally {
      executor.close();
    }
  };
  const [one, three] = [await outcomeOf("ft", 1), await outcomeOf("ft", 3)];
  assertEquals([one.train!.steps, three.train!.steps], [1, 3]);
  assertEquals(one.trainSteps, three.trainSteps.slice(0, 1));
  assertEquals(one.train!.selections, undefined);
  assertNotEquals(one.train!.weightsSha256, three.train!.weightsSha256);
  assertEquals([one.trained, three.trained], [1, 2], "from where the other stopped");
  assertEquals(await outcomeOf("ft", 3, `${folder}/alone`), { ...three, trained: 3 });
  assertEquals(await outcomeOf("ft", 1), { ...one, trained: 0 }, "the kept model gives the same");
  const two = await outcomeOf("promot", 2);
  assertEquals(two.train!.steps, 3 + 2);
  assertEquals(two.train!.selections!.map(({ scores }) => scores.length), [3], "only the first stage selects");
  const last = await outcomeOf("promot", 3);
  assertEquals(last.trained, 1, "the first stage is trained once");
  assertEquals(await outcomeOf("promot", 3, `${folder}/alone`), { ...last, trained: 6 });
});
