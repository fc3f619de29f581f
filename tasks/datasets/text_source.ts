/**
 * Text files as records: JSON, JSON Lines, tab- and comma-separated values, blocks of `key: value`, plain lines.
 * Files are read as a stream, so that a large one needs no memory of its size; `.gz` files are unpacked on the way.
 * @module
 */
import { describe, oneLine } from "./rows.ts";
import type { Values } from "./cells.ts";

/** A record, or the cells of a delimited line, and where it stands. */
export interface Entry {
  /** File and line or row, as errors begin. */
  readonly where: string;
  /** Number of the record in its file, from 0. */
  readonly index: number;
  /** Values by column; cells where the file has not said what its columns are called. */
  readonly value: Values | readonly string[];
}

/**
 * Lines of a text file, without their ends.
 *
 * @throws where the file is missing or cannot be decoded.
 */
export async function* lines(path: string, encoding: "utf-8" | "latin1" = "utf-8"): AsyncGenerator<string> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: no such file; valid: a file of the dataset`);
    throw new Error(`${path}: cannot be read (${oneLine(error)}); valid: a readable file of the dataset`);
  }
  const bytes = path.endsWith(".gz") ? file.readable.pipeThrough(new DecompressionStream("gzip")) : file.readable;
  const text = bytes.pipeThrough(new TextDecoderStream(encoding, { fatal: true }));
  let rest = "";
  try {
    for await (const chunk of text) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      for (const part of parts) yield withoutReturn(part);
    }
  } catch (error) {
    const valid = path.endsWith(".gz") ? "a gzip file of UTF-8 text" : "UTF-8 text";
    throw new Error(`${path}: cannot be decoded (${oneLine(error)}); valid: ${valid}`);
  }
  if (rest !== "") yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/**
 * Records of a JSON file: an array of objects, objects one after another (JSON Lines is a case of that), or one object
 * whose `Data` or `data` is the array.
 */
export async function* jsonRecords(path: string): AsyncGenerator<Entry> {
  let index = 0;
  for await (const { text, line } of jsonValues(path)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Error(`${path}: line ${line}: not valid JSON (${oneLine(error)}); valid: a JSON object`);
    }
    const rows = rowsWithin(value);
    if (rows === null) {
      yield { where: `${path}: line ${line}`, index, value: record(value, `${path}: line ${line}`) };
      index++;
      continue;
    }
    for (const row of rows) {
      yield { where: `${path}: row ${index}`, index, value: record(row, `${path}: row ${index}`) };
      index++;
    }
  }
}

function rowsWithin(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  const { Data, data } = (value ?? {}) as { Data?: unknown; data?: unknown };
  return Array.isArray(Data) ? Data : Array.isArray(data) ? data : null;
}

function record(value: unknown, where: string): Values {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${where}: is ${describe(value)}; valid: a JSON object`);
  }
  return value as Values;
}

/** The texts of a file's JSON values, cut where their brackets close, and the line where each begins. */
async function* jsonValues(
  path: string,
): AsyncGenerator<{ text: string; line: number }> {
  let number = 0, begun = 0, depth = 0;
  let inText = false;
  let parts: string[] = [];
  for await (const line of lines(path)) {
    number++;
    inText = false;
    let from = 0;
    for (let i = 0; i < line.length; i++) {
      const character = line[i];
      if (inText) {
        if (character === "\\") i++;
        else if (character === '"') inText = false;
        continue;
      }
      if (character === '"') inText = true;
      else if (character === "{" || character === "[") depth++;
      else if ((character === "}" || character === "]") && --depth <= 0) {
        parts.push(line.slice(from, i + 1));
        yield { text: parts.join("\n"), line: begun || number };
        parts = [];
        from = i + 1;
        begun = depth = 0;
      }
    }
    const rest = line.slice(from);
    if (rest.trim() !== "") begun ||= number;
    if (begun !== 0) parts.push(rest);
    // A value that spans lines is open by a bracket; what is not, is no object.
    if (begun !== 0 && depth === 0) {
      yield { text: parts.join("\n"), line: begun };
      parts = [];
      begun = 0;
    }
  }
  if (begun !== 0) throw new Error(`${path}: line ${begun}: a JSON value that does not end; valid: a JSON object`);
}

/** Lines of tab-separated values. Quotation marks are text, as GLUE has them. */
export async function* tabbed(path: string): AsyncGenerator<Entry> {
  let index = 0;
  for await (const line of lines(path)) {
    if (line !== "") yield { where: `${path}: line ${index + 1}`, index, value: line.split("\t") };
    index++;
  }
}

/** Comma-separated values (RFC 4180): a cell in quotation marks may hold commas, line ends and doubled marks. */
export async function* commaSeparated(path: string): AsyncGenerator<Entry> {
  let number = 0, begun = 0, index = 0;
  let open = "";
  for await (const line of lines(path)) {
    number++;
    if (begun === 0 && line === "") continue;
    const text: string = begun === 0 ? line : `${open}\n${line}`;
    begun ||= number;
    if (text.split('"').length % 2 === 0) {
      open = text;
      continue;
    }
    yield { where: `${path}: line ${begun}`, index: index++, value: cells(text, `${path}: line ${begun}`) };
    begun = 0;
  }
  if (begun !== 0) {
    throw new Error(`${path}: line ${begun}: a quotation mark that is not closed; valid: a pair of them`);
  }
}

function cells(text: string, where: string): string[] {
  const found: string[] = [];
  for (let at = 0;; at++) {
    if (text[at] !== '"') {
      const end = text.indexOf(",", at);
      found.push(text.slice(at, end < 0 ? undefined : end));
      if (end < 0) return found;
      at = end;
      continue;
    }
    let end = at + 1;
    while (text[end] !== '"' || text[end + 1] === '"') end += text[end] === '"' ? 2 : 1;
    found.push(text.slice(at + 1, end).replaceAll('""', '"'));
    at = end + 1;
    if (at === text.length) return found;
    if (text[at] !== ",") {
      throw new Error(`${where}: cell ${found.length} goes on after its closing quotation mark; valid: a comma there`);
    }
  }
}

/** Records of lines such as `review/score: 5.0` with blank lines between them, as the Stanford Network Analysis Project has them: in Latin-1,
 * with line ends within values. */
export async function* blocks(path: string): AsyncGenerator<Entry> {
  let number = 0, index = 0, begun = 0;
  let values: Record<string, string> = {};
  let key = "";
  for await (const line of lines(path, "latin1")) {
    number++;
    if (line === "") {
      if (begun !== 0) yield { where: `${path}: line ${begun}`, index: index++, value: values };
      values = {};
      begun = 0;
      continue;
    }
    const match = /^(\w+\/\w+):(?: (.*))?$/.exec(line);
    if (match !== null) values[key = match[1]] = match[2] ?? "";
    // Some values have line ends in them.
    else if (begun !== 0) values[key] += `\n${line}`;
    else throw new Error(`${path}: line ${number}: is ${describe(line)}; valid: a line such as review/score: 5.0`);
    begun ||= number;
  }
  if (begun !== 0) yield { where: `${path}: line ${begun}`, index, value: values };
}
