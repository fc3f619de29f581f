/**
 * How the cost of a training step grows with width, depth, sequence length and batch, and whether memory is what the estimate says.
 * @module
 */
import type { Gpu } from "../kernels/gpu/device.ts";
import { synchronize } from "../kernels/gpu/device.ts";
import { type LlamaConfig, parameterCount } from "../models/config.ts";
import { createLlama, modelBytes, releaseLlama } from "../models/llama.ts";
import { createSession, trainingBytes } from "../training/session.ts";
import { sequences, weights } from "./data.ts";
import { sessionOptions } from "./step.ts";
import { summarize } from "./statistics.ts";
import { type Effort, secondsOf } from "./timing.ts";
import type { ScalingPoint } from "./types.ts";

/** A point to measure. */
export interface ScalingCase {
  readonly axis: ScalingPoint["axis"];
  readonly value: number;
  readonly config: LlamaConfig;
  readonly batch: readonly [number, number];
}

/** The points of each axis around one middle: the others are as in `config` and `batch`. */
export function scalingCases(
  config: LlamaConfig,
  [count, length]: readonly [number, number],
  values: Readonly<Record<ScalingPoint["axis"], readonly number[]>>,
): ScalingCase[] {
  const wider = (hiddenSize: number): LlamaConfig => ({
    ...config,
    hiddenSize,
    intermediateSize: Math.ceil(hiddenSize * config.intermediateSize / config.hiddenSize / 4) *
      4,
    heads: hiddenSize / config.headSize,
    keyValueHeads: hiddenSize / config.headSize,
  });
  return [
    ...values.width.map((value) => ({
      axis: "width" as const,
      value,
      config: wider(value),
      batch: [count, length] as const,
    })),
    ...values.layers.map((value) => ({
      axis: "layers" as const,
      value,
      config: { ...config, layers: value },
      batch: [count, length] as const,
    })),
    // The batch keeps its tokens while its sequences grow longer.
    ...values.length.map((value) => ({
      axis: "length" as const,
      value,
      config,
      batch: [Math.max(1, Math.floor(count * length / value)), value] as const,
    })),
    ...values.sequences.map((value) => ({
      axis: "sequences" as const,
      value,
      config,
      batch: [value, length] as const,
    })),
  ];
}

/** Measures one point: memory after the model and its session are made, then steps. */
async function measurePoint(
  gpu: Gpu,
  one: ScalingCase,
  floor: number,
  windows: number,
): Promise<ScalingPoint> {
  const { config, batch: [count, length] } = one;
  const before = gpu.allocated;
  const llama = await createLlama(gpu, config, weights(config), {
    operands: "12bit",
  });
  const options = {
    ...sessionOptions,
    longest: length,
    microBatchTokens: count * length,
  };
  const session = await createSession(llama, options);
  try {
    const allocatedBytes = gpu.allocated - before;
    const estimatedBytes = trainingBytes(llama, options) + modelBytes(gpu, config);
    const batch = sequences(count, length, config.vocabSize);
    const step = async () => {
      await session.step(batch, 1e-4);
      await synchronize(gpu);
    };
    await step();
    const seconds: number[] = [];
    for (let i = 0; i < windows; i++) {
      seconds.push(Math.max(1e-9, await secondsOf(step) - floor));
    }
    const summary = summarize(seconds);
    const parameters = parameterCount(config);
    return {
      axis: one.axis,
      value: one.value,
      parameters,
      tokens: count * length,
      seconds: summary,
      tokensPerSecond: count * length / summary.median,
      allocatedBytes,
      estimatedBytes,
      estimateErrorPercent: (estimatedBytes / allocatedBytes - 1) * 100,
      residentBytes: Deno.memoryUsage().rss,
    };
  } finally {
    session.release();
    releaseLlama(llama);
  }
}

/** Measures all points, in order. */
export async function measureScaling(
  gpu: Gpu,
  cases: readonly ScalingCase[],
  floor: number,
  effort: Effort,
  log: (line: string) => void,
): Promise<ScalingPoint[]> {
  const points: ScalingPoint[] = [];
  for (const one of cases) {
    log(`scaling ${one.axis} ${one.value}`);
    points.push(await measurePoint(gpu, one, floor, effort.windows));
  }
  return points;
}
