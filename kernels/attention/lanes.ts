/**
 * Attention weights of a row that lies in the lanes of a subgroup: chunks of 64 columns, whose 64 columns are the 64 strided partial sums of
 * the row, spread over the lanes. Each score is loaded once, where a thread that has a row to itself would load it three times.
 * @module
 */
import { prefersImages } from "../gpu/buffers.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Kernel, matrixType } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import { list } from "../matmul/pieces.ts";

/** Lanes of a subgroup on an adapter whose subgroups are vector registers; 0 on others, where rows are not kept in lanes. */
export function registerLanes(gpu: Pick<Gpu, "adapter" | "subgroupSize">): number {
  return prefersImages(gpu) ? gpu.subgroupSize : 0;
}

/** A vec4 of columns that a lane has of a row. */
export interface LaneQuad {
  /** Number of the chunk. */
  readonly chunk: number;
  /** Which of the lane's vec4s of a chunk. */
  readonly part: number;
  /** What names of WGSL end with. */
  readonly name: string;
}

/** The vec4s of a lane for rows of so many chunks. */
export function laneQuads(lanes: number, chunks: number): LaneQuad[] {
  return list(chunks).flatMap((chunk) => list(16 / lanes).map((part) => ({ chunk, part, name: `${chunk}p${part}` })));
}

/** Defines `n{name}`, the first column of each vec4, from `lane`. */
export function laneColumnsWgsl(lanes: number, quads: readonly LaneQuad[]): string {
  return quads.map(({ chunk, part, name }) => `let n${name} = ${64 * chunk}u + (${part * lanes}u + lane) * 4u;`).join(
    "\n",
  );
}

/** WGSL of a tree over lanes: the first half with the second, and so on; `t1_0` is what comes out, the same in all lanes. */
function treeWgsl(lanes: number, value: string, join: (a: string, b: string) => string): string {
  const lines = list(lanes).map((lane) => `let t${lanes}_${lane} = subgroupBroadcast(${value}, ${lane}u);`);
  for (let width = lanes / 2; width > 0; width /= 2) {
    for (const i of list(width)) {
      lines.push(`let t${width}_${i} = ${join(`t${2 * width}_${i}`, `t${2 * width}_${i + width}`)};`);
    }
  }
  return lines.join("\n");
}

/** Functions that `rowWeightsWgsl` calls: a row's largest value, and the sum of its strided partial sums, as `tree_sum` has it. */
export function laneFunctionsWgsl(lanes: number): string {
  return `fn max_of_lanes(x: f32) -> f32 {
    ${treeWgsl(lanes, "x", (a, b) => `max(${a}, ${b})`)}
    return t1_0;
  }
  fn sum_of_lanes(partial: vec4<f32>) -> f32 {
    ${treeWgsl(lanes, "partial", (a, b) => `add4(${a}, ${b})`)}
    return add(add(t1_0.x, t1_0.z), add(t1_0.y, t1_0.w));
  }`;
}

/**
 * The weights of one row from its scores. WGSL sees `length`, the keys of the row, `params.scale`, and the columns of its quads.
 * @param reaches condition under which the row goes as far as a chunk
 * @param score expression of four scores
 * @param put statements that store four weights, zeros beyond the row's keys
 */
export function rowWeightsWgsl(
  quads: readonly LaneQuad[],
  reaches: (chunk: number) => string,
  score: (quad: LaneQuad) => string,
  put: (quad: LaneQuad, weights: string) => string,
): string {
  const parts = new Set(quads.map(({ part }) => part)).size;
  /** The chunk's statements, where the row goes as far. */
  const where = ({ chunk }: LaneQuad, statements: string) => `if (${reaches(chunk)}) { ${statements} }`;
  return [
    "let four = vec4<u32>(0u, 1u, 2u, 3u); let low = vec4<f32>(-1.0e30); var top = low;",
    ...quads.flatMap((quad) => [
      `var s${quad.name} = low;`,
      where(
        quad,
        `let inside = vec4<u32>(n${quad.name}) + four < vec4<u32>(length);
        s${quad.name} = select(low, mul4(${
          score(quad)
        }, vec4<f32>(params.scale)), inside); top = max(top, s${quad.name});`,
      ),
    ]),
    "let m = vec4<f32>(max_of_lanes(max(max(top.x, top.y), max(top.z, top.w))));",
    ...list(parts).map((part) => `var partial${part} = vec4<f32>(0.0);`),
    ...quads.flatMap((quad) => {
      const [e, partial] = [`e${quad.name}`, `partial${quad.part}`];
      return [
        `var ${e} = vec4<f32>(0.0);`,
        where(quad, `${e} = exponentials(sub4(s${quad.name}, m)); ${partial} = add4(${partial}, ${e});`),
      ];
    }),
    `let partial = ${parts === 1 ? "partial0" : "add4(partial0, partial1)"};`,
    "let r = vec4<f32>(reciprocal(sum_of_lanes(partial)));",
    ...quads.map((quad) => where(quad, put(quad, `mul4(e${quad.name}, r)`))),
  ].join("\n");
}

/** Rows of a workgroup: workgroups cost as much as a row. */
const rowsOfGroup = 16;

/** Keys up to which rows of scores are kept in lanes: 64 values a lane of 16. */
const mostKeys = 1024;

/** Lanes of the kernel on this adapter for rows of at most `keys` scores; 0 where a thread or a workgroup goes over a row (`rowSchedule`). */
export function softmaxLanes(gpu: Pick<Gpu, "adapter" | "subgroupSize">, keys: number): number {
  return keys <= mostKeys ? registerLanes(gpu) : 0;
}

/**
 * Scores to weights, in place, as `attentionSoftmaxCached` has it, for rows that lie in the lanes of a subgroup.
 * @param lanes see `softmaxLanes`
 * @param keys most keys of a row that may occur
 */
export function attentionSoftmaxLanes(lanes: number, keys: number): Kernel {
  const quads = laneQuads(lanes, 2 * Math.ceil(keys / 128));
  return {
    name: "attention_softmax_cached",
    body: [
      laneFunctionsWgsl(lanes),
      `@compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
      let first = (group.y * 32768u + group.x) * ${rowsOfGroup}u;
      let end = min(first + ${rowsOfGroup}u, params.tokens * params.heads);`,
      laneColumnsWgsl(lanes, quads),
      `for (var row = first; row < end; row++) {
      let length = positions[quotient(row, params.heads)] + 1u; let base = row * (params.stride / 4u);
      let filled = min(params.stride, (length + params.span + 3u) & 0xfffffffcu);`,
      rowWeightsWgsl(
        quads,
        (chunk) => `${64 * chunk}u < filled`,
        ({ name }) => `scores[base + n${name} / 4u]`,
        ({ name }, weights) => `if (n${name} < filled) { scores[base + n${name} / 4u] = ${weights}; }`,
      ),
      "} }",
    ].join("\n"),
    inputs: { positions: "array<u32>" },
    outputs: { scores: matrixType },
    uniforms: { tokens: "u32", heads: "u32", stride: "u32", span: "u32", scale: "f32" },
    grid: ({ tokens, heads }) => threadGrid(tokens * heads, rowsOfGroup),
  };
}
