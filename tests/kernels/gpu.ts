/**
 * Runs single kernels on given arrays for tests. One GPU a test file; where there is no adapter, GPU tests skip with a line that says so.
 * @module
 */
import { closeGpu, type Gpu, NoAdapterError, openGpu } from "../../kernels/gpu/device.ts";
import { allocate, createArena, readBack, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import { createProgram, dispatch, type Kernel, releaseProgram, run, type Uniforms } from "../../kernels/gpu/program.ts";

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
      else console.warn(`skipped: ${name} (no GPU adapter)`);
    },
  });
}

Deno.test.afterAll?.(() => {
  if (shared) closeGpu(shared);
});

/**
 * Runs `kernel` once. `bindings` gives each binding its initial data.
 * @returns the data of every output afterwards, as the type it came in
 */
export async function runKernel(
  gpu: Gpu,
  kernel: Kernel,
  bindings: Readonly<Record<string, Data>>,
  uniforms: Uniforms,
): Promise<Record<string, Data>> {
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
    dispatch(program, kernel, tensors, () => uniforms);
    run(program, null);
    const names = Object.keys(kernel.outputs);
    const buffers = await readBack(gpu, names.map((name) => ({ tensor: tensors[name] })));
    return Object.fromEntries(
      names.map((name, i) => [
        name,
        bindings[name] instanceof Float32Array ? new Float32Array(buffers[i]) : new Uint32Array(buffers[i]),
      ]),
    );
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}
