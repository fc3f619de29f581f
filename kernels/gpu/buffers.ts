/**
 * GPU memory: arenas that own their buffers, uploads, and one batched read-back (each separate one costs 10 ms in Deno).
 * @module
 */
import { type Gpu, scoped, settle } from "./device.ts";

/** A named stretch of a buffer, of 4-byte elements. */
export interface Tensor {
  /** What errors call it. */
  readonly name: string;
  /** The buffer, at least 16 bytes long. */
  readonly buffer: GPUBuffer;
  /** Bytes of the buffer before it. */
  readonly offset: number;
  /** Number of 4-byte elements. */
  readonly length: number;
}

/**
 * A texture that holds a copy of a tensor, four elements a texel, `imageWidth` texels a row. Some adapters reach texels much faster than
 * storage buffers.
 */
export interface Image {
  /** What errors call it. */
  readonly name: string;
  /** The texture, rgba32float. */
  readonly texture: GPUTexture;
  /** The view that kernels bind. */
  readonly view: GPUTextureView;
  /** Number of 4-byte elements that fit. */
  readonly length: number;
}

/** Texels in a row of an image. */
export const imageWidth = 4096;

/** Buffers and textures that live and die together. */
export interface Arena {
  /** The device. */
  readonly gpu: Gpu;
  /** Buffers it owns. */
  readonly tensors: Tensor[];
  /** Textures it owns. */
  readonly images: Image[];
}

/** Opens an empty arena. */
export function createArena(gpu: Gpu): Arena {
  return { gpu, tensors: [], images: [] };
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
  const tensor = { name, buffer, offset: 0, length };
  arena.tensors.push(tensor);
  return tensor;
}

/** Tensors that share a buffer begin at multiples of so many elements, and what lies between them stays zero. */
const neighbourAlignment = 4096;

const aligned = (length: number) => Math.ceil(length / neighbourAlignment) * neighbourAlignment;

/** Elements that `allocateTogether` takes for tensors of these lengths in one buffer. */
export function togetherElements(lengths: readonly number[]): number {
  return lengths.reduce((sum, length, i) => sum + (i < lengths.length - 1 ? aligned(length) : length), 0);
}

/**
 * Zeroed tensors next to each other, so that one dispatch may go over many: in one buffer, or in as few as the adapter's limits allow.
 * @throws where one of them exceeds what one binding of the adapter may hold
 */
export function allocateTogether(
  arena: Arena,
  parts: readonly { readonly name: string; readonly length: number }[],
): Tensor[] {
  const { limits } = arena.gpu;
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) / 4 - 4;
  const groups: { name: string; length: number }[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (last && togetherElements([...last, part].map(({ length }) => length)) <= most) last.push(part);
    else groups.push([part]);
  }
  return groups.flatMap((group) => {
    const name = group.length === 1 ? group[0].name : `${group[0].name} to ${group.at(-1)!.name}`;
    const { buffer } = allocate(arena, name, togetherElements(group.map(({ length }) => length)));
    let start = 0;
    return group.map((part) => {
      const offset = 4 * start;
      start += aligned(part.length);
      return { ...part, buffer, offset };
    });
  });
}

/** Whether `second` is the next in its buffer after `first`. */
export function follows(first: Tensor, second: Tensor): boolean {
  return second.buffer === first.buffer && second.offset === first.offset + 4 * aligned(first.length);
}

/** Neighbours from `first` to `last`, with the zeros between them, as one tensor. */
export function stretch(first: Tensor, last: Tensor): Tensor {
  if (first === last) return first;
  const length = (last.offset - first.offset) / 4 + last.length;
  return { name: `${first.name} to ${last.name}`, buffer: first.buffer, offset: first.offset, length };
}

/** Bytes of an image for `length` elements. */
export function imageBytes(length: number): number {
  return Math.max(1, Math.ceil(length / (4 * imageWidth))) * imageWidth * 16;
}

/** Rows of texels in an image of `length` elements. */
function imageHeight(length: number): number {
  return imageBytes(length) / (imageWidth * 16);
}

/** Whether this adapter's textures can hold `length` elements. */
export function imageFits({ limits }: Pick<Gpu, "limits">, length: number): boolean {
  return Math.max(imageWidth, imageHeight(length)) <= limits.maxTextureDimension2D;
}

/** An image for `length` elements; null where this adapter's textures cannot hold as many. */
export function allocateImage(arena: Arena, name: string, length: number): Image | null {
  const { gpu } = arena;
  if (!imageFits(gpu, length)) return null;
  const texture = scoped(gpu, `image ${name}`, () =>
    gpu.device.createTexture({
      label: name,
      size: [imageWidth, imageHeight(length)],
      format: "rgba32float",
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
    }));
  gpu.allocated += imageBytes(length);
  const image = { name, texture, view: texture.createView(), length };
  arena.images.push(image);
  return image;
}

/** Whether lanes of this adapter reach the texels of an image faster than the elements of a storage buffer. */
export function prefersImages({ adapter, subgroupSize }: Pick<Gpu, "adapter" | "subgroupSize">): boolean {
  return adapter.software && (subgroupSize === 8 || subgroupSize === 16);
}

/** Values that never change: in an image where the adapter prefers these and they fit, else in a tensor. */
export function allocateTable(arena: Arena, name: string, data: Float32Array<ArrayBuffer>): Tensor | Image {
  const { gpu } = arena;
  const image = prefersImages(gpu) ? allocateImage(arena, name, data.length) : null;
  if (!image) {
    const tensor = allocate(arena, name, data.length);
    upload(gpu, tensor, data);
    return tensor;
  }
  const texels = new Float32Array(imageBytes(data.length) / 4);
  texels.set(data);
  gpu.device.queue.writeTexture({ texture: image.texture }, texels, { bytesPerRow: imageWidth * 16 }, [
    imageWidth,
    imageHeight(data.length),
  ]);
  return image;
}

/** Bytes that `allocateTable` takes for so many values. */
export function tableBytes(gpu: Pick<Gpu, "adapter" | "subgroupSize" | "limits">, length: number): number {
  return prefersImages(gpu) && imageFits(gpu, length) ? imageBytes(length) : Math.max(16, Math.ceil(length / 4) * 16);
}

/** Destroys every buffer and texture of the arena. */
export function releaseArena(arena: Arena): void {
  for (const { texture, length } of arena.images.splice(0)) {
    arena.gpu.allocated -= imageBytes(length);
    texture.destroy();
  }
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
  gpu.device.queue.writeBuffer(tensor.buffer, tensor.offset + offset * 4, bytes);
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
    ranges.forEach(({ tensor, offset = 0 }, i) =>
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offset + offset * 4, staging, starts[i], sizes[i])
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
