/**
 * What a description of a dataset says: its task, its label words, and how its publishers lay its files out.
 * @module
 */
import type { Cell, Values } from "./cells.ts";

/** One layout of a dataset's files. */
export interface Layout {
  /** Whose layout it is, such as `GLUE`. */
  readonly about: string;
  /** The task's input fields. */
  readonly fields: Readonly<Record<string, Cell>>;
  /** The reference output. */
  readonly output: Cell;
  /** Names of the columns of a delimited file that has no header line. */
  readonly headerless?: readonly string[];
  /** Rows count only where these columns have these values. */
  readonly only?: Readonly<Record<string, string>>;
  /** Rows that have too few columns are left out: the publisher's own file has some. */
  readonly shortRows?: true;
}

/**
 * How a file is read whose name ends in none of `.json`, `.jsonl`, `.ndjson`, `.tsv`, `.csv`, `.parquet`: as tab-separated
 * values; as `key: value` lines with blank lines between records; as lines of text, in pairs of files; or as one record
 * made of the whole file.
 */
export type PlainFormat =
  | { readonly kind: "tsv" }
  | { readonly kind: "blocks" }
  | { readonly kind: "lines"; readonly columns: readonly [string, string] }
  | { readonly kind: "document"; parse(text: string, where: string): Values };

/** A dataset that a task reads. */
export interface Dataset {
  /** Name of the dataset, as the command line takes it. */
  readonly name: string;
  /** Its name in print. */
  readonly title: string;
  /** The task's folder. */
  readonly task: string;
  /** Name of the set in the task's folder. */
  readonly set: string;
  /** Label words, in scoring order; empty for free text. */
  readonly labels: readonly string[];
  /** Layouts that its files may have; the first whose columns are all there counts. */
  readonly layouts: readonly Layout[];
  /** How files with other endings are read. */
  readonly plain?: PlainFormat;
  /** Files with this ending hold one value a line for the file before them, which becomes a column of it. */
  readonly partner?: { readonly ending: string; readonly column: string };
}

/** Columns that a layout needs. */
export function columnsOf(layout: Layout): string[] {
  const cells = [...Object.values(layout.fields), layout.output];
  return [...new Set([...cells.flatMap((cell) => cell.columns), ...Object.keys(layout.only ?? {})])];
}
