/**
 * What the adapter can do at most, measured in the same run: a copy, and multiply-adds that touch no memory. Also the one kernel that a
 * comparison needs and training does not: a plain step of gradient descent.
 * @module
 */
import { allocate, createArena, releaseArena } from "../kernels/gpu/buffers.ts";
import type { Gpu } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, type Kernel, profile, releaseProgram } from "../kernels/gpu/program.ts";
import { threadGrid } from "../kernels/grid.ts";
import { filledTensor } from "./data.ts";
import { summarize } from "./statistics.ts";
import type { Effort } from "./timing.ts";

const matrix = "array<vec4<f32>>";
const head = `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * 32768u + group.x) * 64u + lane;`;

/** `y[length] = x[length]`. */
export const copy: Kernel = {
  name: "copy",
  body: `${head} if (i < params.length / 4u) { y[i] = x[i]; } }`,
  inputs: { x: matrix },
  outputs: { y: matrix },
  uniforms: { length: "u32" },
  grid: ({ length }) => threadGrid(length / 4, 64),
};

/** `weight[length] -= rate * gradient[length]`, and the gradient is zero afterwards. */
export const gradientDescent: Kernel = {
  name: "gradient_descent",
  body: `${head} if (i < params.length / 4u) {
    weight[i] -= params.rate * gradient[i];
    gradient[i] = vec4<f32>(0.0);
  } }`,
  inputs: {},
  outputs: { weight: matrix, gradient: matrix },
  uniforms: { length: "u32", rate: "f32" },
  grid: ({ length }) => threadGrid(length / 4, 64),
};

const chains = 8;

/** Eight chains of vec4 multiply-adds a thread, `rounds` times four long. */
const arithmetic: Kernel = {
  name: "arithmetic",
  body: `${head} let a = x[i % 16u]; let b = x[(i + 5u) % 16u];
    ${
    Array.from(
      { length: chains },
      (_, c) => `var c${c} = x[(i + ${c}u) % 16u];`,
    ).join(" ")
  }
    for (var round = 0u; round < params.rounds; round++) {
      ${
    Array.from({ length: chains }, (_, c) => `c${c} = (((c${c} * a + b) * a + b) * a + b) * a + b;`).join("\n      ")
  }
    }
    y[i] = ${Array.from({ length: chains }, (_, c) => `c${c}`).join(" + ")};
  }`,
  inputs: { x: matrix },
  outputs: { y: matrix },
  uniforms: { rounds: "u32", groups: "u32" },
  grid: ({ groups }) => [groups],
};

/** Seconds of device time of one dispatch, one value a window: the shortest of three in each. */
async function deviceSeconds(
  gpu: Gpu,
  kernel: Kernel,
  lengths: Readonly<Record<string, number>>,
  uniforms: Readonly<Record<string, number>>,
  windows: number,
): Promise<number[]> {
  const arena = createArena(gpu);
  const program = createProgram<null>(gpu, kernel.name);
  try {
    const tensors = Object.fromEntries(
      Object.entries(lengths).map(([name, length]) => [
        name,
        name === "x" ? filledTensor(arena, name, length) : allocate(arena, name, length),
      ]),
    );
    for (let i = 0; i < 3; i++) {
      dispatch(program, kernel, tensors, () => uniforms);
    }
    await profile(program, null);
    const seconds: number[] = [];
    for (let i = 0; i < windows; i++) {
      seconds.push(
        Math.min(
          ...(await profile(program, null)).map(({ nanoseconds }) => nanoseconds),
        ) * 1e-9,
      );
    }
    return seconds;
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}

/** Measures copy and arithmetic. */
export async function measureLimits(
  gpu: Gpu,
  effort: Effort,
): Promise<{ arithmetic: number; copy: number }> {
  // Half a binding at most, and more than any cache of a processor.
  const length = Math.min(1 << 24, gpu.limits.maxStorageBufferBindingSize / 8);
  const copied = await deviceSeconds(gpu, copy, { x: length, y: length }, {
    length,
  }, effort.windows);
  const groups = gpu.adapter.software ? 16 : 8192;
  const rounds = gpu.adapter.software ? 2048 : 1024;
  const sums = await deviceSeconds(
    gpu,
    arithmetic,
    { x: 64, y: groups * 64 * 4 },
    { rounds, groups },
    effort.windows,
  );
  const operations = groups * 64 * chains * 4 * 4 * 2 * rounds;
  return {
    arithmetic: operations / summarize(sums).median / 1e9,
    copy: length * 8 / summarize(copied).median / 1e9,
  };
}
