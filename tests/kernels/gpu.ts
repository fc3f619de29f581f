/**
 * Runs single kernels on given arrays for tests. One GPU a test file; where there is no adapter, GPU tests skip with a line that says so.
 * @module
 */
import { assertEquals } from "@std/assert";
import { closeGpu, type Gpu, NoAdapterError, openGpu } from "../../kernels/gpu/device.ts";
import { allocate, allocateImage, createArena, readBack, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import {
  copyToImage,
  createProgram,
  dispatch,
  imageType,
  type Kernel,
  releaseProgram,
  run,
  type Uniforms,
} from "../../kernels/gpu/program.ts";
import { stream } from "../../training/random.ts";

/** Data of one binding. */
export type Data = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

let shared: Gpu | null | undefined;

async function sharedGpu(): Promise<Gpu | null> {
  if (shared !== undefined) return shared;
  try {
    shared = await openGpu();
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    shared = null;
  }
  return shared;
}

/** Registers a test that needs a GPU; without one it passes after a line that says it was skipped. */
export function gpuTest(name: string, body: (gpu: Gpu) => Promise<void> | void): void {
  Deno.test({
    name,
    // The device outlives the test: opening one for each test would cost more than the tests.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const gpu = await sharedGpu();
      if (gpu) await body(gpu);
      else Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name} (no GPU adapter)\n`));
    },
  });
}

Deno.test.afterAll(() => {
  if (shared) closeGpu(shared);
});

/**
 * Runs `kernel` once. `bindings` gives each binding its initial data; what the kernel reads from an image is copied into one.
 * @returns the floats of every output afterwards
 */
export async function runKernel(
  gpu: Gpu,
  kernel: Kernel,
  bindings: Readonly<Record<string, Data>>,
  uniforms: Uniforms,
): Promise<Record<string, Float32Array<ArrayBuffer>>> {
  const arena = createArena(gpu);
  const program = createProgram<null>(gpu, `test of ${kernel.name}`);
  try {
    const tensors = Object.fromEntries(
      Object.entries(bindings).map(([name, data]) => {
        const tensor = allocate(arena, name, data.length);
        upload(gpu, tensor, data);
        return [name, tensor];
      }),
    );
    const images = Object.entries(kernel.inputs).filter(([, type]) => type === imageType).map(([name]) => {
      const { length } = tensors[name];
      return [name, copyToImage(program, tensors[name], allocateImage(arena, name, length)!, () => length)];
    });
    dispatch(program, kernel, { ...tensors, ...Object.fromEntries(images) }, () => uniforms);
    run(program, null);
    const names = Object.keys(kernel.outputs);
    const buffers = await readBack(gpu, names.map((name) => ({ tensor: tensors[name] })));
    return Object.fromEntries(names.map((name, i) => [name, new Float32Array(buffers[i])]));
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}

/** `length` values of about normal distribution, times `scale`, named by `name`. */
export function floats(name: string, length: number, scale = 1): Float32Array<ArrayBuffer> {
  const random = stream(1, "kernel tests", name);
  return Float32Array.from({ length }, () => random.normal() * scale);
}

/** An array of NaN: places that an oracle leaves so are not compared. */
export function unset(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length).fill(NaN);
}

/** Requires equal bits wherever `expected` is not NaN; names the first places that differ. */
export function assertBits(actual: Float32Array<ArrayBuffer>, expected: Float32Array, label: string): void {
  const wrong: string[] = [];
  const actualBits = new Uint32Array(actual.buffer, actual.byteOffset, actual.length);
  const expectedBits = new Uint32Array(expected.buffer, expected.byteOffset, expected.length);
  for (let i = 0; i < expected.length && wrong.length < 4; i++) {
    if (!Number.isNaN(expected[i]) && actualBits[i] !== expectedBits[i]) {
      wrong.push(`${label}[${i}]: ${actual[i]} instead of ${expected[i]}`);
    }
  }
  assertEquals(wrong, []);
}
