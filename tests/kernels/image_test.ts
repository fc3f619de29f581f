import { assertEquals, assertThrows } from "@std/assert";
import {
  allocate,
  allocateImage,
  createArena,
  imageBytes,
  readFloats,
  releaseArena,
  upload,
} from "../../kernels/gpu/buffers.ts";
import {
  copyToImage,
  createProgram,
  dispatch,
  imageType,
  type Kernel,
  profile,
  releaseProgram,
  run,
} from "../../kernels/gpu/program.ts";
import { floats, gpuTest } from "./gpu.ts";

/** Copies an image back into a buffer. */
const readImage: Kernel = {
  name: "read_image",
  body: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < params.quads) { y[id.x] = fetch_x(id.x); }
  }`,
  inputs: { x: imageType },
  outputs: { y: "array<vec4<f32>>" },
  uniforms: { quads: "u32" },
  grid: ({ quads }) => [Math.ceil(quads / 64)],
};

gpuTest(
  "an image holds the bits of its tensor, over whole rows of texels and a rest, and each copy is in its place",
  async (gpu) => {
    const before = gpu.allocated;
    const arena = createArena(gpu);
    const program = createProgram<null>(gpu, "images");
    try {
      const lengths = [4, 2 * 4096 * 4, 4096 * 4 + 20];
      const image = allocateImage(arena, "image", Math.max(...lengths))!;
      const pairs = lengths.map((length) => {
        const data = floats(`${length}`, length);
        // Subnormals are no operands; the smallest normal number is.
        data[1] = 2 ** -126;
        const [x, y] = [allocate(arena, "x", length), allocate(arena, "y", length)];
        upload(gpu, x, data);
        copyToImage(program, x, image, () => length);
        dispatch(program, readImage, { x: image, y }, () => ({ quads: length / 4 }));
        return { data, y };
      });
      for (const go of [() => run(program, null), () => gpu.timestamps ? profile(program, null) : null]) {
        await go();
        const read = await readFloats(gpu, ...pairs.map(({ y }) => y));
        pairs.forEach(({ data }, i) => assertEquals(read[i], data));
      }
      const small = allocateImage(arena, "small", 4)!;
      assertEquals(small.length, 4);
      assertThrows(() => copyToImage(program, pairs[1].y, small, () => 4), Error, "y does not fit small");
    } finally {
      releaseProgram(program);
      releaseArena(arena);
    }
    assertEquals(gpu.allocated, before);
  },
);

gpuTest("an image that textures of this adapter cannot hold is null", (gpu) => {
  const arena = createArena(gpu);
  assertEquals(allocateImage(arena, "huge", 4 * 4096 * (gpu.limits.maxTextureDimension2D + 1)), null);
  assertEquals(imageBytes(1), 4096 * 16);
});
