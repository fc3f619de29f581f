/**
 * Whole training steps of the embedded model's shape: tokens a second, where the time goes, what the host adds, what is allocated.
 * @module
 */
import { type Gpu, synchronize } from "../kernels/gpu/device.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { LlamaConfig } from "../models/config.ts";
import { attentionWidth, createLlama, releaseLlama } from "../models/llama.ts";
import {
  createSession,
  type SessionOptions,
  type TrainingSession,
  type WeightedSequence,
} from "../training/session.ts";
import { sequences, weights } from "./data.ts";
import { summarize } from "./statistics.ts";
import { type Effort, observe, secondsOf } from "./timing.ts";
import type { OpShare, StepRow } from "./types.ts";

/** AdamW with clipping, as pre-training has it. */
export const sessionOptions: Omit<SessionOptions, "longest"> = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.05,
  clip: 1,
  labelSmoothing: 0,
};

const learningRate = 1e-4;

/** Seconds of wall clock, device and host of a step in one window. */
interface Window {
  readonly wall: number;
  readonly device: number;
  readonly update: number;
  readonly host: number;
  readonly dispatches: number;
  readonly buffers: number;
}

/** Times `steps` steps that end with one wait. */
async function window(
  gpu: Gpu,
  session: TrainingSession,
  batch: readonly WeightedSequence[],
  steps: number,
  floor: number,
): Promise<Window> {
  let wall = 0;
  const host: number[] = [];
  const { passes, buffers } = await observe(gpu, async (submits) => {
    wall = await secondsOf(async () => {
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        const submitted = submits.seconds;
        const step = session.step(batch, learningRate);
        const seconds = (performance.now() - start) / 1000 - (submits.seconds - submitted);
        // A step that first reads losses back does its own work later, out of this clock's sight.
        if (submits.seconds > submitted) host.push(seconds);
        await step;
      }
      await synchronize(gpu);
    }) - floor;
  });
  const device = passes.reduce((sum, { seconds }) => sum + seconds, 0);
  const update = passes.filter(({ label }) => label === "optimizer").reduce(
    (sum, { seconds }) => sum + seconds,
    0,
  );
  const dispatches = passes.reduce((sum, pass) => sum + pass.dispatches, 0);
  const per = (total: number) => total / steps;
  return {
    wall: per(wall),
    device: per(device),
    update: per(update),
    host: host.length > 0 ? summarize(host).median : 0,
    dispatches: per(dispatches),
    buffers,
  };
}

/** Device time by op: forward and backward one dispatch at a time, the update as it ran. */
async function opShares(
  session: TrainingSession,
  batch: readonly WeightedSequence[],
  update: { seconds: number; dispatches: number },
): Promise<OpShare[]> {
  const ops = new Map<string, { dispatches: number; seconds: number }>();
  for (const { kernel, nanoseconds } of await session.profile(batch)) {
    const op = ops.get(kernel) ?? { dispatches: 0, seconds: 0 };
    ops.set(kernel, {
      dispatches: op.dispatches + 1,
      seconds: op.seconds + nanoseconds * 1e-9,
    });
  }
  const profiled = [...ops.values()].reduce(
    (sum, { dispatches }) => sum + dispatches,
    0,
  );
  ops.set("update (norm, clipping, AdamW)", {
    dispatches: update.dispatches - profiled,
    seconds: update.seconds,
  });
  const total = [...ops.values()].reduce(
    (sum, { seconds }) => sum + seconds,
    0,
  );
  return [...ops].map(([op, values]) => ({
    op,
    ...values,
    share: total > 0 ? values.seconds / total : 0,
  }))
    .sort((a, b) => b.seconds - a.seconds);
}

/** Multiplications and additions of a step's products: linear layers, head and attention under its causal mask, forward and backward. */
export function stepOperations(config: LlamaConfig, count: number, length: number): number {
  const { hiddenSize: d, intermediateSize: f, heads, headSize, layers, vocabSize } = config;
  const layer = d * attentionWidth(config) + heads * headSize * d + 3 * d * f;
  const linear = count * length * layers * layer + count * (length - 1) * d * vocabSize;
  const attention = layers * count * heads * 2 * headSize * length * (length + 1) / 2;
  return 6 * (linear + attention);
}

/** Measures steps of `count` sequences of `length` tokens, all next tokens being targets. */
export async function measureStep(
  gpu: Gpu,
  { model, config }: { readonly model: string; readonly config: LlamaConfig },
  [count, length]: readonly [number, number],
  operands: Operands,
  floor: number,
  effort: Effort,
): Promise<StepRow> {
  const llama = await createLlama(gpu, config, weights(config), { operands });
  const session = await createSession(llama, {
    ...sessionOptions,
    longest: length,
    microBatchTokens: Math.max(2048, count * length),
  });
  try {
    const batch = sequences(count, length, config.vocabSize);
    await window(gpu, session, batch, 1, floor);
    const allocated = gpu.allocated;
    const { wall } = await window(gpu, session, batch, 1, floor);
    const steps = Math.min(
      256,
      Math.max(1, Math.ceil(effort.seconds / Math.max(wall, 1e-4))),
    );
    const windows: Window[] = [];
    for (let i = 0; i < effort.windows; i++) {
      windows.push(await window(gpu, session, batch, steps, floor));
    }
    const allocatedBytes = gpu.allocated - allocated;
    const wallTime = summarize(windows.map((w) => w.wall));
    const device = summarize(windows.map((w) => w.device));
    const { dispatches } = windows[0];
    const update = {
      seconds: summarize(windows.map((w) => w.update)).median,
      dispatches,
    };
    const tokens = count * length;
    await session.history();
    return {
      model,
      batch: `${count} x ${length}`,
      tokens,
      operands,
      wall: wallTime,
      device,
      host: summarize(windows.map((w) => w.host)),
      tokensPerSecond: tokens / wallTime.median,
      gigaflops: stepOperations(config, count, length) / wallTime.median / 1e9,
      outsideDevice: gpu.timestamps ? 1 - device.median / wallTime.median : 0,
      dispatches,
      allocatedBytes,
      buffersCreated: windows.reduce((sum, w) => sum + w.buffers, 0),
      stepsTimed: steps * effort.windows,
      ops: gpu.timestamps ? await opShares(session, batch, update) : [],
    };
  } finally {
    session.release();
    releaseLlama(llama);
  }
}
