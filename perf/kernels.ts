/**
 * Times kernels one by one with timestamp queries.
 * @module
 */
import {
  allocate,
  allocateImage,
  type Arena,
  createArena,
  type Image,
  imageFits,
  prefersImages,
  releaseArena,
  type Tensor,
  upload,
} from "../kernels/gpu/buffers.ts";
import { type Gpu, settle } from "../kernels/gpu/device.ts";
import {
  copyToImage,
  createProgram,
  dispatch,
  imageType,
  profile,
  type Program,
  releaseProgram,
} from "../kernels/gpu/program.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { LlamaConfig } from "../models/config.ts";
import { filledTensor } from "./data.ts";
import type { KernelCase } from "./kernel_case.ts";
import { linearCases, modelCases } from "./kernel_cases.ts";
import { summarize, type Summary } from "./statistics.ts";
import type { Effort } from "./timing.ts";
import type { KernelRow, Skipped } from "./types.ts";

/** Kernels of one model's shape with one batch. */
export interface KernelSet {
  readonly model: string;
  readonly config: LlamaConfig;
  readonly batch: readonly [number, number];
}

/** Why a case cannot be measured here, or null. `rate`: GFLOP/s to expect. */
export function refusal(
  gpu: Gpu,
  one: KernelCase,
  rate: number,
  budget: number,
): string | null {
  const limit = Math.min(
    gpu.limits.maxBufferSize,
    gpu.limits.maxStorageBufferBindingSize,
  );
  const largest = Math.max(
    ...Object.values(one.bindings).map((b) => (typeof b === "number" ? b : b.length) * 4),
  );
  if (largest > limit) {
    return `a binding of ${largest} bytes; this adapter allows ${limit}`;
  }
  const seconds = (one.operations ?? 0) / rate / 1e9;
  return seconds > budget ? `about ${seconds.toFixed(1)} s a dispatch; the budget is ${budget} s` : null;
}

/** A binding of a case; an image is filled by a copy that `program` records. */
function bindingOf(
  arena: Arena,
  program: Program<null>,
  { kernel, bindings }: KernelCase,
  name: string,
): Tensor | Image {
  const size = bindings[name];
  if (typeof size !== "number") {
    const tensor = allocate(arena, name, size.length);
    upload(arena.gpu, tensor, size);
    return tensor;
  }
  const tensor = filledTensor(arena, name, size);
  if (kernel.inputs[name] !== imageType) return tensor;
  const image = allocateImage(arena, name, size);
  if (!image) throw new Error(`${kernel.name}: no texture of this adapter holds the ${size} elements of ${name}`);
  return copyToImage(program, tensor, image, () => size);
}

/** Device time of one dispatch, one value a window; copies into images are not in it. */
export async function kernelSeconds(
  gpu: Gpu,
  one: KernelCase,
  effort: Effort,
): Promise<Summary> {
  const arena = createArena(gpu);
  const programs = [1, 0].map(() => createProgram<null>(gpu, one.kernel.name));
  try {
    const [first, repeated] = programs;
    const tensors = Object.fromEntries(
      Object.keys(one.bindings).map((name) => [name, bindingOf(arena, first, one, name)]),
    );
    dispatch(first, one.kernel, tensors, () => one.uniforms);
    await profile(first, null);
    const [warm] = await profile(first, null);
    const times = Math.min(
      32,
      Math.max(
        1,
        Math.ceil(effort.kernelSeconds * 1e9 / Math.max(1, warm.nanoseconds)),
      ),
    );
    for (let i = 0; i < times; i++) {
      dispatch(repeated, one.kernel, tensors, () => one.uniforms);
    }
    const seconds: number[] = [];
    for (let window = 0; window < effort.windows; window++) {
      const total = (await profile(repeated, null)).reduce(
        (sum, { nanoseconds }) => sum + nanoseconds,
        0,
      );
      seconds.push(Math.max(1, total) * 1e-9 / times);
    }
    await settle(gpu);
    return summarize(seconds);
  } finally {
    for (const program of programs) releaseProgram(program);
    releaseArena(arena);
  }
}

/** A row but for its share, which needs the best of all rows. */
function rowOf(
  set: { model: string; batch: string },
  one: KernelCase,
  seconds: Summary,
): KernelRow {
  return {
    ...set,
    kernel: one.kernel.name,
    use: one.use,
    shape: one.shape,
    operands: one.operands,
    seconds,
    gigaflops: one.operations === null ? null : one.operations / seconds.median / 1e9,
    gigabytes: one.elements * 4 / seconds.median / 1e9,
    share: 0,
  };
}

/** Fills in the shares: of the best product for products, of the copy for the rest. */
export function withShares(
  rows: readonly KernelRow[],
  bestProduct: number,
  copy: number,
): KernelRow[] {
  return rows.map((row) => ({
    ...row,
    share: row.gigaflops === null ? row.gigabytes / copy : row.gigaflops / bestProduct,
  }));
}

/** Square products of `side` in every operand mode: what kernels are compared with across programs. */
function squareCases(gpu: Gpu, side: number): KernelCase[] {
  const sequences = Uint32Array.from([0, side, 0, 0]);
  const size = { rows: side, outputs: side, inputs: side, sequences };
  const images = prefersImages(gpu) && imageFits(gpu, side * side);
  const cases = (operands: Operands) => linearCases(gpu, "square", size, operands, images);
  return [...cases("f32"), ...cases("12bit").slice(0, 1), ...cases("bf16").slice(0, 1)];
}

/** Times all kernels of `sets` and of square products; what does not fit goes to `skipped`. */
export async function measureKernels(
  gpu: Gpu,
  sets: readonly KernelSet[],
  side: number,
  effort: Effort,
  log: (line: string) => void,
): Promise<{ rows: KernelRow[]; skipped: Skipped[] }> {
  const rows: KernelRow[] = [];
  const skipped: Skipped[] = [];
  for (const one of squareCases(gpu, side)) {
    rows.push(
      rowOf(
        { model: "square", batch: "" },
        one,
        await kernelSeconds(gpu, one, effort),
      ),
    );
  }
  for (const { model, config, batch } of sets) {
    const shown = batch.join(" x ");
    for (const one of modelCases(gpu, config, batch, "12bit")) {
      const label = `${model} ${one.kernel.name} ${one.use} ${one.shape}`;
      const rate = Math.max(...rows.map(({ gigaflops }) => gigaflops ?? 0));
      const why = refusal(gpu, one, rate, effort.budget);
      log(`kernel ${label}`);
      if (why === null) rows.push(rowOf({ model, batch: shown }, one, await kernelSeconds(gpu, one, effort)));
      else skipped.push({ what: label, why });
    }
  }
  return { rows, skipped };
}
