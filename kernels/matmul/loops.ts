/**
 * The loop over k of a product, in two ways that give the same bits: each lane loads what it needs itself (`directLoop`), or the workgroup
 * loads panels of A and B together and keeps them in its own memory (`stagedLoop`). Both see the names that generator.ts defines, and add
 * to the sums `c{row}_{column}`, four steps of k at a time.
 * @module
 */
import { component, handedWgsl, list, stepsWgsl, sumWgsl, transposedWgsl } from "./pieces.ts";
import type { Tile } from "./tile.ts";

/** How operands lie in memory: `row` is [m][k] for A and [k][n] for B; `column` is [k][m] for A and [n][k] for B. */
export type Layout = "row" | "column";

/** What a loop is written for. */
export interface LoopParts {
  readonly tile: Tile;
  readonly aLayout: Layout;
  readonly bLayout: Layout;
  /** vec4 columns of a lane. */
  readonly columns: number;
  /** The second of these is `params.twin` columns further on than the first. */
  readonly twin: boolean;
  /** WGSL of four values of A, as operands, from an element on that is a multiple of 4. */
  readonly loadA: (index: string) => string;
  /** The same of B. */
  readonly loadB: (index: string) => string;
}

/** Sums of all rows and columns over four steps of k; `value` is A's in row `i` at step `q`. */
function sums({ tile, columns }: LoopParts, value: (i: number, q: number) => string): string[] {
  return list(tile.rows).flatMap((i) => list(columns).map((j) => sumWgsl(i, j, (q) => value(i, q))));
}

/** WGSL of a last whole vec4 at or before `last`. */
const quadOf = (last: string) => `((${last}) & 0xfffffffcu)`;

/** The loop in which lanes load for themselves, or for their subgroup where the tile says `broadcast`. */
export function directLoop(parts: LoopParts): string {
  const { tile, aLayout, bLayout, columns, twin, loadA, loadB } = parts;
  const { lanes, groups, rows, broadcast } = tile;
  const handed = (loaded: string, lane: number) => handedWgsl(loaded, lane, tile);
  const lines: string[] = [];
  const emit = (text: string) => lines.push(text);
  emit("for (var k = kStart; k < kEnd; k += 4u) {");

  let value: (i: number, q: number) => string;
  if (aLayout === "row") {
    emit("let inside = vec4<bool>(k < kEnd, k + 1u < kEnd, k + 2u < kEnd, k + 3u < kEnd);");
    const load = (row: string) =>
      `select(vec4<f32>(0.0), ${loadA(`aBase + min(${row}, rowCount - 1u) * aStride + k`)}, inside)`;
    if (broadcast) {
      for (const g of list(rows / lanes)) emit(`let a${g} = ${load(`rowStart + ${g * lanes}u + lane`)};`);
      for (const i of list(rows)) emit(`let r${i} = ${handed(`a${Math.floor(i / lanes)}`, i % lanes)};`);
    } else {
      for (const i of list(rows)) emit(`let r${i} = ${load(`rowStart + ${i}u`)};`);
    }
    value = (i, q) => `r${i}.${component[q]}`;
  } else {
    const quads = rows / 4;
    for (const q of list(4)) {
      const load = (quad: string) => {
        const row = `min(rowStart + 4u * ${quad}, ${quadOf("rowCount - 1u")})`;
        const four = loadA(`aBase + min(k + ${q}u, kEnd - 1u) * aStride + ${row}`);
        return `select(vec4<f32>(0.0), ${four}, k + ${q}u < kEnd)`;
      };
      if (broadcast) {
        for (const g of list(Math.ceil(quads / lanes))) emit(`let a${q}_${g} = ${load(`(${g * lanes}u + lane)`)};`);
        for (const u of list(quads)) {
          emit(`let r${q}_${u} = ${handed(`a${q}_${Math.floor(u / lanes)}`, u % lanes)};`);
        }
      } else {
        for (const u of list(quads)) emit(`let r${q}_${u} = ${load(`${u}u`)};`);
      }
    }
    value = (i, q) => `r${q}_${Math.floor(i / 4)}.${component[i % 4]}`;
  }

  // vec4 of columns j at step q is b{q}_{j}.
  for (const j of list(columns)) {
    const further = twin && j === 1 ? " + params.twin" : "";
    const row = (step: string) => loadB(`bBase + min(k + ${step}, kEnd - 1u) * bStride + m${j}${further}`);
    if (bLayout === "column") {
      for (const c of list(4)) {
        emit(`let w${j}_${c} = ${loadB(`bBase + (min(m${j} + ${c}u, columnCount - 1u)${further}) * bStride + k`)};`);
      }
      for (const q of list(4)) emit(transposedWgsl(q, j));
    } else {
      for (const step of stepsWgsl(j, lanes, broadcast && groups === 2, row)) emit(step);
    }
  }
  emit(sums(parts, value).join("\n"));
  emit("}");
  return lines.join("\n");
}

/**
 * The loop over panels of `tile.staged` steps of k. While a panel is multiplied, the next is on its way into registers. Panels lie as their
 * matrices do; of a B by columns the place of each vec4 along k is turned by its column, so that lanes next to each other read from
 * different banks.
 * @returns what is declared outside the function, and the loop
 */
export function stagedLoop(parts: LoopParts): { declarations: string; loop: string } {
  const { tile, aLayout, bLayout, columns, twin, loadA, loadB } = parts;
  const { lanes, groups, rows, staged = 0 } = tile;
  const threads = lanes * groups;
  const quads = staged / 4;
  const [height, width] = [rows * groups, lanes * columns * 4];
  const [aLoads, bLoads] = [height, width].map((side) => side * quads / threads);
  if (!Number.isInteger(aLoads) || !Number.isInteger(bLoads) || staged % 8 !== 0) {
    throw new Error(`panels of ${staged} steps do not share out evenly among ${threads} threads`);
  }
  const lines: string[] = [];
  const emit = (text: string) => lines.push(text);
  const last = quadOf("kEnd - 1u");
  // Thread `own` brings the vec4s own, own + threads, ... of a panel.
  const each = (u: number, side: number) =>
    `let e = own + ${u * threads}u; let major = e / ${side}u; let minor = e % ${side}u;`;
  const fetchA = (u: number, k: string) =>
    aLayout === "row"
      ? `{ ${each(u, quads)} let at = ${k} + 4u * minor;
        let four = ${loadA(`aBase + min(tileStart + major, rowCount - 1u) * aStride + min(at, ${last})`)};
        nextA${u} = select(vec4<f32>(0.0), four, vec4<u32>(at) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(kEnd)); }`
      : `{ ${each(u, height / 4)} let at = ${k} + major; let row = min(tileStart + 4u * minor, ${
        quadOf("rowCount - 1u")
      });
        let four = ${loadA("aBase + min(at, kEnd - 1u) * aStride + row")};
        nextA${u} = select(vec4<f32>(0.0), four, at < kEnd); }`;
  // Columns of a panel as they are in C: a twin's second half lies further on.
  const column = (place: string, size: number) =>
    twin
      ? `min(columnStart + ${place} % ${lanes * size}u * ${4 / size}u, LAST) + ${place} / ${
        lanes * size
      }u * params.twin`
      : `min(columnStart + ${place} * ${4 / size}u, LAST)`;
  const fetchB = (u: number, k: string) =>
    bLayout === "row"
      ? `{ ${each(u, width / 4)} let n = ${column("minor", 1).replace("LAST", quadOf("columnCount - 1u"))};
        nextB${u} = ${loadB(`bBase + min(${k} + major, kEnd - 1u) * bStride + n`)}; }`
      : `{ ${each(u, quads)} let n = ${column("major", 4).replace("LAST", "columnCount - 1u")};
        nextB${u} = ${loadB(`bBase + n * bStride + min(${k} + 4u * minor, ${last})`)}; }`;
  const placeA = (u: number) => `own + ${u * threads}u`;
  const turned = (column: string, quad: string) =>
    `(${column}) * ${quads}u + ((${quad}) ^ ((${column}) / 4u % ${quads}u))`;
  const placeB = (u: number) => {
    const e = `(own + ${u * threads}u)`;
    return bLayout === "row" ? e : turned(`${e} / ${quads}u`, `${e} % ${quads}u`);
  };

  for (const u of list(aLoads)) emit(`var nextA${u} = vec4<f32>(0.0);`);
  for (const u of list(bLoads)) emit(`var nextB${u} = vec4<f32>(0.0);`);
  const fetch = (k: string) => {
    for (const u of list(aLoads)) emit(fetchA(u, k));
    for (const u of list(bLoads)) emit(fetchB(u, k));
  };
  emit("if (kStart < kEnd) {");
  fetch("kStart");
  emit(`for (var panel = kStart; panel < kEnd; panel += ${staged}u) {`);
  emit("workgroupBarrier();");
  for (const u of list(aLoads)) emit(`stagedA[${placeA(u)}] = nextA${u};`);
  for (const u of list(bLoads)) emit(`stagedB[${placeB(u)}] = nextB${u};`);
  emit("workgroupBarrier();");
  emit(`if (panel + ${staged}u < kEnd) {`);
  fetch(`(panel + ${staged}u)`);
  emit("}");
  emit(`for (var pair = 0u; pair < ${quads}u; pair += 2u) {`);
  for (const half of [0, 1]) {
    emit(`{ let quad = pair + ${half}u;`);
    let value: (i: number, q: number) => string;
    if (aLayout === "row") {
      for (const i of list(rows)) emit(`let r${i} = stagedA[(part * ${rows}u + ${i}u) * ${quads}u + quad];`);
      value = (i, q) => `r${i}.${component[q]}`;
    } else {
      for (const q of list(4)) {
        for (const u of list(rows / 4)) {
          emit(`let r${q}_${u} = stagedA[(4u * quad + ${q}u) * ${height / 4}u + part * ${rows / 4}u + ${u}u];`);
        }
      }
      value = (i, q) => `r${q}_${Math.floor(i / 4)}.${component[i % 4]}`;
    }
    for (const j of list(columns)) {
      if (bLayout === "row") {
        for (const q of list(4)) {
          emit(`let b${q}_${j} = stagedB[(4u * quad + ${q}u) * ${width / 4}u + ${j * lanes}u + lane];`);
        }
      } else {
        for (const c of list(4)) {
          emit(`let w${j}_${c} = stagedB[${turned(`(${j * lanes}u + lane) * 4u + ${c}u`, "quad")}];`);
        }
        for (const q of list(4)) emit(transposedWgsl(q, j));
      }
    }
    emit(sums(parts, value).join("\n"));
    emit("}");
  }
  emit("} } }");
  return {
    declarations: `var<workgroup> stagedA: array<vec4<f32>, ${height * quads}>;
      var<workgroup> stagedB: array<vec4<f32>, ${width * quads}>;`,
    loop: lines.join("\n"),
  };
}
