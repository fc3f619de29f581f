/** Attention over cached keys, a shared prefix before each row's own: every kernel equals its definition, for any tile. */
import { attentionSoftmaxCached } from "../../kernels/attention/attention.ts";
import { attentionSoftmaxLanes, softmaxLanes } from "../../kernels/attention/lanes.ts";
import {
  attentionScoresCached,
  attentionValuesCached,
  cacheAppend,
  type CachePart,
} from "../../kernels/attention/cached.ts";
import {
  attentionScoresCachedOracle,
  attentionSoftmaxCachedOracle,
  attentionValuesCachedOracle,
  cacheAppendOracle,
} from "../../kernels/attention/oracle.ts";
import { allocate, allocateImage, createArena, readFloats, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import {
  copyToImage,
  createProgram,
  dispatch,
  fromImages,
  imageType,
  type Kernel,
  releaseProgram,
  run,
} from "../../kernels/gpu/program.ts";
import type { Tile } from "../../kernels/matmul/tile.ts";
import { operandRounding, type Operands } from "../../kernels/numerics.ts";
import { assertBits, type Data, floats, gpuTest, runKernel, unset } from "./gpu.ts";

const pad = (n: number) => Math.ceil(n / 4) * 4;
const allOperands: Operands[] = ["12bit", "f32", "bf16"];

function tilesOf(gpu: Gpu): Tile[] {
  const plain: Tile[] = [
    { lanes: 8, groups: 1, rows: 1, columns: 1, broadcast: false },
    { lanes: 32, groups: 1, rows: 1, columns: 1, broadcast: false },
    { lanes: 8, groups: 1, rows: 4, columns: 2, broadcast: false },
    { lanes: 16, groups: 8, rows: 4, columns: 1, broadcast: false },
  ];
  // Rows, vec4 columns, groups of lanes: of one row, groups are key heads.
  const broadcast: Record<number, number[][]> = {
    8: [[1, 1, 1], [8, 1, 1], [32, 2, 1]],
    16: [[1, 1, 1], [1, 1, 2], [8, 1, 2], [32, 2, 1]],
  };
  return [
    ...plain,
    ...(broadcast[gpu.subgroupSize] ?? []).map(([rows, columns, groups]) => (
      { lanes: gpu.subgroupSize / groups, groups, rows, columns, broadcast: true, bImage: rows < 32 }
    )),
  ];
}

/** New tokens of each row, own keys before them, heads, key heads, columns of a head, prefix. */
const shapes: [number[], number[], number, number, number, number][] = [
  // One token alone; a step of decoding with a row that is finished; prompts of ragged lengths; both after a prefix.
  [[1], [0], 1, 1, 4, 0],
  [[1, 0, 1], [70, 3, 5], 4, 2, 12, 0],
  [[5, 1, 37], [0, 0, 0], 3, 3, 8, 0],
  [[1, 1, 1, 1, 1, 0, 1], [16, 0, 3, 8, 40, 2, 4], 4, 2, 8, 68],
  [[5, 1, 37], [0, 6, 3], 6, 2, 36, 20],
];

gpuTest("attention over cached keys equals its definition, with every tile, in every operand mode", async (gpu) => {
  for (const [lengths, before, heads, keyValueHeads, headSize, prefix] of shapes) {
    const width = (heads + 2 * keyValueHeads) * headSize;
    const own = Math.max(...lengths.map((n, s) => n + before[s]));
    const [capacity, prefixCapacity, stride] = [pad(own) + 4, prefix + 8, pad(prefix + own)];
    let tokens = 0;
    const rows = lengths.length;
    // Slots in reverse order: a row may lie in any.
    const sequences = Uint32Array.from(lengths.flatMap((n, s) => [(tokens += n) - n, n, before[s], rows - 1 - s]));
    const positions = Uint32Array.from(
      lengths.flatMap((n, s) => Array.from({ length: n }, (_, i) => prefix + before[s] + i)),
    );
    const shape = { heads, keyValueHeads, headSize, width, prefix, stride, prefixCapacity, capacity };
    const longest = Math.max(...lengths);
    const uniforms = { ...shape, tokens, count: rows, longest, keys: own };
    const queries = floats("queries", tokens * width);
    for (const operands of allOperands) {
      // A cache holds operands.
      const filled = (name: string, slots: number, size: number) =>
        floats(name, slots * size * 2 * keyValueHeads * headSize).map(operandRounding(operands));
      const caches = { prefix: filled("prefix", 1, prefixCapacity), own: filled("own", rows, capacity) };
      const expectedScores = unset(tokens * heads * stride);
      attentionScoresCachedOracle(queries, caches, sequences, expectedScores, shape, operands);
      const scale = Math.fround(headSize ** -0.5);
      const expectedMixed = new Float32Array(tokens * heads * headSize);
      const prefixUniforms = { ...uniforms, capacity: prefixCapacity };
      for (const tile of tilesOf(gpu)) {
        const label = `${lengths} after ${before} and ${prefix}, ${operands}, ${JSON.stringify(tile)}`;
        let scores = new Float32Array(expectedScores.length);
        const of = { queries, sequences };
        if (prefix > 0) {
          const bindings = { queries, cache: caches.prefix, scores };
          ({ scores } = await runKernel(
            gpu,
            attentionScoresCached("prefix", operands, tile),
            bindings,
            prefixUniforms,
          ));
        }
        const ownBindings = { ...of, cache: caches.own, scores };
        ({ scores } = await runKernel(gpu, attentionScoresCached("own", operands, tile), ownBindings, uniforms));
        assertBits(scores, expectedScores, `${label}: scores`);

        const span = tile.rows * tile.groups;
        const weights = scores.slice();
        attentionSoftmaxCachedOracle(weights, positions, shape, span, scale);
        for (const schedule of ["thread", "workgroup"] as const) {
          const softened = await runKernel(gpu, attentionSoftmaxCached(schedule), { positions, scores }, {
            ...uniforms,
            span,
            scale,
          });
          assertBits(softened.scores, weights, `${label}: weights, ${schedule}`);
        }
        // Made for as many keys as there are, and for more.
        for (const keys of [prefix + own, prefix + own + 128]) {
          const lanes = softmaxLanes(gpu, keys);
          if (lanes === 0) continue;
          const kernel = attentionSoftmaxLanes(lanes, keys);
          const softened = await runKernel(gpu, kernel, { positions, scores }, { ...uniforms, span, scale });
          assertBits(softened.scores, weights, `${label}: weights in ${lanes} lanes for ${keys} keys`);
        }

        attentionValuesCachedOracle(weights, caches, sequences, expectedMixed, shape, operands);
        for (const images of tile.bImage ? [["weights"], []] : [[]]) {
          const values = (part: CachePart) => fromImages(attentionValuesCached(part, operands, tile), images);
          // What an earlier step left is not read where there is no prefix.
          let mixed = floats("left over", expectedMixed.length);
          if (prefix > 0) {
            const bindings = { weights, cache: caches.prefix, mixed };
            ({ mixed } = await runKernel(gpu, values("prefix"), bindings, prefixUniforms));
          }
          const valueBindings = { weights, cache: caches.own, sequences, mixed };
          ({ mixed } = await runKernel(gpu, values("own"), valueBindings, uniforms));
          assertBits(mixed, expectedMixed, `${label}: values, images ${images}`);
        }
      }
    }
  }
});

/** Copies an image into a buffer. */
const readImage: Kernel = {
  name: "read_image",
  body: "@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) { y[id.x] = fetch_x(id.x); }",
  inputs: { x: imageType },
  outputs: { y: "array<vec4<f32>>" },
  uniforms: { quads: "u32" },
  grid: ({ quads }) => [quads],
};

gpuTest("new keys and values go to their places of a cache, buffer or image, as operands", async (gpu) => {
  // The image has more than one row of texels.
  const shape = { heads: 3, keyValueHeads: 2, headSize: 12, width: 7 * 12, capacity: 150 };
  const slots = Uint32Array.of(6, 0, 313, 140, 449);
  const queriesKeysValues = floats("queries, keys, values", slots.length * shape.width);
  for (const operands of allOperands) {
    const before = floats("cache", 3 * 150 * 4 * 12);
    const expected = before.slice();
    cacheAppendOracle(queriesKeysValues, slots, expected, shape, operands);
    const uniforms = { ...shape, rows: slots.length };
    const bindings = { queriesKeysValues, slots, cache: before };
    const { cache } = await runKernel(gpu, cacheAppend(operands, false), bindings, uniforms);
    assertBits(cache, expected, `buffer, ${operands}`);

    const arena = createArena(gpu);
    const program = createProgram<null>(gpu, "append to an image");
    const made = (name: string, data: Data) => {
      const tensor = allocate(arena, name, data.length);
      upload(gpu, tensor, data);
      return tensor;
    };
    const y = made("cache", before);
    const image = copyToImage(program, y, allocateImage(arena, "cache", y.length)!, () => y.length);
    const inputs = { queriesKeysValues: made("new", queriesKeysValues), slots: made("slots", slots) };
    dispatch(program, cacheAppend(operands, true), { ...inputs, cache: image }, () => uniforms);
    dispatch(program, readImage, { x: image, y }, () => ({ quads: y.length / 4 }));
    run(program, null);
    assertBits((await readFloats(gpu, y))[0], expected, `image, ${operands}`);
    releaseProgram(program);
    releaseArena(arena);
  }
});
