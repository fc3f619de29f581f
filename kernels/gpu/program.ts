/**
 * Kernels and programs. A kernel is WGSL with named bindings; a program is a list of dispatches recorded once and replayed.
 * Buffers and bind groups are fixed at recording; sizes may differ from run to run, so uniforms are functions of a shape `S`
 * and are written in one copy per run.
 * @module
 */
import { type Gpu, scoped } from "./device.ts";
import { type Image, imageWidth, type Tensor } from "./buffers.ts";
import numerics from "../numerics.wgsl" with { type: "text" };

/** Scalar types a uniform may have. */
export type UniformType = "u32" | "f32";

/** One compute kernel: its WGSL is declarations made from this description, the numerics library, and `body`. */
export interface Kernel {
  /** Name of the op; appears in errors and profiles. */
  readonly name: string;
  /**
   * WGSL with an entry point `main`; refers to bindings by name and to uniforms as `params.name`. An input of `array<vec4<f32>>` is
   * best read with `fetch_NAME(quad)`, which an image has too.
   */
  readonly body: string;
  /** Bindings that are only read: name to WGSL type, of a storage buffer or `imageType`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Storage bindings that are written. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Uniforms in order. `zero` is there always and always 0: see `opaque` in numerics.wgsl. */
  readonly uniforms: Readonly<Record<string, UniformType>>;
  /** Number of workgroups for given uniforms. */
  readonly grid: (uniforms: Uniforms) => readonly [number, number?, number?];
}

/**
 * WGSL type of an input that is an image; its elements are read with `fetch_NAME(quad)`. A storage texture, not a sampled one: that
 * has levels of detail, which lavapipe works out for each lane of each load.
 */
export const imageType = "texture_storage_2d<rgba32float, read>";

/** WGSL type of an input or output that holds a matrix by rows, four columns an element. */
export const matrixType = "array<vec4<f32>>";

/** WGSL type of an output that is an image; its elements are written with `store_NAME(quad, value)`. */
export const imageOutputType = "texture_storage_2d<rgba32float, write>";

/** Values of a kernel's uniforms. */
export type Uniforms = Readonly<Record<string, number>>;

/** The section of a .wgsl file that starts at `//// kernel NAME`, after the part shared by all its kernels. */
export function kernelSource(file: string, name: string): string {
  const [shared, ...sections] = file.split(/^\/\/\/\/ kernel /m);
  const section = sections.find((text) => text.slice(0, text.indexOf("\n")).trim() === name);
  if (section === undefined) throw new Error(`no kernel ${name} in this WGSL file`);
  return shared + section.slice(section.indexOf("\n"));
}

/** The kernel with these of its matrices read from images; its body reads them with `fetch_NAME`. */
export function fromImages(kernel: Kernel, names: readonly string[]): Kernel {
  return { ...kernel, inputs: { ...kernel.inputs, ...Object.fromEntries(names.map((name) => [name, imageType])) } };
}

/**
 * How a kernel reads the matrix that it replaces, by `fetch_given(quad)`: in place, or from `given`, an image with a copy of it.
 * @param name the output that is replaced
 */
export function givenInput(name: string, image: boolean): { inputs: Readonly<Record<string, string>>; wgsl: string } {
  return image
    ? { inputs: { given: imageType }, wgsl: "" }
    : { inputs: {}, wgsl: `fn fetch_given(quad: u32) -> vec4<f32> { return ${name}[quad]; }\n` };
}

/** Full WGSL of a kernel. */
function kernelWgsl(kernel: Kernel): string {
  const bindings = [
    ...Object.entries(kernel.inputs).map(([name, type]) => [name, type, "read"]),
    ...Object.entries(kernel.outputs).map(([name, type]) => [name, type, "read_write"]),
  ];
  return [
    `struct Params { zero: u32, ${
      Object.entries(kernel.uniforms).map(([name, type]) => `${name}: ${type}`).join(", ")
    } }`,
    "@group(0) @binding(0) var<uniform> params: Params;",
    ...bindings.map(([name, type, access], i) =>
      `@group(0) @binding(${i + 1}) ${type.startsWith("texture") ? `var` : `var<storage, ${access}>`} ${name}: ${type};`
    ),
    ...bindings.filter(([, type]) => type === imageType).map(([name]) =>
      `fn fetch_${name}(quad: u32) -> vec4<f32> {
        return textureLoad(${name}, vec2<u32>(quad % ${imageWidth}u, quad / ${imageWidth}u));
      }`
    ),
    ...Object.entries(kernel.inputs).filter(([, type]) => type === matrixType).map(([name]) =>
      `fn fetch_${name}(quad: u32) -> vec4<f32> { return ${name}[quad]; }`
    ),
    ...bindings.filter(([, type]) => type === imageOutputType).map(([name]) =>
      `fn store_${name}(quad: u32, value: vec4<f32>) {
        textureStore(${name}, vec2<u32>(quad % ${imageWidth}u, quad / ${imageWidth}u), value);
      }`
    ),
    numerics,
    kernel.body,
  ].join("\n");
}

/** The compiled pipeline of a kernel; compiled once per source. */
function pipelineOf(gpu: Gpu, kernel: Kernel): GPUComputePipeline {
  const code = kernelWgsl(kernel);
  const known = gpu.pipelines.get(code);
  if (known) return known;
  const pipeline = scoped(gpu, `kernel ${kernel.name}`, () => {
    const layout = gpu.device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform" } },
        ...Object.values(kernel.inputs).map((type, i) => ({
          binding: i + 1,
          visibility: GPUShaderStage.COMPUTE,
          ...(type === imageType
            ? { storageTexture: { access: "read-only" as const, format: "rgba32float" as const } }
            : { buffer: { type: "read-only-storage" as const } }),
        })),
        ...Object.values(kernel.outputs).map((type, i) => ({
          binding: i + 1 + Object.keys(kernel.inputs).length,
          visibility: GPUShaderStage.COMPUTE,
          ...(type === imageOutputType
            ? { storageTexture: { access: "write-only" as const, format: "rgba32float" as const } }
            : { buffer: { type: "storage" as const } }),
        })),
      ],
    });
    return gpu.device.createComputePipeline({
      label: kernel.name,
      layout: gpu.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: gpu.device.createShaderModule({ label: kernel.name, code }), entryPoint: "main" },
    });
  });
  gpu.pipelines.set(code, pipeline);
  return pipeline;
}

interface Dispatch<S> {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly uniforms: (shape: S) => Uniforms;
  readonly offset: number;
  /** Copies that come before it. */
  readonly copies: readonly Copy<S>[];
}

/** Copies the first `length` elements of a tensor into an image. */
interface Copy<S> {
  readonly tensor: Tensor;
  readonly image: Image;
  readonly length: (shape: S) => number;
}

/** A recorded list of dispatches over shapes of type `S`. */
export interface Program<S> {
  readonly gpu: Gpu;
  readonly label: string;
  readonly dispatches: Dispatch<S>[];
  /** Copies that the next dispatch will wait for; after the last, they end the program. */
  readonly copies: Copy<S>[];
  readonly uniformBuffer: GPUBuffer;
  readonly uniformBytes: ArrayBuffer;
  /** Bytes of the uniform buffer in use. */
  used: number;
}

const uniformCapacity = 1 << 18;

/** An empty program. */
export function createProgram<S>(gpu: Gpu, label: string): Program<S> {
  return {
    gpu,
    label,
    dispatches: [],
    copies: [],
    uniformBuffer: scoped(
      gpu,
      `uniforms of ${label}`,
      () => gpu.device.createBuffer({ size: uniformCapacity, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST }),
    ),
    uniformBytes: new ArrayBuffer(uniformCapacity),
    used: 0,
  };
}

/** Frees what the program owns; tensors belong to their arenas. */
export function releaseProgram<S>(program: Program<S>): void {
  program.uniformBuffer.destroy();
}

/** What is bound of a tensor: its own stretch of the buffer, whole vec4s. */
function bindingOf({ buffer, offset, length }: Tensor): GPUBufferBinding {
  return { buffer, offset, size: Math.max(16, Math.ceil(length / 4) * 16) };
}

/** Records the copy of the first `length` elements of `tensor` into `image`, between what is recorded before and after; returns the image. */
export function copyToImage<S>(
  program: Program<S>,
  tensor: Tensor,
  image: Image,
  length: (shape: S) => number,
): Image {
  if (image.length < tensor.length) throw new Error(`${tensor.name} does not fit ${image.name}`);
  program.copies.push({ tensor, image, length });
  return image;
}

/**
 * Records one dispatch. `tensors` names a tensor or image for each binding of the kernel; `uniforms` gives its uniforms for a shape.
 * A dispatch whose grid is empty for a shape is left out of that run.
 */
export function dispatch<S>(
  program: Program<S>,
  kernel: Kernel,
  tensors: Readonly<Record<string, Tensor | Image>>,
  uniforms: (shape: S) => Uniforms,
): void {
  const { gpu } = program;
  const pipeline = pipelineOf(gpu, kernel);
  const size = Math.ceil((1 + Object.keys(kernel.uniforms).length) / 4) * 16;
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const offset = program.used;
  program.used += Math.ceil(size / alignment) * alignment;
  if (program.used > uniformCapacity) throw new Error(`program ${program.label} has too many dispatches`);
  const names = [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs)];
  for (const name of Object.keys(tensors)) {
    if (!names.includes(name)) throw new Error(`kernel ${kernel.name} has no binding ${name}`);
  }
  const bindGroup = scoped(gpu, `bindings of ${kernel.name} in ${program.label}`, () =>
    gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: program.uniformBuffer, offset, size } },
        ...names.map((name, i) => {
          const tensor = tensors[name];
          if (!tensor) throw new Error(`kernel ${kernel.name} needs a tensor for ${name}`);
          return { binding: i + 1, resource: "view" in tensor ? tensor.view : bindingOf(tensor) };
        }),
      ],
    }));
  program.dispatches.push({ kernel, pipeline, bindGroup, uniforms, offset, copies: program.copies.splice(0) });
}

/** Evaluates all uniforms for `shape` and returns the grid of each dispatch. */
function prepare<S>(program: Program<S>, shape: S): (readonly [number, number, number])[] {
  const limit = program.gpu.limits.maxComputeWorkgroupsPerDimension;
  const words = new Uint32Array(program.uniformBytes);
  const floats = new Float32Array(program.uniformBytes);
  const grids = program.dispatches.map(({ kernel, uniforms, offset }) => {
    const values = uniforms(shape);
    let at = offset / 4;
    words[at++] = 0;
    for (const [name, type] of Object.entries(kernel.uniforms)) {
      const value = values[name];
      if (value === undefined) throw new Error(`kernel ${kernel.name} needs a value for ${name}`);
      if (type === "f32") floats[at++] = value;
      else words[at++] = value;
    }
    const [x, y = 1, z = 1] = kernel.grid(values);
    if (x > limit || y > limit || z > limit) {
      throw new Error(`kernel ${kernel.name} needs ${x} x ${y} x ${z} workgroups, this adapter allows ${limit} a side`);
    }
    return [x, y, z] as const;
  });
  // Deno 2.9 panics on an empty write.
  if (program.used > 0) {
    program.gpu.device.queue.writeBuffer(
      program.uniformBuffer,
      0,
      new Uint8Array(program.uniformBytes, 0, program.used),
    );
  }
  return grids;
}

/** Encodes copies: whole rows of the image, then the rest. */
function encodeCopies<S>(encoder: GPUCommandEncoder, copies: readonly Copy<S>[], shape: S): void {
  const bytesPerRow = imageWidth * 16;
  for (const { tensor: { buffer, offset }, image: { texture }, length } of copies) {
    const texels = Math.ceil(length(shape) / 4);
    const rows = Math.floor(texels / imageWidth);
    const rest = texels % imageWidth;
    if (rows > 0) encoder.copyBufferToTexture({ buffer, offset, bytesPerRow }, { texture }, [imageWidth, rows]);
    if (rest > 0) {
      const start = offset + rows * bytesPerRow;
      encoder.copyBufferToTexture({ buffer, offset: start }, { texture, origin: [0, rows] }, [rest, 1]);
    }
  }
}

/** Runs the program `times` times for `shape` without waiting, in one compute pass between copies. */
export function run<S>(program: Program<S>, shape: S, times = 1): void {
  if (program.dispatches.length === 0 && program.copies.length === 0) return;
  const grids = prepare(program, shape);
  const encoder = program.gpu.device.createCommandEncoder({ label: program.label });
  let pass = encoder.beginComputePass();
  for (let time = 0; time < times; time++) {
    program.dispatches.forEach(({ pipeline, bindGroup, copies }, i) => {
      const [x, y, z] = grids[i];
      if (copies.length > 0) {
        pass.end();
        encodeCopies(encoder, copies, shape);
        pass = encoder.beginComputePass();
      }
      if (x * y * z === 0) return;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(x, y, z);
    });
  }
  pass.end();
  encodeCopies(encoder, program.copies, shape);
  program.gpu.device.queue.submit([encoder.finish()]);
}

/** Time of one dispatch on the device. */
export interface DispatchTime {
  /** Name of the kernel. */
  readonly kernel: string;
  /** Time on the device. */
  readonly nanoseconds: number;
}

/**
 * Runs the program once with a timestamp before and after each dispatch. Slower than `run`: each dispatch gets its own pass.
 * @throws where the adapter has no timestamp queries.
 */
export async function profile<S>(program: Program<S>, shape: S): Promise<DispatchTime[]> {
  const { gpu } = program;
  if (!gpu.timestamps) throw new Error("this adapter has no timestamp queries");
  const grids = prepare(program, shape);
  const live = program.dispatches.map((_, i) => i).filter((i) => grids[i][0] * grids[i][1] * grids[i][2] > 0);
  const count = live.length * 2;
  const querySet = gpu.device.createQuerySet({ type: "timestamp", count: Math.max(2, count) });
  const resolved = gpu.device.createBuffer({
    size: Math.max(16, count * 8),
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = gpu.device.createBuffer({
    size: resolved.size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = gpu.device.createCommandEncoder({ label: program.label });
  program.dispatches.forEach(({ pipeline, bindGroup, copies }, index) => {
    encodeCopies(encoder, copies, shape);
    const i = live.indexOf(index);
    if (i < 0) return;
    const pass = encoder.beginComputePass({
      timestampWrites: { querySet, beginningOfPassWriteIndex: i * 2, endOfPassWriteIndex: i * 2 + 1 },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...grids[index]);
    pass.end();
  });
  encodeCopies(encoder, program.copies, shape);
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, resolved.size);
  gpu.device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
  for (const buffer of [resolved, staging]) buffer.destroy();
  querySet.destroy();
  return live.map((index, i) => ({
    kernel: program.dispatches[index].kernel.name,
    nanoseconds: Number(stamps[i * 2 + 1] - stamps[i * 2]),
  }));
}

/** Sets tensors to zero, in order with what is submitted. */
export function clear(gpu: Gpu, tensors: readonly Tensor[]): void {
  const encoder = gpu.device.createCommandEncoder({ label: "clear" });
  for (const { buffer, offset, length } of tensors) encoder.clearBuffer(buffer, offset, 4 * length);
  gpu.device.queue.submit([encoder.finish()]);
}
