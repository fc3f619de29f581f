/**
 * Writes the kernel of any matrix product:
 *
 *     C[m][n] = sum over segments s, in order, of ( sum over k ascending, from zero, of A_s[m][k] * B_s[k][n] )
 *
 * Operands are rounded on load (numerics.wgsl `round12`), products are exact, sums are f32. The order belongs to the definition: tile
 * shape, workgroup size and how operands reach the lanes are free, and every choice gives the same bits.
 *
 * The body is written out, because unrolled scalar code is what compilers handle best. Lanes of a workgroup run along output columns,
 * each lane holds `rows` x `columns` vec4 of accumulators, and k advances by 4 (loops.ts).
 * @module
 */
import { imageType, type Kernel, matrixType, type Uniforms } from "../gpu/program.ts";
import { type Operands, operandWgsl } from "../numerics.ts";
import { directLoop, type Layout, type LoopParts, stagedLoop } from "./loops.ts";
import { handedWgsl, list, ownNumber } from "./pieces.ts";
import type { Tile } from "./tile.ts";

/** What is multiplied: where its pieces lie in the buffers, as WGSL statements. */
export interface Problem {
  /** Bindings beside `a`, `b` and the output. */
  readonly tables: Readonly<Record<string, string>>;
  readonly uniforms: Readonly<Record<string, "u32" | "f32">>;
  /**
   * Defines rowCount, columnCount, cBase, cStride, segmentCount from `item` (workgroup_id.z); all offsets in elements.
   */
  readonly locate: string;
  /** Defines aBase, bBase, aStride, bStride, kStart, kEnd of `segment`; may use rowStart and rowEnd of the workgroup's tile. */
  readonly segment: string;
  /** More than one segment can occur; `accumulate` adds them one by one. */
  readonly segmented: boolean;
  /** Columns beyond the last row of a tile are not wanted (causal scores). */
  readonly causalOutput: boolean;
  /** Number of items, from the uniforms. */
  readonly items: (uniforms: Uniforms) => number;
  /** Largest rowCount and columnCount, from the uniforms. */
  readonly extent: (uniforms: Uniforms) => readonly [number, number];
}

/** What happens to the result where it is computed. */
export interface Epilogue {
  /** Bindings and uniforms beside the problem's, and outputs beside C. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly uniforms: Readonly<Record<string, "u32" | "f32">>;
  /** Functions that `put` calls. */
  readonly wgsl: string;
  /** Sums start from what C holds. */
  readonly accumulates: boolean;
  /** Each lane has its columns twice, and `params.twin` columns further on again: two vec4s that `put` is handed together. */
  readonly twin: boolean;
  /**
   * Rows are put a few at a time in a loop that moves the sums of the next ones up, instead of each by code of its own: for long ends, of
   * which 32 rows would take a second to compile. Lanes cannot hand each other anything there.
   */
  readonly looped: boolean;
  /** Numbers that belong to a whole row of C, by name: WGSL of what loads one. */
  readonly ofRow: Readonly<Record<string, (row: string) => string>>;
  /** Statements before the columns of a row, for all that these share; they see `row`, `lane` and the row's numbers. */
  readonly before: string;
  /** Statements that put the sums of a row for a vec4 of columns where they belong; they see what `before` saw and said. */
  readonly put: (output: Output) => string;
}

/** What an epilogue puts somewhere. */
export interface Output {
  /** Names of the lane's sums of the row, one for each of its vec4s of columns; a twin's two are put together. */
  readonly sums: readonly string[];
  /** Which of them. */
  readonly j: number;
  /** Its place in C, in vec4s. */
  readonly at: string;
  /** Its first column. */
  readonly column: string;
}

/** C = AB. */
export const store: Epilogue = {
  inputs: {},
  outputs: {},
  uniforms: {},
  wgsl: "",
  accumulates: false,
  twin: false,
  looped: false,
  ofRow: {},
  before: "",
  put: ({ sums, j, at }) => `c[${at}] = ${sums[j]};`,
};

/** C = C + AB. */
export const accumulate: Epilogue = { ...store, accumulates: true };

/** C = addend + AB; `type` is the addend's. */
export function residual(type: string): Epilogue {
  return {
    ...store,
    inputs: { addend: type },
    put: ({ sums, j, at }) => `c[${at}] = opaque4(fetch_addend(${at}) + opaque4(${sums[j]}));`,
  };
}

/** Rows that a looped end puts at a time. */
const rowsTogether = 4;

/** vec4 columns of a lane. */
function columnsOf(tile: Tile, { twin }: Epilogue): number {
  return twin ? 2 : tile.columns;
}

function bodyWgsl(
  problem: Problem,
  aLayout: Layout,
  bLayout: Layout,
  epilogue: Epilogue,
  operands: Operands,
  tile: Tile,
  packed: boolean,
): string {
  const { lanes, groups, rows, broadcast } = tile;
  const { twin } = epilogue;
  const columns = columnsOf(tile, epilogue);
  const [rowList, columnList] = [list(rows), list(columns)];
  const handed = (loaded: string, lane: number) => handedWgsl(loaded, lane, tile);
  const lines: string[] = [];
  const emit = (text: string) => lines.push(text);

  const parts: LoopParts = {
    tile,
    aLayout,
    bLayout,
    columns,
    twin,
    loadA: (index) => `operand(fetch_a((${index}) >> 2u))`,
    loadB: (index) => packed ? `unpack(b[(${index}) >> 2u])` : `operand(fetch_b((${index}) >> 2u))`,
  };
  const { declarations, loop } = tile.staged ? stagedLoop(parts) : { declarations: "", loop: directLoop(parts) };
  emit(operandWgsl(operands));
  emit(epilogue.wgsl);
  emit(declarations);
  if (packed) emit(unpackWgsl);
  // One axis: software adapters fill a vector register along x alone.
  emit(`@compute @workgroup_size(${lanes * groups})`);
  emit(`fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(${ownNumber(tile)}) own: u32) {`);
  emit(`let item = group.z; let lane = own % ${lanes}u; let part = own / ${lanes}u;`);
  emit(problem.locate);
  emit(`let tileStart = group.y * ${rows * groups}u; let rowStart = tileStart + part * ${rows}u;`);
  emit(`let rowEnd = min(rowCount, tileStart + ${rows * groups}u);`);
  emit(`let columnStart = group.x * ${lanes * (twin ? 1 : columns) * 4}u;`);
  emit("if (tileStart >= rowCount || columnStart >= columnCount) { return; }");
  if (problem.causalOutput) emit("if (columnStart >= rowEnd) { return; }");
  for (const j of columnList) {
    emit(`let n${j} = columnStart + (${twin ? 0 : j * lanes}u + lane) * 4u;`);
    // Lanes beyond the last column repeat the last vec4; they store nothing.
    emit(`let m${j} = min(n${j}, (columnCount - 1u) & 0xfffffffcu);`);
  }
  const place = (i: number, j: number) => `(cBase + min(rowStart + ${i}u, rowCount - 1u) * cStride + m${j}) >> 2u`;
  if (problem.segmented) {
    for (const i of rowList) {
      for (const j of columnList) {
        emit(`var total${i}_${j} = ${epilogue.accumulates ? `c[${place(i, j)}]` : "vec4<f32>(0.0)"};`);
      }
    }
    emit("for (var segment = 0u; segment < segmentCount; segment++) {");
  }
  emit(problem.segment);
  for (const i of rowList) for (const j of columnList) emit(`var c${i}_${j} = vec4<f32>(0.0);`);
  emit(loop);
  const sum = (i: number, j: number) => `${problem.segmented ? "total" : "c"}${i}_${j}`;
  if (problem.segmented) {
    for (const i of rowList) {
      for (const j of columnList) emit(`total${i}_${j} = opaque4(total${i}_${j} + opaque4(c${i}_${j}));`);
    }
    emit("}");
  }
  /** What is left to do with a row, whose number is `row`. */
  const putRow = (sums: readonly string[]) => {
    emit(epilogue.before);
    for (const j of twin ? [0] : columnList) {
      emit(`if (n${j} < columnCount) { let at = (cBase + row * cStride + m${j}) >> 2u;`);
      emit(epilogue.put({ sums, j, at: "at", column: `n${j}` }));
      emit("}");
    }
  };
  if (epilogue.looped) {
    const together = rows % rowsTogether === 0 ? rowsTogether : rows;
    emit(`for (var first = rowStart; first < min(rowStart + ${rows}u, rowCount); first += ${together}u) {`);
    for (const i of list(together)) {
      emit(`if (first + ${i}u < rowCount) { let row = first + ${i}u;`);
      for (const [name, load] of Object.entries(epilogue.ofRow)) emit(`let ${name} = ${load("row")};`);
      putRow(columnList.map((j) => sum(i, j)));
      emit("}");
    }
    for (const i of list(rows - together)) {
      for (const j of columnList) emit(`${sum(i, j)} = ${sum(i + together, j)};`);
    }
    emit("}");
  } else {
    // What belongs to a row is loaded by one lane and handed round, where lanes can do so.
    for (const [name, load] of Object.entries(epilogue.ofRow)) {
      const at = (row: string) => load(`min(${row}, rowCount - 1u)`);
      for (let g = 0; broadcast && g < rows / lanes; g++) {
        emit(`let ${name}_g${g} = ${at(`rowStart + ${g * lanes}u + lane`)};`);
      }
      for (const i of rowList) {
        const value = broadcast ? handed(`${name}_g${Math.floor(i / lanes)}`, i % lanes) : at(`rowStart + ${i}u`);
        emit(`let ${name}_${i} = ${value};`);
      }
    }
    for (const i of rowList) {
      emit(`if (rowStart + ${i}u < rowCount) { let row = rowStart + ${i}u;`);
      for (const name of Object.keys(epilogue.ofRow)) emit(`let ${name} = ${name}_${i};`);
      putRow(columnList.map((j) => sum(i, j)));
      emit("}");
    }
  }
  emit("}");
  return lines.join("\n");
}

/** Four values of a weight that `pack` has packed. */
const unpackWgsl = `fn unpack(p: vec2<u32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(p.x << 16u, p.x & 0xffff0000u, p.y << 16u, p.y & 0xffff0000u));
}`;

/** The kernel of a product. `packed`: B is in `pack`'s form. */
export function matmulKernel(
  name: string,
  problem: Problem,
  layouts: readonly [Layout, Layout],
  epilogue: Epilogue,
  operands: Operands,
  tile: Tile,
  packed = false,
): Kernel {
  return {
    name,
    body: bodyWgsl(problem, ...layouts, epilogue, operands, tile, packed),
    inputs: {
      a: tile.aImage ? imageType : matrixType,
      b: tile.bImage ? imageType : packed ? "array<vec2<u32>>" : matrixType,
      ...epilogue.inputs,
      ...problem.tables,
    },
    outputs: { c: matrixType, ...epilogue.outputs },
    uniforms: { ...problem.uniforms, ...epilogue.uniforms },
    grid: (uniforms) => {
      const [rows, columns] = problem.extent(uniforms);
      return [
        Math.ceil(columns / (tile.lanes * (epilogue.twin ? 1 : tile.columns) * 4)),
        Math.ceil(rows / (tile.rows * tile.groups)),
        problem.items(uniforms),
      ];
    },
  };
}
