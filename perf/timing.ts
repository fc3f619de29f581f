/**
 * Clocks: device time by timestamp queries, wall clock with the floor of a wait measured and taken off.
 * @module
 */
import { type Gpu, synchronize } from "../kernels/gpu/device.ts";
import { summarize, type Summary } from "./statistics.ts";

/** How long and how often to measure. */
export interface Effort {
  /** Timed windows of each measurement. */
  readonly windows: number;
  /** Shortest window of wall clock, in seconds. */
  readonly seconds: number;
  /** Shortest window of device time of one kernel, in seconds. */
  readonly kernelSeconds: number;
  /** A kernel whose estimated time exceeds this is left out, in seconds. */
  readonly budget: number;
}

/** Seconds of waiting for an idle queue. */
export async function syncFloor(gpu: Gpu, windows: number): Promise<Summary> {
  const seconds: number[] = [];
  await synchronize(gpu);
  for (let i = 0; i < windows; i++) {
    const start = performance.now();
    await synchronize(gpu);
    seconds.push((performance.now() - start) / 1000);
  }
  return summarize(seconds);
}

/** One compute pass as it ran. */
export interface PassTime {
  /** Label of its command encoder: the program's. */
  readonly label: string;
  readonly dispatches: number;
  /** Device time; 0 where the adapter has no timestamp queries. */
  readonly seconds: number;
}

/** What `observe` saw. */
export interface Observation {
  readonly passes: readonly PassTime[];
  /** Buffers created. */
  readonly buffers: number;
}

/** Time spent in submissions so far, while `observe` looks. */
export interface SubmitClock {
  /** Seconds inside `queue.submit`: software adapters make the caller wait there for earlier work. */
  seconds: number;
}

/** Passes that fit in one query set: WebGPU allows 4096 queries. */
const mostPasses = 2048;

/**
 * Runs `body` while the device's passes are timed and its buffers are counted. The device's own functions are covered for that time:
 * programs then run exactly as they do otherwise, in one pass each.
 */
export async function observe(
  gpu: Gpu,
  body: (clock: SubmitClock) => Promise<void>,
): Promise<Observation> {
  const { device } = gpu;
  const seen: { label: string; dispatches: number }[] = [];
  let buffers = 0;
  const clock: SubmitClock = { seconds: 0 };
  const querySet = gpu.timestamps ? device.createQuerySet({ type: "timestamp", count: mostPasses * 2 }) : null;
  const { createCommandEncoder, createBuffer, queue } = device;
  const { submit } = queue;
  queue.submit = (commands) => {
    const start = performance.now();
    submit.call(queue, commands);
    clock.seconds += (performance.now() - start) / 1000;
  };
  device.createBuffer = (descriptor) => {
    buffers++;
    return createBuffer.call(device, descriptor);
  };
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder.call(device, descriptor);
    const { beginComputePass } = encoder;
    encoder.beginComputePass = () => {
      const at = seen.length * 2;
      const entry = { label: descriptor?.label ?? "", dispatches: 0 };
      seen.push(entry);
      const pass = beginComputePass.call(
        encoder,
        querySet && at < mostPasses * 2
          ? {
            timestampWrites: {
              querySet,
              beginningOfPassWriteIndex: at,
              endOfPassWriteIndex: at + 1,
            },
          }
          : {},
      );
      const { dispatchWorkgroups } = pass;
      pass.dispatchWorkgroups = (...sizes) => {
        entry.dispatches++;
        dispatchWorkgroups.apply(pass, sizes);
      };
      return pass;
    };
    return encoder;
  };
  try {
    await body(clock);
  } finally {
    Object.assign(device, { createCommandEncoder, createBuffer });
    queue.submit = submit;
  }
  if (!querySet) {
    return { passes: seen.map((entry) => ({ ...entry, seconds: 0 })), buffers };
  }
  const stamps = await readStamps(
    gpu,
    querySet,
    Math.min(seen.length, mostPasses) * 2,
  );
  const passes = seen.slice(0, mostPasses).map((entry, i) => ({
    ...entry,
    seconds: Number(stamps[i * 2 + 1] - stamps[i * 2]) * 1e-9,
  }));
  return { passes, buffers };
}

/** Reads the first `count` timestamps and destroys the set. */
async function readStamps(
  gpu: Gpu,
  querySet: GPUQuerySet,
  count: number,
): Promise<BigUint64Array> {
  const size = Math.max(16, count * 8);
  const { device } = gpu;
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
  for (const buffer of [resolved, staging]) buffer.destroy();
  querySet.destroy();
  return stamps;
}

/** Seconds that `body` takes. */
export async function secondsOf(
  body: () => void | Promise<void>,
): Promise<number> {
  const start = performance.now();
  await body();
  return (performance.now() - start) / 1000;
}

/**
 * Wall clock of one repetition: windows of equal repetitions, each ended by one wait whose floor is taken off.
 * @param once submits one repetition without waiting
 */
export async function wallWindows(
  gpu: Gpu,
  floor: number,
  effort: Effort,
  once: () => void | Promise<void>,
): Promise<number[]> {
  const timed = async (times: number) => {
    const seconds = await secondsOf(async () => {
      for (let i = 0; i < times; i++) await once();
      await synchronize(gpu);
    });
    return Math.max(1e-9, seconds - floor);
  };
  await timed(1);
  const times = Math.max(1, Math.ceil(effort.seconds / await timed(1)));
  const values: number[] = [];
  for (let window = 0; window < effort.windows; window++) {
    values.push(await timed(times) / times);
  }
  return values;
}
