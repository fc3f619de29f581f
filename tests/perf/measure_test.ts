/** A whole report of a tiny model: complete, in its units, in its schema. Its speed is nobody's business here. */
import { assert, assertEquals } from "@std/assert";
import { imageType } from "../../kernels/gpu/program.ts";
import { scoreElements } from "../../models/batch.ts";
import { usesImages } from "../../models/images.ts";
import { modelCases } from "../../perf/kernel_cases.ts";
import { kernelSeconds, refusal } from "../../perf/kernels.ts";
import { measure, type PerfPlan, type PerfReport, reportText } from "../../perf/mod.ts";
import { scalingCases } from "../../perf/scaling.ts";
import { embedded, largeShapes } from "../../perf/shapes.ts";
import { observe } from "../../perf/timing.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig } from "../models/random_llama.ts";

const tiny = { ...randomConfig, hiddenSize: 32, vocabSize: 48 };

const plan: PerfPlan = {
  effort: { windows: 2, seconds: 0.001, kernelSeconds: 0.0001, budget: 1 },
  side: 16,
  kernelSets: [{ model: "tiny", config: tiny, batch: [2, 12] }],
  model: tiny,
  steps: [{ model: "embedded", config: tiny, batch: [2, 12], operands: "12bit" }],
  answers: { prompts: [{ tokens: 5, shared: 0 }, { tokens: 22, shared: 16 }], newTokens: 4, batches: [1, 3] },
  peers: false,
  scaling: scalingCases({ ...tiny, keyValueHeads: 4 }, [2, 12], {
    width: [32, 64],
    layers: [1],
    length: [24],
    sequences: [3],
  }),
  repeat: "deno task perf",
};

/** Paths of numbers that are not finite or below zero; errors in percent may be. */
function wrongNumbers(value: unknown, path: string): string[] {
  if (typeof value === "number") {
    return Number.isFinite(value) && (value >= 0 || /Percent$|outsideDevice$/.test(path)) ? [] : [`${path}: ${value}`];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => wrongNumbers(part, `${path}.${name}`));
}

gpuTest("a report holds every part of its plan, in schema tunemark.perf/1, with finite numbers", async (gpu) => {
  const log: string[] = [];
  const report = await measure(gpu, plan, (line) => log.push(line));
  assertEquals(report, JSON.parse(JSON.stringify(report)) as PerfReport);
  assertEquals(wrongNumbers(report, "report"), []);
  assertEquals(Object.keys(report), [
    "schema",
    "version",
    "repeat",
    "adapter",
    "host",
    "syncFloor",
    "side",
    "limits",
    "kernels",
    "steps",
    "answers",
    "peers",
    "ratios",
    "scaling",
    "residentBefore",
    "skipped",
  ]);
  assertEquals(report.schema, "tunemark.perf/1");
  assertEquals(report.answers.map(({ kind, batch, sharedTokens }) => [kind, batch, sharedTokens]), [
    ["scoring", 1, 0],
    ["decoding", 1, 0],
    ["scoring", 3, 0],
    ["decoding", 3, 0],
    ["scoring", 3, 16],
    ["decoding", 3, 16],
  ]);
  const [step] = report.steps;
  assertEquals([step.batch, step.tokens, step.allocatedBytes], ["2 x 12", 24, 0]);
  assertEquals(step.tokensPerSecond, 24 / step.wall.median);
  assertEquals(report.scaling.map(({ axis, value }) => `${axis} ${value}`), [
    "width 32",
    "width 64",
    "layers 1",
    "length 24",
    "sequences 3",
  ]);
  if (gpu.timestamps) {
    const kernels = new Set(report.kernels.map(({ kernel }) => kernel));
    // All kernels of the step but the sums over a handful of numbers.
    const missing = step.ops.map(({ op }) => op).filter((op) => !kernels.has(op) && !op.startsWith("update"));
    assertEquals(missing, ["loss_sum"]);
    assertEquals(step.ops.reduce((sum, { dispatches }) => sum + dispatches, 0), step.dispatches);
    assert(report.kernels.every(({ share }) => share > 0));
  }
  assert(log.includes("training step embedded 2 x 12 12bit"));
  const text = reportText(report);
  assert(!/NaN|undefined|Infinity/.test(text), text);
  assert(text.includes("Repeat with: deno task perf"));
});

gpuTest("kernels are timed as a step runs them: products read images where the model's do", async (gpu) => {
  const [count, length] = [2, 128];
  const capacity = {
    tokens: count * length,
    sequences: count,
    longest: length,
    targets: count * length,
    scores: scoreElements(tiny, [length, length]),
  };
  const products = modelCases(gpu, tiny, [count, length], "12bit").filter(({ operations }) => operations !== null);
  const fromImages = products.filter(({ kernel }) => Object.values(kernel.inputs).includes(imageType));
  assertEquals(fromImages.length > 0, usesImages(gpu, tiny, capacity, true));
  if (!gpu.timestamps) return;
  for (const one of fromImages.slice(0, 3)) assert((await kernelSeconds(gpu, one, plan.effort)).median > 0);
});

gpuTest(
  "the memory estimate of training is within half a percent, with images and without",
  async (gpu) => {
    const config = { ...embedded, layers: 2, maxPositions: 128 };
    // Of so few tokens the first needs no images on any adapter; on some the second does.
    const cases = scalingCases(config, [1, 128], { width: [], layers: [], length: [], sequences: [1, 3] });
    const report = await measure(
      gpu,
      { ...plan, side: null, kernelSets: [], steps: [], answers: null, scaling: cases },
      () => {},
    );
    assertEquals(report.scaling.map(({ tokens }) => tokens), [128, 384]);
    for (const { tokens, estimateErrorPercent } of report.scaling) {
      assert(
        Math.abs(estimateErrorPercent) < 0.5,
        `the estimate for ${tokens} tokens is off by ${estimateErrorPercent} %`,
      );
    }
  },
);

gpuTest("kernels that exceed a binding or the budget are refused in words", (gpu) => {
  const limited = { ...gpu, limits: { ...gpu.limits, maxBufferSize: 2 ** 27, maxStorageBufferBindingSize: 2 ** 27 } };
  const large = largeShapes.find(({ name }) => name === "7B")!;
  const cases = modelCases(gpu, large.config, large.batch, "12bit");
  const [first] = cases;
  assertEquals(
    refusal(limited, first, 50, 10),
    "a binding of 201326592 bytes; this adapter allows 134217728",
  );
  const output = cases.find(({ use }) => use === "attention output")!;
  assertEquals(refusal(limited, output, 50, 10), null);
  assertEquals(refusal(limited, output, 5, 0.5), "about 0.9 s a dispatch; the budget is 0.5 s");
});

gpuTest("observe() gives the device its own functions back, also where the body throws", async (gpu) => {
  const { createBuffer, createCommandEncoder } = gpu.device;
  const { submit } = gpu.device.queue;
  await observe(gpu, () => Promise.reject(new Error("no"))).catch(() => {});
  assertEquals(gpu.device.createBuffer, createBuffer);
  assertEquals(gpu.device.createCommandEncoder, createCommandEncoder);
  assertEquals(gpu.device.queue.submit, submit);
});
