import { assert, assertEquals, assertRejects } from "@std/assert";
import { defaultLanes, type LaneSetup } from "../../benchmarks/lanes.ts";
import type { Planned } from "../../benchmarks/plan.ts";
import { progressLine } from "../../benchmarks/progress_line.ts";
import { type OnProgress, runPlan } from "../../benchmarks/runner.ts";
import { cellFolder, modelFolder, readResult, StoreError } from "../../benchmarks/store.ts";
import { checkpointFolder } from "../../benchmarks/trained_model.ts";
import { firstStageId, trainingId } from "../../benchmarks/cell.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { ownTaskSettings, planSmoke as planChosen, withData } from "./world.ts";

/** A plan of ten cells, eight of them trained. */
function planSmoke(dataDir: string, options: Parameters<typeof planChosen>[1] = {}): Promise<Planned> {
  return planChosen(dataDir, { settings: ownTaskSettings, ...options });
}

function setupOf(folder: string, name: string): LaneSetup {
  const runDir = `${folder}/${name}`;
  Deno.mkdirSync(`${runDir}/cells`, { recursive: true });
  return {
    runDir,
    executorModule: import.meta.resolve("./fake_executor.ts"),
    options: { modelDir: folder, dataDir: "", operands: "12bit", evaluationBatch: 8 },
  };
}

function run(planned: Planned, setup: LaneSetup, workers = 1, progress: OnProgress = () => {}, signal?: AbortSignal) {
  return runPlan(planned, setup, workers, signal, progress);
}

/** How many cells were run since the last call, and how many models trained. */
function counted(folder: string): [cells: number, trainings: number] {
  const lines = Deno.readTextFileSync(`${folder}/log`).trimEnd().split("\n");
  Deno.removeSync(`${folder}/log`);
  const trainings = lines.filter((line) => line === "train").length;
  return [lines.length - trainings, trainings];
}

function executed(folder: string): number {
  return counted(folder)[0];
}

/** Contents of all files of a run but those that say what varies. */
function bytesOf(runDir: string, { plan }: Planned): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { id } of plan.cells) {
    for (const { name } of Deno.readDirSync(cellFolder(runDir, id))) {
      if (name !== "provenance.json") {
        found[`${id}/${name}`] = Deno.readTextFileSync(`${cellFolder(runDir, id)}/${name}`);
      }
    }
  }
  return Object.fromEntries(Object.entries(found).sort());
}

Deno.test("A run does every cell, and run again it does none", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    const setup = setupOf(folder, "run");
    assertEquals(await run(planned, setup), 0);
    assertEquals(executed(folder), 10);
    const stages: string[] = [];
    assertEquals(await run(planned, setup, 1, ({ stage }) => stages.push(stage)), 0);
    assertEquals(stages, Array(10).fill("kept"));
    await assertRejects(() => Deno.stat(`${folder}/log`), Deno.errors.NotFound);
  }));

Deno.test("A run that lacks some results does only those, and the bytes are the same", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    const setup = setupOf(folder, "run");
    await run(planned, setup);
    executed(folder);
    const before = bytesOf(setup.runDir, planned);
    const [first, , third] = planned.plan.cells;
    await Deno.remove(`${cellFolder(setup.runDir, first.id)}/result.json`);
    await Deno.remove(cellFolder(setup.runDir, third.id), { recursive: true });
    await run(planned, setup);
    assertEquals(executed(folder), 2);
    assertEquals(bytesOf(setup.runDir, planned), before);
  }));

Deno.test("One worker and two write the same bytes", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir, { seeds: [1, 2] });
    const one = setupOf(folder, "one");
    const two = setupOf(folder, "two");
    await run(planned, one, 1);
    await run(planned, two, 2);
    assertEquals(executed(folder), 36);
    assertEquals(bytesOf(two.runDir, planned), bytesOf(one.runDir, planned));
  }));

Deno.test("The number of workers is asked for only where several models are missing", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    const setup = setupOf(folder, "run");
    let asked = 0;
    const workers = () => Promise.resolve(++asked + 1);
    assertEquals(await runPlan(planned, setup, workers, undefined, () => {}), 0);
    assertEquals(asked, 1);
    assertEquals(await runPlan(planned, setup, workers, undefined, () => {}), 0);
    const { id } = planned.plan.cells[0];
    await Deno.remove(cellFolder(setup.runDir, id), { recursive: true });
    assertEquals(await runPlan(planned, setup, workers, undefined, () => {}), 0);
    assertEquals(asked, 1);
    assertEquals(readResult(setup.runDir, id)!.status, "ok");
  }));

gpuTest(
  "Two lanes are the default on a software adapter with processors and memory for them, one elsewhere",
  async (gpu) => {
    const shares = gpu.adapter.software && navigator.hardwareConcurrency > 1;
    assertEquals(await defaultLanes(1000), shares ? 2 : 1);
    assertEquals(await defaultLanes(1e12), 1);
  },
);

Deno.test("Trainings that begin with the same stage run one after the other, whatever the number of workers", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    const embedded = decodeURIComponent(new URL("../../fixtures/data", import.meta.url).pathname);
    const planned = await planChosen(embedded, { settings: ["promot_supervised"] });
    const stageOf = (id: string) => firstStageId(planned.specs.get(id)!);
    const running = new Set<string>();
    let beside = 0;
    await run(planned, setupOf(folder, "run"), 3, ({ cell, stage }) => {
      const first = stageOf(cell);
      if (stage === "done") running.delete(cell);
      else running.add(cell);
      assert(first === null || [...running].filter((id) => stageOf(id) === first).length <= 1, cell);
      beside = Math.max(beside, running.size);
    });
    const shared = Map.groupBy(planned.plan.cells, ({ id }) => stageOf(id) ?? id);
    assertEquals([...shared.values()].filter((cells) => cells.length === 2).length, 6, "prompt tuning and ProMoT");
    assert(beside > 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A cell that fails says why, the others go on, and the next run tries it again", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    for (const workers of [1, 2]) {
      const setup = setupOf(folder, `run${workers}`);
      await Deno.writeTextFile(`${folder}/fail-fticl`, "");
      const reasons: (string | null)[] = [];
      const failed = await run(planned, setup, workers, ({ stage, reason }) => {
        if (stage === "failed") reasons.push(reason);
      });
      assertEquals(failed, 2);
      assertEquals(reasons, Array(2).fill("loss is not finite at step 3"));
      assertEquals(executed(folder), 10);
      const { id } = planned.plan.cells.find(({ factors }) => factors.method === "fticl")!;
      const result = readResult(setup.runDir, id)!;
      assertEquals([result.status, result.reason, result.train, result.evaluations], [
        "failed",
        "loss is not finite at step 3",
        null,
        [],
      ]);
      await Deno.remove(`${folder}/fail-fticl`);
      assertEquals(await run(planned, setup, workers), 0);
      assertEquals(executed(folder), 2);
      assertEquals(readResult(setup.runDir, id)!.status, "ok");
    }
  }));

Deno.test("An aborted run stops between steps, keeps the checkpoint and leaves no half-written file", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    for (const workers of [1, 2]) {
      const setup = setupOf(folder, `run${workers}`);
      const abort = new AbortController();
      const cell = planned.plan.cells[2].id;
      const hold = `${folder}/hold-${cell}`;
      await Deno.writeTextFile(hold, "");
      const stopAtThird: OnProgress = ({ step, cell: id }) => {
        if (id === cell && step === 1) abort.abort(new Error("stopped"));
      };
      await assertRejects(() => run(planned, setup, workers, stopAtThird, abort.signal), Error, "stopped");
      assertEquals(readResult(setup.runDir, cell), null);
      const model = modelFolder(setup.runDir, trainingId(planned.specs.get(cell)!));
      assert((await Deno.stat(checkpointFolder(model))).isDirectory);
      for await (const { name } of Deno.readDir(cellFolder(setup.runDir, cell))) assert(!name.endsWith(".tmp"));
      await Deno.remove(hold);
      assertEquals(await run(planned, setup, workers), 0);
    }
  }));

Deno.test("A result that cannot be written ends the run with the path", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir);
    for (const workers of [1, 2]) {
      const setup = setupOf(folder, `run${workers}`);
      const { id } = planned.plan.cells[1];
      await Deno.mkdir(`${cellFolder(setup.runDir, id)}/samples.jsonl/in the way`, { recursive: true });
      await assertRejects(
        () => run(planned, setup, workers),
        StoreError,
        `${cellFolder(setup.runDir, id)}/samples.jsonl`,
      );
      assertEquals(readResult(setup.runDir, id), null);
    }
  }));

Deno.test("A model that several cells evaluate is trained once, with any number of workers", () =>
  withData(async (folder, dataDir) => {
    const planned = await planSmoke(dataDir, { settings: ["in_domain", "cross_task"] });
    const [one, two] = [setupOf(folder, "one"), setupOf(folder, "two")];
    await run(planned, one);
    assertEquals(counted(folder), [14, 6]);
    await run(planned, two, 2);
    assertEquals(counted(folder), [14, 6]);
    assertEquals(bytesOf(two.runDir, planned), bytesOf(one.runDir, planned));
  }));

Deno.test("What is asked for later is evaluated on models that were trained before", () =>
  withData(async (folder, dataDir) => {
    const [all, later] = [setupOf(folder, "all"), setupOf(folder, "later")];
    const both = await planSmoke(dataDir, { settings: ["in_domain", "cross_task"] });
    await run(both, all);
    executed(folder);
    await run(await planSmoke(dataDir, { settings: ["in_domain"] }), later);
    assertEquals(counted(folder), [8, 6]);
    await run(both, later);
    assertEquals(counted(folder), [6, 0]);
    assertEquals(bytesOf(later.runDir, both), bytesOf(all.runDir, both));
    await Deno.remove(`${later.runDir}/models`, { recursive: true });
    await Deno.remove(`${cellFolder(later.runDir, both.plan.cells.at(-1)!.id)}/result.json`);
    await run(both, later);
    assertEquals(counted(folder), [1, 1]);
    assertEquals(bytesOf(later.runDir, both), bytesOf(all.runDir, both));
  }));

Deno.test("progressLine says which cell, what it does and how far it is", () => {
  const factors = {
    model: "m",
    method: "fticl",
    trainTask: "sentiment",
    trainSet: "amazon",
    trainSize: 200,
    trainShots: 2,
    seed: 1,
  };
  const at = { index: 3, count: 12, cell: "x", task: "sentiment", factors, step: 14, steps: 26, reason: null } as const;
  assertEquals(
    progressLine({ ...at, stage: "train", loss: 1.9312 }),
    "cell 3/12 sentiment, fticl amazon 200, 2 shown, seed 1: train 14/26, loss 1.931",
  );
  assertEquals(
    progressLine({ ...at, factors: { ...factors, stopAfter: 26 }, stage: "train", loss: null }),
    "cell 3/12 sentiment, fticl amazon 200 up to step 26, 2 shown, seed 1: train 14/26",
  );
  assertEquals(
    progressLine({
      ...at,
      factors: { ...factors, testTask: "summary", testFormat: 2 },
      stage: "done",
      loss: null,
      step: 0,
      steps: 0,
    }),
    "cell 3/12 sentiment, fticl amazon 200, 2 shown, seed 1 on summary, format 2: done",
  );
});
