/**
 * Pieces of WGSL that kernels of products have in common: what four steps of k are made of, and how lanes hand values round.
 * @module
 */
import type { Tile } from "./tile.ts";

/** Components of a vec4. */
export const component = ["x", "y", "z", "w"];

/** The numbers from 0 up to `length`. */
export function list(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** B's step `q` for the vec4 of columns `j`, from what was loaded of each column along k: `w{j}_{column}`. */
export function transposedWgsl(q: number, j: number | string): string {
  return `let b${q}_${j} = vec4<f32>(${list(4).map((c) => `w${j}_${c}.${component[q]}`).join(", ")});`;
}

/**
 * B's four steps for the vec4 of columns `j`, where B is stored by rows; `load` is WGSL of a step's vec4. With `shared`, the two groups of a
 * register need the same columns: each fetches one of two steps for both.
 */
export function stepsWgsl(j: number, lanes: number, shared: boolean, load: (step: string) => string): string[] {
  if (!shared) return list(4).map((q) => `let b${q}_${j} = ${load(`${q}u`)};`);
  return [0, 2].flatMap((q) => [
    `let pair${q}_${j} = ${load(`${q}u + part`)};`,
    ...list(2).map((p) => `let b${q + p}_${j} = subgroupShuffle(pair${q}_${j}, lane + ${p * lanes}u);`),
  ]);
}

/** Four steps of the sum of row `i` and vec4 of columns `j`, in their order; `value` is A's at a step, B's is `b{step}_{j}`. */
export function sumWgsl(i: number, j: number | string, value: (q: number) => string): string {
  return `c${i}_${j} = ((((c${i}_${j} + ${list(4).map((q) => `${value(q)} * b${q}_${j}`).join(") + ")});`;
}

/**
 * The built-in with a thread's number in its workgroup. Where that is one subgroup, the number in the subgroup: lavapipe's compiler knows
 * it for each lane, so a shuffle by it is one instruction.
 */
export function ownNumber({ broadcast }: Tile): string {
  return broadcast ? "subgroup_invocation_id" : "local_invocation_index";
}

/** What `lane` of each group loaded, to all lanes of that group. */
export function handedWgsl(loaded: string, lane: number, { groups }: Tile): string {
  return groups === 1 ? `subgroupBroadcast(${loaded}, ${lane}u)` : `subgroupShuffle(${loaded}, own - lane + ${lane}u)`;
}
