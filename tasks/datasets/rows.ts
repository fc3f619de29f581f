/**
 * Rows of a task from a JSON array of objects, as the U repository stores them.
 * Every error is one line: the file, the row (counted from 0), the field, and what would be valid.
 * @module
 */
import type { DatasetRow, Task } from "../types.ts";

/**
 * Reads all rows of a file, in file order.
 *
 * An input field may be empty (some published rows are); an empty output is an error, and for a classification so is a
 * gold label that is neither a label word nor in `task.toleratedGold`. Fields the task does not name are ignored.
 *
 * @throws where the file is missing, is not UTF-8 or JSON, is not an array of at least one object, or a row is bad.
 */
export async function readRows(path: string, task: Task): Promise<DatasetRow[]> {
  const parsed = parse(await readText(path), path);
  if (!Array.isArray(parsed)) throw new Error(`${path}: holds ${describe(parsed)}; valid: a JSON array of rows`);
  if (parsed.length === 0) throw new Error(`${path}: holds no rows; valid: a JSON array of at least one row`);
  const seen = new Map<string, number>();
  return parsed.map((value, index) => {
    const row = parseRow(value, index, task, `${path}: row ${index}`);
    const earlier = seen.get(row.id);
    if (earlier !== undefined) {
      throw new Error(
        `${path}: row ${index}: field "idx" gives the id "${row.id}", which row ${earlier} has; ` +
          "valid: an id of its own",
      );
    }
    seen.set(row.id, index);
    return row;
  });
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: no such file; valid: a JSON file of rows`);
    throw new Error(`${path}: cannot be read (${oneLine(error)}); valid: a readable JSON file of rows`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${path}: not UTF-8; valid: a UTF-8 JSON file of rows`);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: not valid JSON (${oneLine(error)}); valid: a JSON array of rows`);
  }
}

function parseRow(value: unknown, index: number, task: Task, where: string): DatasetRow {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const fields = [...task.fields, "output"].map(quote).join(", ");
    throw new Error(`${where}: is ${describe(value)}; valid: an object with the text fields ${fields}`);
  }
  const record = value as Record<string, unknown>;
  const fields = Object.fromEntries(task.fields.map((name) => [name, textField(record, name, where)]));
  const output = textField(record, "output", where);
  if (output.trim() === "") throw new Error(`${where}: field "output" is empty; valid: ${validOutput(task)}`);
  if (task.kind === "classification" && !task.labels.includes(output) && !task.toleratedGold?.includes(output)) {
    throw new Error(`${where}: field "output" is ${quote(output)}; valid: ${validOutput(task)}`);
  }
  return { id: idOf(record, index, where), fields, output };
}

function textField(record: Record<string, unknown>, name: string, where: string): string {
  if (!Object.hasOwn(record, name)) throw new Error(`${where}: field "${name}" is missing; valid: text`);
  const value = record[name];
  if (typeof value !== "string") throw new Error(`${where}: field "${name}" is ${describe(value)}; valid: text`);
  return value;
}

function idOf(record: Record<string, unknown>, index: number, where: string): string {
  if (!Object.hasOwn(record, "idx")) return String(index);
  const idx = record.idx;
  if (typeof idx === "string" && idx !== "") return idx;
  if (typeof idx === "number" && Number.isSafeInteger(idx)) return String(idx);
  throw new Error(`${where}: field "idx" is ${describe(idx)}; valid: text, a whole number, or no such field`);
}

function validOutput(task: Task): string {
  return task.kind === "generation" ? "text" : [...task.labels, ...task.toleratedGold ?? []].map(quote).join(", ");
}

/** What a value is, in words; long texts are cut, so that an error stays one short line. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? `the text ${quote(value)}` : `the ${typeof value} ${value}`;
}

/** A text in quotation marks, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? text.slice(0, 40) + "..." : text);
}

/** An error's message as one line. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}
