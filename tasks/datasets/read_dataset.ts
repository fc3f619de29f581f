/**
 * Rows of a dataset from its publishers' files.
 * @module
 */
import type { DatasetRow } from "../types.ts";
import type { Values } from "./cells.ts";
import { columnsOf, type Dataset, type Layout, type PlainFormat } from "./dataset.ts";
import { parquetRecords } from "./parquet_source.ts";
import { quote } from "./rows.ts";
import { blocks, commaSeparated, type Entry, jsonRecords, lines, tabbed } from "./text_source.ts";

/** A row, or in a word why a record is none. */
export type DatasetEntry =
  | { readonly row: DatasetRow; readonly leftOut?: undefined }
  | { readonly row?: undefined; readonly leftOut: string };

/** A file, and the one that goes beside it line by line. */
interface Source {
  readonly path: string;
  readonly beside: string | null;
  /** Distinguishes files of one name in ids. */
  readonly label: string;
}

/**
 * Rows of files of a dataset, in the order given, then in file order. A folder stands for the files in it, by name.
 *
 * Records without a text or a label that the row needs are left out, as publishers' files have such; an id is the name
 * of the file and the record's number in it.
 *
 * @throws where a file is missing or malformed, its columns are those of no layout, or a value is of the wrong kind: one
 * line that names file, row and field, and what would be valid.
 */
export async function* readDataset(dataset: Dataset, paths: readonly string[]): AsyncGenerator<DatasetEntry> {
  for (const source of pairUp(dataset, await expand(paths))) {
    let layout: Layout | null = null;
    let names: readonly string[] | null = null;
    for await (const entry of entries(dataset, source)) {
      const { value, where } = entry;
      if (!Array.isArray(value)) {
        layout ??= layoutOf(dataset, Object.keys(value), source.path);
        yield toRow(layout, value as Values, entry, source, dataset);
        continue;
      }
      if (layout === null || names === null) {
        const found = namesOf(dataset, value, source.path);
        layout = found.layout;
        names = found.names;
        if (found.header) continue;
      }
      if (value.length !== names.length) {
        if (layout.shortRows) yield { leftOut: "another number of cells than columns" };
        else throw new Error(`${where}: holds ${value.length} cells; valid: ${names.length}, as ${names.join(", ")}`);
        continue;
      }
      const values = Object.fromEntries(names.map((name, i) => [name, value[i]]));
      yield toRow(layout, values, entry, source, dataset);
    }
  }
}

/** The files that the paths stand for. */
async function expand(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const isFolder = await Deno.stat(path).then((info) => info.isDirectory).catch(() => false);
    if (!isFolder) {
      found.push(path);
      continue;
    }
    const names = await Array.fromAsync(Deno.readDir(path), (entry) => entry.isFile ? entry.name : "");
    const folder = path.replace(/\/+$/, "");
    found.push(
      ...names.filter((name) => name !== "" && !name.startsWith(".")).sort().map((name) => `${folder}/${name}`),
    );
  }
  return found;
}

/** The kind of a file, by its name. */
function kindOf(path: string): "json" | "tsv" | "csv" | "parquet" | "plain" {
  const ending = /\.([a-z]+)(?:\.gz)?$/.exec(path.toLowerCase())?.[1];
  switch (ending) {
    case "json":
    case "jsonl":
    case "ndjson":
      return "json";
    case "tsv":
    case "csv":
    case "parquet":
      return ending;
    default:
      return "plain";
  }
}

function pairUp(dataset: Dataset, paths: readonly string[]): Source[] {
  const { partner, plain } = dataset;
  const baseName = (path: string) => path.split("/").at(-1)!;
  const names = paths.map(baseName);
  const sources: Source[] = [];
  const add = (path: string, beside: string | null) => {
    const name = baseName(path);
    const twice = names.indexOf(name) !== names.lastIndexOf(name);
    sources.push({ path, beside, label: twice ? `${sources.length}/${name}` : name });
  };
  for (let i = 0; i < paths.length; i++) {
    const [path, next] = [paths[i], paths[i + 1]];
    if (partner && path.endsWith(partner.ending)) {
      throw new Error(`${path}: stands alone; valid: right after the file whose ${partner.column}s it holds`);
    }
    if (partner && next?.endsWith(partner.ending)) {
      add(path, next);
      i++;
    } else if (plain?.kind === "lines" && kindOf(path) === "plain") {
      const [first, second] = plain.columns;
      if (next === undefined || kindOf(next) !== "plain") {
        throw new Error(`${path}: stands alone; valid: pairs of text files, "${first}" and then "${second}"`);
      }
      if (path.endsWith(`.${second}`) || next.endsWith(`.${first}`)) {
        throw new Error(`${path}: stands before ${next}; valid: the file in "${first}", then the one in "${second}"`);
      }
      add(path, next);
      i++;
    } else add(path, null);
  }
  return sources;
}

async function* entries(dataset: Dataset, source: Source): AsyncGenerator<Entry> {
  const { path, beside } = source;
  const plain = dataset.plain;
  const kind = kindOf(path);
  if (kind === "plain" && plain?.kind === "lines") {
    yield* pairs(path, beside!, plain.columns);
    return;
  }
  const own = kind === "plain"
    ? plainEntries(path, plain)
    : kind === "json"
    ? jsonRecords(path)
    : kind === "parquet"
    ? parquetRecords(path, (columns) => columnsOf(layoutOf(dataset, columns, path)))
    // Some publishers call tab-separated files .csv.
    : kind === "csv" && !(await isTabbed(path))
    ? commaSeparated(path)
    : tabbed(path);
  if (beside === null) yield* own;
  else yield* withColumn(own, path, beside, dataset.partner!.column);
}

function plainEntries(
  path: string,
  plain: PlainFormat | undefined,
): AsyncGenerator<Entry> {
  switch (plain?.kind) {
    case "tsv":
      return tabbed(path);
    case "blocks":
      return blocks(path);
    case "document":
      return document(path, plain.parse);
    default:
      throw new Error(
        `${path}: of no known format; valid: a name that ends in .json, .jsonl, .tsv, .csv or .parquet, or those and .gz`,
      );
  }
}

async function* document(
  path: string,
  parse: (text: string, where: string) => Values,
): AsyncGenerator<Entry> {
  const text = (await Array.fromAsync(lines(path))).join("\n");
  yield { where: path, index: 0, value: parse(text, path) };
}

async function isTabbed(path: string): Promise<boolean> {
  for await (const line of lines(path)) return line.split("\t").length > 2;
  return false;
}

/** Lines of two files as records of two columns. */
async function* pairs(path: string, beside: string, [first, second]: readonly [string, string]): AsyncGenerator<Entry> {
  const numbered = (async function* (): AsyncGenerator<Entry> {
    let index = 0;
    for await (const line of lines(path)) {
      yield { where: `${path}: line ${index + 1}`, index: index++, value: { [first]: line } };
    }
  })();
  yield* withColumn(numbered, path, beside, second);
}

/** Records of a file with one column more: the lines of another. */
async function* withColumn(
  own: AsyncGenerator<Entry>,
  path: string,
  beside: string,
  column: string,
): AsyncGenerator<Entry> {
  const other = lines(beside);
  let count = 0;
  try {
    for await (const entry of own) {
      const line = await other.next();
      if (line.done) throw new Error(`${beside}: ends after ${count} lines, ${path} goes on; valid: as many as there`);
      count++;
      const value = Array.isArray(entry.value)
        ? [...entry.value, line.value]
        : { ...entry.value, [column]: line.value };
      yield { ...entry, value };
    }
    if (!(await other.next()).done) {
      throw new Error(`${path}: ends after ${count} rows, ${beside} goes on; valid: as many as there`);
    }
  } finally {
    await other.return(undefined);
  }
}

function layoutOf(dataset: Dataset, columns: readonly string[], path: string): Layout {
  const there = new Set(columns);
  const layout = dataset.layouts.find((each) => columnsOf(each).every((column) => there.has(column)));
  if (layout === undefined) {
    throw new Error(`${path}: has the columns ${list(columns)}; valid: ${validLayouts(dataset)}`);
  }
  return layout;
}

/** What a delimited file's columns are called: its first line says so, or a layout without such a line does. */
function namesOf(
  dataset: Dataset,
  first: readonly string[],
  path: string,
): { layout: Layout; names: readonly string[]; header: boolean } {
  const there = new Set(first);
  const titled = dataset.layouts.find((each) => columnsOf(each).every((column) => there.has(column)));
  if (titled !== undefined) return { layout: titled, names: first, header: true };
  const untitled = dataset.layouts.find((each) => each.headerless?.length === first.length);
  if (untitled !== undefined) return { layout: untitled, names: untitled.headerless!, header: false };
  throw new Error(`${path}: has the columns ${list(first)}; valid: ${validLayouts(dataset)}`);
}

function list(columns: readonly string[]): string {
  const shown = columns.slice(0, 12).map((column) => column.length > 30 ? `${column.slice(0, 30)}...` : column);
  return [...shown, ...(columns.length > 12 ? ["..."] : [])].join(", ");
}

function validLayouts(dataset: Dataset): string {
  return dataset.layouts.map((layout) =>
    `${columnsOf(layout).join(", ")}${layout.headerless ? " (no header needed)" : ""} [${layout.about}]`
  ).join("; or ");
}

function toRow(layout: Layout, values: Values, entry: Entry, source: Source, dataset: Dataset): DatasetEntry {
  for (const [column, wanted] of Object.entries(layout.only ?? {})) {
    if (values[column] !== wanted) return { leftOut: `${column} other than ${wanted}` };
  }
  const fields: Record<string, string> = {};
  for (const [name, cell] of Object.entries(layout.fields)) {
    const value = cell.read(values, entry.where);
    if (value === null) return { leftOut: `no ${name}` };
    fields[name] = value;
  }
  const output = layout.output.read(values, entry.where)?.trim();
  if (!output) return { leftOut: dataset.labels.length > 0 ? "no label" : "no output" };
  if (dataset.labels.length > 0 && !dataset.labels.includes(output)) {
    throw new Error(
      `${entry.where}: the label is ${quote(output)}; valid: ${dataset.labels.map((word) => quote(word)).join(", ")}`,
    );
  }
  return { row: { id: `${source.label}:${entry.index}`, fields, output } };
}
