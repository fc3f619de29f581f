/**
 * Measures speed on the adapter at hand: kernels, training steps, decoding, label scoring, peers, and how the cost grows.
 * Nothing here decides a result; every number is a time of this machine.
 * @module
 */
import { suiteVersion } from "../benchmarks/version.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { LlamaConfig } from "../models/config.ts";
import { type AnswerSizes, measureAnswers } from "./answers.ts";
import { type KernelSet, measureKernels, withShares } from "./kernels.ts";
import { measureLimits } from "./limits.ts";
import { blockStack, measurePeers, ratios } from "./peers.ts";
import { scalingSvg } from "./plot.ts";
import { measureScaling, type ScalingCase, scalingCases } from "./scaling.ts";
import { cardBatch, embedded, embeddedBatches, largeShapes } from "./shapes.ts";
import { measureStep } from "./step.ts";
import { reportText } from "./text.ts";
import { type Effort, syncFloor } from "./timing.ts";
import type { PerfReport, Skipped, StepRow } from "./types.ts";

export { reportText, scalingSvg };
export type * from "./types.ts";

/** What to measure. */
export interface PerfPlan {
  readonly effort: Effort;
  /** Side of the square products; null leaves kernels out. */
  readonly side: number | null;
  readonly kernelSets: readonly KernelSet[];
  readonly model: LlamaConfig;
  readonly steps: readonly {
    readonly model: string;
    readonly config: LlamaConfig;
    readonly batch: readonly [number, number];
    readonly operands: Operands;
  }[];
  readonly answers: AnswerSizes | null;
  readonly peers: boolean;
  readonly scaling: readonly ScalingCase[];
  /** The command that repeats it. */
  readonly repeat: string;
}

/**
 * The plan behind the flags: `scaling` measures growth instead of the rest, `quick` takes fewer and shorter windows and shapes. A `card`
 * has larger products to do, and steps of a whole 1.1B model with packed weights.
 */
export function perfPlan(
  flags: { readonly scaling: boolean; readonly quick: boolean; readonly card: boolean },
): PerfPlan {
  const { scaling, quick, card } = flags;
  const effort: Effort = quick
    ? { windows: 3, seconds: 0.2, kernelSeconds: 0.005, budget: 0.2 }
    : { windows: 5, seconds: 1, kernelSeconds: 0.02, budget: 0.5 };
  const repeat = [
    "deno task perf",
    ...(scaling ? ["--scaling"] : []),
    ...(quick ? ["--quick"] : []),
  ].join(" ");
  const common = { effort, model: embedded, repeat };
  if (scaling) {
    const values = quick
      ? {
        width: [64, 128],
        layers: [2, 4],
        length: [64, 128],
        sequences: [4, 8],
      }
      : {
        width: [64, 128, 256, 512],
        layers: [1, 2, 4, 8],
        length: [32, 128, 512, 1024],
        sequences: [1, 4, 8, 16],
      };
    const cases = scalingCases(embedded, [8, 128], values);
    return {
      ...common,
      side: null,
      kernelSets: [],
      steps: [],
      answers: null,
      peers: false,
      scaling: cases,
    };
  }
  const embeddedSets = (quick ? embeddedBatches.slice(0, 1) : embeddedBatches)
    .map((batch) => ({ model: "embedded", config: embedded, batch }));
  return {
    ...common,
    side: card ? 4096 : 512,
    kernelSets: [
      ...embeddedSets,
      ...(quick ? [] : largeShapes.map(({ name, config, batch }) => ({
        model: name,
        config,
        batch: card ? cardBatch : batch,
      }))),
    ],
    steps: [
      ...(["12bit", "f32"] as const).flatMap((operands) =>
        embeddedBatches.map((batch) => ({ model: "embedded", config: embedded, batch, operands }))
      ),
      ...(card ? largeShapes : []).filter(({ name }) => name === "1.1B").map(({ name, config }) => (
        { model: name, config, batch: cardBatch, operands: "bf16" as const }
      )),
    ],
    answers: {
      prompts: [{ tokens: 64, shared: 0 }, { tokens: 256, shared: 224 }],
      newTokens: 97,
      batches: [1, 64],
    },
    peers: true,
    scaling: [],
  };
}

/** Measures everything the plan asks for, in order, on an otherwise idle GPU. */
export async function measure(
  gpu: Gpu,
  plan: PerfPlan,
  log: (line: string) => void,
): Promise<PerfReport> {
  const { effort } = plan;
  log("sync floor");
  const floor = await syncFloor(gpu, Math.max(5, effort.windows));
  const skipped: Skipped[] = [];
  // Steps come first: their sessions tune what kernels are then measured with.
  const steps: StepRow[] = [];
  for (const { model, config, batch, operands } of plan.steps) {
    const label = `training step ${model} ${batch.join(" x ")} ${operands}`;
    log(label);
    try {
      steps.push(await measureStep(gpu, { model, config }, batch, operands, floor.median, effort));
    } catch (error) {
      // A card may lack the memory for a large model, which only trying tells; nothing else may fail.
      if (model === "embedded" || !(error instanceof Error)) throw error;
      gpu.failure = null;
      skipped.push({ what: label, why: error.message.split("\n")[0] });
    }
  }
  let kernels: PerfReport["kernels"] = [];
  let limits: PerfReport["limits"] = null;
  if (plan.side !== null && gpu.timestamps) {
    log("limits");
    const measured = await measureLimits(gpu, effort);
    const { rows, skipped: left } = await measureKernels(
      gpu,
      plan.kernelSets,
      plan.side,
      effort,
      log,
    );
    const bestProduct = Math.max(
      ...rows.map(({ gigaflops }) => gigaflops ?? 0),
    );
    limits = { ...measured, bestProduct };
    kernels = withShares(rows, bestProduct, measured.copy);
    skipped.push(...left);
  } else if (plan.side !== null) {
    skipped.push({
      what: "kernels",
      why: "this adapter has no timestamp queries",
    });
  }
  if (plan.answers) log("decoding and label scoring");
  const answers = plan.answers ? await measureAnswers(gpu, plan.model, plan.answers, effort) : [];
  const peers = plan.peers && plan.side !== null
    ? await measurePeers(
      gpu,
      {
        side: plan.side,
        stack: blockStack,
        windows: effort.windows,
        seconds: effort.seconds,
      },
      steps,
      floor.median,
      effort,
      log,
    )
    : { rows: [], skipped: [] };
  skipped.push(...peers.skipped);
  const residentBefore = plan.scaling.length > 0 ? Deno.memoryUsage().rss : null;
  const scaling = await measureScaling(
    gpu,
    plan.scaling,
    floor.median,
    effort,
    log,
  );
  const { vendor, description, software } = gpu.adapter;
  return {
    schema: "tunemark.perf/1",
    version: suiteVersion,
    repeat: plan.repeat,
    adapter: { vendor, description, software },
    host: {
      os: `${Deno.build.os} ${Deno.build.arch}`,
      cores: navigator.hardwareConcurrency,
      deno: Deno.version.deno,
    },
    syncFloor: floor,
    side: plan.side,
    limits,
    kernels,
    steps,
    answers,
    peers: peers.rows,
    ratios: peers.rows.length > 0 ? ratios(peers.rows) : [],
    scaling,
    residentBefore,
    skipped,
  };
}
