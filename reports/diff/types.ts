/**
 * What a comparison of two reports finds.
 * @module
 */
import type { Factors } from "../../benchmarks/types.ts";

/**
 * `=` equal; `+` better, `-` worse (in exact mode: at all; in statistical mode: significantly); `~` different but neither better nor worse,
 * or not significantly; `x` not comparable; `?` missing on a side.
 */
export type Mark = "=" | "+" | "-" | "~" | "x" | "?";

/** All marks, in the order of the summary line. */
export const MARKS: readonly Mark[] = ["=", "+", "-", "~", "x", "?"];

/** How two cells are compared. */
export type Mode = "exact" | "statistical";

/** An item that differs between the sides. */
export interface Flip {
  /** The sample's id, or `row N` (from 1) where only report files are at hand. */
  readonly id: string;
  /** Item values in 0..100, two decimals. */
  readonly a: string;
  readonly b: string;
  /** Generated texts and decision margins; null without run folders. */
  readonly outputs: readonly [string, string] | null;
  readonly margins: readonly [string, string] | null;
}

/** One comparison. */
export interface DiffRow {
  readonly mark: Mark;
  /** `cell`: the whole cell; `weights`: the trained weights; else a metric's or a probe's name, or `evaluation` for all its metrics. */
  readonly what: string;
  /** The evaluation, such as `summary/news, format 1, 0 shots`; null for a whole cell. */
  readonly evaluation: string | null;
  readonly a: string | null;
  readonly b: string | null;
  /** B minus A with its 95 % interval, four decimals; null where there is none. */
  readonly difference: string | null;
  readonly low: string | null;
  readonly high: string | null;
  readonly test: "McNemar exact" | "paired bootstrap" | null;
  /** The test's p, and Holm's over its family: four significant digits. */
  readonly p: string | null;
  readonly adjusted: string | null;
  readonly n: number | null;
  /** Items that count in A only, and in B only; null where items do not just count or not. */
  readonly discordant: readonly [number, number] | null;
  readonly notes: readonly string[];
  /** Items that differ; null unless asked for. */
  readonly flips: readonly Flip[] | null;
}

/** A matched pair of cells. */
export interface DiffCell {
  readonly label: string;
  readonly factors: Factors;
  /** Null where they cannot be compared. */
  readonly mode: Mode | null;
  /** Why the comparison is not exact, and what else differs in what was done. */
  readonly notes: readonly string[];
  readonly rows: readonly DiffRow[];
}

/** One side, as named and as found. */
export interface DiffSide {
  readonly name: string;
  readonly suite: string;
  readonly profile: string;
  readonly model: string;
  readonly operands: string;
  readonly kernels: readonly string[];
  readonly numericSignatures: readonly string[];
}

/** The JSON form of a comparison. */
export interface DiffResult {
  readonly schema: "tunemark.diff/1";
  readonly a: DiffSide;
  readonly b: DiffSide;
  /** Rows by mark. */
  readonly counts: Readonly<Record<Mark, number>>;
  readonly cells: readonly DiffCell[];
  readonly verdict: string;
  readonly exitCode: 0 | 1 | 2;
}
