/**
 * GPU memory: arenas that own their buffers, uploads, and one batched read-back (each separate one costs 10 ms in Deno).
 * @module
 */
import { type Gpu, scoped, settle } from "./device.ts";

/** A named buffer of 4-byte elements. */
export interface Tensor {
  /** What errors call it. */
  readonly name: string;
  /** The buffer, at least 16 bytes long. */
  readonly buffer: GPUBuffer;
  /** Number of 4-byte elements. */
  readonly length: number;
}

/** Buffers that live and die together. */
export interface Arena {
  /** The device. */
  readonly gpu: Gpu;
  /** What it owns. */
  readonly tensors: Tensor[];
}

/** Opens an empty arena. */
export function createArena(gpu: Gpu): Arena {
  return { gpu, tensors: [] };
}

/**
 * A zeroed tensor of `length` 4-byte elements, rounded up to whole vec4s.
 * @throws where it exceeds what one binding of the adapter may hold.
 */
export function allocate(arena: Arena, name: string, length: number): Tensor {
  const { gpu } = arena;
  const bytes = Math.max(16, Math.ceil(length / 4) * 16);
  const limit = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
  if (bytes > limit) {
    throw new Error(
      `${name} needs ${bytes} bytes in one buffer, this adapter allows ${limit}; use fewer tokens per micro-batch or a smaller model`,
    );
  }
  const buffer = scoped(gpu, `buffer ${name}`, () =>
    gpu.device.createBuffer({
      label: name,
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    }));
  gpu.allocated += bytes;
  const tensor = { name, buffer, length };
  arena.tensors.push(tensor);
  return tensor;
}

/** Destroys every buffer of the arena. */
export function releaseArena(arena: Arena): void {
  for (const { buffer } of arena.tensors.splice(0)) {
    arena.gpu.allocated -= buffer.size;
    buffer.destroy();
  }
}

/** Copies `data` to the start of `tensor`, or to element `offset`. */
export function upload(
  gpu: Gpu,
  tensor: Tensor,
  data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  offset = 0,
): void {
  if (offset + data.length > Math.ceil(tensor.length / 4) * 4) {
    throw new Error(`${tensor.name} holds ${tensor.length} elements, not ${offset + data.length}`);
  }
  // Deno 2.9 panics on an empty write.
  if (data.length === 0) return;
  // Bytes, not elements: the meaning of sizes for typed arrays has changed between Deno versions.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  gpu.device.queue.writeBuffer(tensor.buffer, offset * 4, bytes);
}

/** A range of a tensor to read back, in elements. */
export interface ReadRange {
  readonly tensor: Tensor;
  readonly offset?: number;
  readonly length?: number;
}

/** Reads several ranges in one synchronisation; each comes back as its own buffer. */
export async function readBack(gpu: Gpu, ranges: readonly ReadRange[]): Promise<ArrayBuffer[]> {
  const sizes = ranges.map((range) => (range.length ?? range.tensor.length) * 4);
  const starts: number[] = [];
  let total = 0;
  for (const size of sizes) {
    starts.push(total);
    total += Math.ceil(size / 8) * 8;
  }
  const staging = scoped(
    gpu,
    "read-back buffer",
    () =>
      gpu.device.createBuffer({ size: Math.max(8, total), usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  );
  try {
    const encoder = gpu.device.createCommandEncoder();
    ranges.forEach((range, i) =>
      encoder.copyBufferToBuffer(range.tensor.buffer, (range.offset ?? 0) * 4, staging, starts[i], sizes[i])
    );
    gpu.device.queue.submit([encoder.finish()]);
    await settle(gpu);
    await staging.mapAsync(GPUMapMode.READ);
    await settle(gpu);
    const mapped = staging.getMappedRange();
    return sizes.map((size, i) => mapped.slice(starts[i], starts[i] + size));
  } finally {
    staging.destroy();
  }
}

/** Reads whole tensors of f32. */
export async function readFloats(gpu: Gpu, ...tensors: Tensor[]): Promise<Float32Array<ArrayBuffer>[]> {
  return (await readBack(gpu, tensors.map((tensor) => ({ tensor })))).map((buffer) => new Float32Array(buffer));
}
