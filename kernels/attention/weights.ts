/**
 * Attention weights in one kernel, for sequences whose scores fit a subgroup's registers: a workgroup holds 16 rows of a head, over
 * chunks of 64 keys. The bits are those of `attentionScores` and `attentionSoftmax`, whose scores this saves writing and reading:
 * products ascend in k, and a chunk's 64 columns are the 64 strided partial sums of a row, spread over the lanes.
 * @module
 */
import { prefersImages } from "../gpu/buffers.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Kernel, matrixType } from "../gpu/program.ts";
import { sumWgsl, transposedWgsl } from "../matmul/pieces.ts";
import { attentionUniforms } from "../matmul/matmul.ts";
import { type Operands, operandWgsl } from "../numerics.ts";

const rows = 16;

/** Rows whose weights are made at a time, once their scores are there. */
const rowsTogether = 2;

/** Lanes of the kernel on this adapter for sequences of at most `longest` tokens; 0 where it does not suit these. */
export function attentionWeightsLanes(
  gpu: Pick<Gpu, "adapter" | "subgroupSize">,
  longest: number,
): number {
  return prefersImages(gpu) && longest <= 256 ? gpu.subgroupSize : 0;
}

const list = (length: number) => Array.from({ length }, (_, i) => i);

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

/** Over a row that lies in lanes: its largest value, and the sum of its strided partial sums, as `tree_sum` has it. */
function lanesWgsl(lanes: number): string {
  return `fn max_of_lanes(x: f32) -> f32 {
    ${treeWgsl(lanes, "x", (a, b) => `max(${a}, ${b})`)}
    return t1_0;
  }
  fn sum_of_lanes(partial: vec4<f32>) -> f32 {
    ${treeWgsl(lanes, "partial", (a, b) => `add4(${a}, ${b})`)}
    return add(add(t1_0.x, t1_0.z), add(t1_0.y, t1_0.w));
  }`;
}

function bodyWgsl(operands: Operands, lanes: number, longest: number): string {
  const parts = list(16 / lanes);
  const chunks = list(Math.ceil(longest / 64));
  /** vec4s of a lane: a chunk's first column and, counted in vec4s, the lane's place in it. */
  const quads = chunks.flatMap((chunk) => parts.map((part) => ({ chunk, part, name: `${chunk}p${part}` })));
  const emitted: string[] = [];
  const emit = (text: string) => emitted.push(text);
  emit(operandWgsl(operands));
  emit(lanesWgsl(lanes));
  emit(`@compute @workgroup_size(${lanes})`);
  emit("fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {");
  emit(`let place = sequences[group.z / params.heads]; let h = group.z % params.heads;
    let g = h / (params.heads / params.keyValueHeads);
    let rowStart = group.y * ${rows}u; let rowEnd = min(place.y, rowStart + ${rows}u);
    if (rowStart >= place.y) { return; }
    let stride = params.width / 4u; let headQuads = params.headSize / 4u; let last = place.y - 1u;
    let queries = place.x * stride + h * headQuads; let keys = place.x * stride + (params.heads + g) * headQuads;`);
  for (const u of list(rows / lanes)) {
    emit(`let query${u} = queries + min(rowStart + ${u * lanes}u + lane, last) * stride;`);
  }
  for (const { chunk, part, name } of quads) {
    emit(`let n${name} = ${64 * chunk}u + (${part * lanes}u + lane) * 4u;`);
    for (const i of list(rows)) emit(`var c${i}_${name} = vec4<f32>(0.0);`);
  }
  for (const chunk of chunks) {
    emit(`let end${chunk} = select(0u, headQuads, ${64 * chunk}u < rowEnd);`);
    emit(`for (var k = 0u; k < end${chunk}; k++) {`);
    for (const u of list(rows / lanes)) emit(`let a${u} = operand(fetch_matrix(query${u} + k));`);
    for (const i of list(rows)) {
      emit(`let r${i} = subgroupBroadcast(a${Math.floor(i / lanes)}, ${i % lanes}u);`);
    }
    for (const part of parts) {
      const name = `${chunk}p${part}`;
      for (const c of list(4)) {
        emit(`let w${name}_${c} = operand(fetch_matrix(keys + min(n${name} + ${c}u, last) * stride + k));`);
      }
      for (const q of list(4)) emit(transposedWgsl(q, name));
      for (const i of list(rows)) emit(sumWgsl(i, name, (q) => `r${i}.${"xyzw"[q]}`));
    }
    emit("}");
  }
  emit("let four = vec4<u32>(0u, 1u, 2u, 3u); let scale = vec4<f32>(params.scale); let low = vec4<f32>(-1.0e30);");
  // The rest of a row is long: its code is there for two rows, and the scores of the next ones move up.
  emit(`for (var first = rowStart; first < rowEnd; first += ${rowsTogether}u) {`);
  for (const i of list(rowsTogether)) {
    emit(`{ let row = first + ${i}u; var top = low;`);
    for (const { chunk, name } of quads) {
      emit(`var s${name} = low; if (${64 * chunk}u < rowEnd) {
        let inside = vec4<u32>(n${name}) + four <= vec4<u32>(row);
        s${name} = select(low, mul4(opaque4(c${i}_${name}), scale), inside); top = max(top, s${name});
      }`);
    }
    emit("let m = vec4<f32>(max_of_lanes(max(max(top.x, top.y), max(top.z, top.w))));");
    for (const part of parts) emit(`var partial${part} = vec4<f32>(0.0);`);
    for (const { chunk, part, name } of quads) {
      emit(`var e${name} = vec4<f32>(0.0); if (${64 * chunk}u < rowEnd) {
        e${name} = exponentials(sub4(s${name}, m)); partial${part} = add4(partial${part}, e${name});
      }`);
    }
    emit(`let partial = ${parts.length === 1 ? "partial0" : "add4(partial0, partial1)"};`);
    emit("let r = vec4<f32>(reciprocal(sum_of_lanes(partial)));");
    emit("let base = place.z + (h * place.y + row) * place.w;");
    for (const { chunk, name } of quads) {
      emit(`if (row < place.y && ${64 * chunk}u < rowEnd && n${name} < place.w) {
        weights[(base + n${name}) / 4u] = mul4(e${name}, r);
      }`);
    }
    emit("}");
  }
  for (const i of list(rows - rowsTogether)) {
    for (const { name } of quads) emit(`c${i}_${name} = c${i + rowsTogether}_${name};`);
  }
  emit("}");
  emit("}");
  return emitted.join("\n");
}

/**
 * `weights` of every head of every sequence, laid out as scores (matmul.ts), from `matrix`, that of queries, keys and values. Zeros
 * follow the diagonal up to the next multiple of 64.
 * @param lanes see `attentionWeightsLanes`
 * @param longest tokens of the longest sequence that may occur
 */
export function attentionWeights(operands: Operands, lanes: number, longest: number): Kernel {
  return {
    name: "attention_weights",
    body: bodyWgsl(operands, lanes, longest),
    inputs: { matrix: matrixType, sequences: "array<vec4<u32>>" },
    outputs: { weights: matrixType },
    uniforms: { ...attentionUniforms, scale: "f32" },
    grid: ({ count, heads, longest }) => [1, Math.ceil(longest / rows), count * heads],
  };
}
