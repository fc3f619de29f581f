/** Rates of work: fitted to observations, measured once on an adapter and kept. */
import { assert, assertEquals } from "@std/assert";
import { fitRates, ratesOf } from "../../benchmarks/rates.ts";
import { nothing, type Work, workUnits } from "../../benchmarks/work.ts";
import { closeGpu, openGpu } from "../../kernels/gpu/device.ts";
import { adapterKey } from "../../kernels/gpu/user_cache.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { writeSmallModel } from "./small_model.ts";

function observed(work: Partial<Work>, seconds: number) {
  return { work: { ...nothing, ...work }, seconds };
}

Deno.test("Rates that explain all observations are found", () => {
  const rates = { steps: 0.05, trainedTokens: 2e-4, calls: 0.01, decodingSteps: 0.004 };
  const works: Partial<Work>[] = [
    { steps: 1, trainedTokens: 8 },
    { steps: 4, trainedTokens: 3000 },
    { calls: 1 },
    { calls: 1, decodingSteps: 16 },
  ];
  const found = fitRates(
    works.map((work) =>
      observed(work, Object.entries(work).reduce((sum, [unit, n]) => sum + n * rates[unit as keyof typeof rates], 0))
    ),
  );
  for (const [unit, rate] of Object.entries(rates)) {
    const share = found[unit as keyof Work] / rate;
    assert(Math.abs(share - 1) < 1e-3, `${unit}: ${share}`);
  }
  assertEquals(found.models, 0);
});

Deno.test("No rate is negative, and a single observation is read as growing with the work", () => {
  const noisy = fitRates([
    observed({ steps: 1, trainedTokens: 8 }, 0.2),
    observed({ steps: 4, trainedTokens: 32 }, 0.1),
  ]);
  assert(workUnits.every((unit) => noisy[unit] >= 0), JSON.stringify(noisy));
  const single = fitRates([observed({ trainings: 1, steps: 1, trainedTokens: 10, trainedPairs: 100 }, 2)]);
  assert(Math.abs(single.trainedTokens - 0.2) < 1e-12);
  assertEquals([single.steps, single.trainings, single.trainedPairs], [0, 0, 0]);
});

Deno.test("Rates of a model are measured once and kept; what makes no sense is measured anew", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeSmallModel(`${folder}/model`);
    const checkpoint = await loadCheckpoint(`${folder}/model`);
    const gpu = await openGpu();
    try {
      let measured = 0;
      const file = `${folder}/rates.json`;
      const name = `${checkpoint.hashes.configSha256.slice(0, 16)} 12bit`;
      const broken = { [await adapterKey(gpu)]: { [name]: { ...nothing, steps: "slow" }, other: nothing } };
      await Deno.writeTextFile(file, JSON.stringify(broken));
      const ask = () => ratesOf(gpu, checkpoint, { operands: "12bit", file, onMeasure: () => measured++ });
      const first = await ask();
      const { trainings, steps, trainedTokens, trainedPairs } = first;
      assert(trainings + steps + trainedTokens + trainedPairs > 0, JSON.stringify(first));
      assert(first.calls + first.promptTokens + first.decodingSteps + first.decodedTokens > 0, JSON.stringify(first));
      assertEquals([await ask(), measured], [first, 1]);
      const [kept] = Object.values(JSON.parse(await Deno.readTextFile(file)));
      assertEquals(kept, { [name]: first, other: nothing });
    } finally {
      closeGpu(gpu);
      checkpoint.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
