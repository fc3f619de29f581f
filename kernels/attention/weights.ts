/**
 * Attention weights in one kernel, for sequences whose scores fit a subgroup's registers: a workgroup holds 16 rows of a head, over
 * chunks of 64 keys. The bits are those of `attentionScores` and `attentionSoftmax`, whose scores this saves writing and reading:
 * products ascend in k, and a chunk's 64 columns are the 64 strided partial sums of a row, spread over the lanes.
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { type Kernel, matrixType } from "../gpu/program.ts";
import { list, sumWgsl, transposedWgsl } from "../matmul/pieces.ts";
import { attentionUniforms } from "../matmul/matmul.ts";
import { type Operands, operandWgsl } from "../numerics.ts";
import { laneColumnsWgsl, laneFunctionsWgsl, laneQuads, registerLanes, rowWeightsWgsl } from "./lanes.ts";

const rows = 16;

/** Rows whose weights are made at a time, once their scores are there. */
const rowsTogether = 2;

/** Lanes of the kernel on this adapter for sequences of at most `longest` tokens; 0 where it does not suit these. */
export function attentionWeightsLanes(
  gpu: Pick<Gpu, "adapter" | "subgroupSize">,
  longest: number,
): number {
  return longest <= 256 ? registerLanes(gpu) : 0;
}

function bodyWgsl(operands: Operands, lanes: number, longest: number): string {
  const parts = list(16 / lanes);
  const chunks = list(Math.ceil(longest / 64));
  const quads = laneQuads(lanes, chunks.length);
  const emitted: string[] = [];
  const emit = (text: string) => emitted.push(text);
  emit(operandWgsl(operands));
  emit(laneFunctionsWgsl(lanes));
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
  emit(laneColumnsWgsl(lanes, quads));
  for (const { name } of quads) for (const i of list(rows)) emit(`var c${i}_${name} = vec4<f32>(0.0);`);
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
  // The rest of a row is long: its code is there for two rows, and the scores of the next ones move up.
  emit(`for (var first = rowStart; first < rowEnd; first += ${rowsTogether}u) {`);
  for (const i of list(rowsTogether)) {
    emit(`{ let row = first + ${i}u; let length = row + 1u; let base = place.z + (h * place.y + row) * place.w;`);
    emit(rowWeightsWgsl(
      quads,
      (chunk) => `${64 * chunk}u < rowEnd`,
      ({ name }) => `opaque4(c${i}_${name})`,
      ({ name }, values) => `if (row < place.y && n${name} < place.w) { weights[(base + n${name}) / 4u] = ${values}; }`,
    ));
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
