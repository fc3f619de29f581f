/** The driver says what goes wrong where WebGPU in Deno would stay silent, and records and times programs. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { allocate, createArena, readBack, readFloats, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import {
  checkGpu,
  closeGpu,
  type Gpu,
  NoAdapterError,
  openGpu,
  settle,
  synchronize,
} from "../../kernels/gpu/device.ts";
import {
  createProgram,
  dispatch,
  type Kernel,
  kernelSource,
  profile,
  releaseProgram,
  run,
} from "../../kernels/gpu/program.ts";
import { gpuTest } from "./gpu.ts";

/** `y[i] = x[i] + step`, for `count` elements. */
const addStep: Kernel = {
  name: "add_step",
  body: `@compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x < params.count) { y[id.x] = x[id.x] + params.step; }
    }`,
  inputs: { x: "array<f32>" },
  outputs: { y: "array<f32>" },
  uniforms: { count: "u32", step: "f32" },
  grid: ({ count }) => [Math.ceil(count / 64)],
};

/** Opens a device of its own, because the test breaks it. */
async function withOwnGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await openGpu();
  try {
    await body(gpu);
  } finally {
    closeGpu(gpu);
  }
}

gpuTest("a program is recorded once and replayed for other shapes; an empty grid is left out", async (gpu) => {
  const arena = createArena(gpu);
  const [x, y, z] = ["x", "y", "z"].map((name) => allocate(arena, name, 6));
  upload(gpu, x, Float32Array.of(1, 2, 3, 4, 5, 6));
  const program = createProgram<{ count: number; step: number }>(gpu, "chain");
  dispatch(program, addStep, { x, y }, (shape) => shape);
  dispatch(program, addStep, { x: y, y: z }, ({ count }) => ({ count: count - 2, step: 100 }));
  await settle(gpu);
  run(program, { count: 6, step: 10 });
  const [all] = await readFloats(gpu, z);
  assertEquals([...all], [111, 112, 113, 114, 0, 0]);
  run(program, { count: 2, step: 20 });
  const [first, second] = await readFloats(gpu, y, z);
  assertEquals([...first], [21, 22, 13, 14, 15, 16]);
  assertEquals([...second], [111, 112, 113, 114, 0, 0]);
  const [part] = await readBack(gpu, [{ tensor: y, offset: 2, length: 3 }]);
  assertEquals([...new Float32Array(part)], [13, 14, 15]);
  if (gpu.timestamps) {
    const times = await profile(program, { count: 6, step: 1 });
    assertEquals(times.map(({ kernel }) => kernel), ["add_step", "add_step"]);
    assert(times.every(({ nanoseconds }) => nanoseconds >= 0));
  }
  const before = gpu.allocated;
  releaseProgram(program);
  releaseArena(arena);
  assertEquals(before - gpu.allocated, 3 * 32);
});

gpuTest("a kernel that does not compile poisons the run under its name", async () => {
  await withOwnGpu(async (gpu) => {
    const arena = createArena(gpu);
    const program = createProgram<null>(gpu, "broken");
    const broken = {
      ...addStep,
      name: "broken_kernel",
      body: "@compute @workgroup_size(1) fn main() { let a: u32 = 1.5; }",
    };
    dispatch(
      program,
      broken,
      { x: allocate(arena, "x", 4), y: allocate(arena, "y", 4) },
      () => ({ count: 4, step: 1 }),
    );
    const error = await assertRejects(() => settle(gpu), Error, "kernel broken_kernel");
    assertEquals(gpu.failure, error.message);
    assertThrows(() => checkGpu(gpu), Error, "broken_kernel");
  });
});

gpuTest("bindings and uniforms are checked by name", async (gpu) => {
  const arena = createArena(gpu);
  const x = allocate(arena, "x", 4);
  const y = allocate(arena, "y", 4);
  const program = createProgram<null>(gpu, "names");
  assertThrows(() => dispatch(program, addStep, { x }, () => ({})), Error, "kernel add_step needs a tensor for y");
  assertThrows(() => dispatch(program, addStep, { x, y, q: y }, () => ({})), Error, "kernel add_step has no binding q");
  dispatch(program, addStep, { x, y }, () => ({ count: 4 }));
  assertThrows(() => run(program, null), Error, "kernel add_step needs a value for step");
  assertThrows(() => upload(gpu, x, new Float32Array(5)), Error, "x holds 4 elements, not 5");
  assertThrows(() => kernelSource("//// kernel a\nfn main() {}", "b"), Error, "no kernel b in this WGSL file");
  releaseProgram(program);
  releaseArena(arena);
  await settle(gpu);
});

gpuTest("what exceeds the adapter's limits is refused before it reaches the device", (gpu) => {
  const arena = createArena(gpu);
  const bytes = gpu.limits.maxStorageBufferBindingSize + 16;
  const error = assertThrows(() => allocate(arena, "huge", bytes / 4), Error);
  assertStringIncludes(error.message, `huge needs ${bytes} bytes in one buffer, this adapter allows`);
  const program = createProgram<null>(gpu, "wide");
  const [x, y] = ["x", "y"].map((name) => allocate(arena, name, 4));
  dispatch(program, { ...addStep, grid: () => [1, 70000] }, { x, y }, () => ({ count: 4, step: 1 }));
  assertThrows(() => run(program, null), Error, "kernel add_step needs 1 x 70000 x 1 workgroups, this adapter allows");
  releaseProgram(program);
  releaseArena(arena);
});

gpuTest("a mistake on the queue, which Deno only reports aside, poisons the run", async () => {
  await withOwnGpu(async (gpu) => {
    const arena = createArena(gpu);
    const x = allocate(arena, "x", 4);
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(x.buffer, 0, x.buffer, 0, 1 << 20);
    gpu.device.queue.submit([encoder.finish()]);
    await assertRejects(() => synchronize(gpu), Error, "the GPU reported:");
  });
});

gpuTest("a device that is lost poisons the run; one that is given back does not", async () => {
  const gpu = await openGpu();
  closeGpu(gpu);
  await gpu.device.lost;
  assertEquals(gpu.failure, null);
});

Deno.test("without an adapter the program says what to install and exits with 3", async () => {
  const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-env=DENO_WEBGPU_BACKEND", `${root}main.ts`, "selfcheck"],
    env: { VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(new TextDecoder().decode(stdout), "");
  if (Deno.build.os === "linux") {
    assertEquals(code, 3, text);
    for (const part of ["Debian, Ubuntu:", "mesa-vulkan-drivers", "Fedora:", "macOS:", "Windows:"]) {
      assertStringIncludes(text, part);
    }
  }
  assertEquals(new NoAdapterError("x").name, "NoAdapterError");
});
