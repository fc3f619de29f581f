/**
 * Cells: how a field of ours is made from a record of a publisher's file.
 * @module
 */
import { describe, quote } from "./rows.ts";

/** A record of a file by column, as JSON, Parquet or a delimited file gives it. */
export type Values = Readonly<Record<string, unknown>>;

/** Makes one field of a row. */
export interface Cell {
  /** Columns of the record that it reads. */
  readonly columns: readonly string[];
  /**
   * The field's text, or null where the publisher gives none, so that the row is left out.
   *
   * @param where file and row, for errors
   * @throws where a column is missing or its value is of another kind; the message says what would be valid.
   */
  read(values: Values, where: string): string | null;
}

/** The value at a path such as `answer.value`. */
function valueAt(values: Values, path: string, valid: string, where: string): unknown {
  let value: unknown = values;
  let reached = "";
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error(`${where}: field "${reached}" is ${describe(value)}; valid: an object with the field "${name}"`);
    }
    reached = reached === "" ? name : `${reached}.${name}`;
    if (!Object.hasOwn(value, name)) throw new Error(`${where}: field "${reached}" is missing; valid: ${valid}`);
    value = (value as Values)[name];
  }
  return value;
}

function textAt(values: Values, path: string, where: string): string | null {
  const value = valueAt(values, path, "text", where);
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") throw new Error(`${where}: field "${path}" is ${describe(value)}; valid: text`);
  return value.trim() === "" ? null : value;
}

function textsAt(values: Values, path: string, where: string): string[] {
  const value = valueAt(values, path, "a list of texts", where);
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${where}: field "${path}" is ${describe(value)}; valid: a list of texts`);
  const odd = value.find((item) => typeof item !== "string");
  if (odd !== undefined) {
    throw new Error(`${where}: field "${path}" holds ${describe(odd)}; valid: a list of texts`);
  }
  return (value as string[]).filter((item) => item.trim() !== "");
}

const columnOf = (path: string): string => path.split(".", 1)[0];

/** A text as it stands; the path of a nested one has dots. */
export function text(path: string): Cell {
  return { columns: [columnOf(path)], read: (values, where) => textAt(values, path, where) };
}

/** A text that always stands there, such as the name of a language. */
export function constant(value: string): Cell {
  return { columns: [], read: () => value };
}

/** What another cell gives, with more at its end. */
export function followedBy(cell: Cell, ending: string): Cell {
  return {
    columns: cell.columns,
    read(values, where) {
      const value = cell.read(values, where);
      return value === null ? null : value.trim() + ending;
    },
  };
}

/** The first of a list of texts. */
export function firstOf(path: string): Cell {
  return { columns: [columnOf(path)], read: (values, where) => textsAt(values, path, where)[0] ?? null };
}

/** A list of texts as one, with a space between. */
export function joined(path: string): Cell {
  return {
    columns: [columnOf(path)],
    read: (values, where) => textsAt(values, path, where).join(" ") || null,
  };
}

/** A text that some tools put in quotation marks where it holds some. */
export function unquoted(path: string): Cell {
  return {
    columns: [columnOf(path)],
    read(values, where) {
      const value = textAt(values, path, where);
      const inner = value !== null && /^"((?:[^"]|"")*)"$/s.exec(value)?.[1];
      return typeof inner === "string" ? inner.replaceAll('""', '"') : value;
    },
  };
}

/** The first group of a pattern that takes part in the match, within a text. `valid` says what the text must hold. */
export function matched(path: string, pattern: RegExp, valid: string): Cell {
  return {
    columns: [columnOf(path)],
    read(values, where) {
      const value = textAt(values, path, where);
      if (value === null) return null;
      const match = pattern.exec(value);
      if (match === null) throw new Error(`${where}: field "${path}" is ${describe(value)}; valid: ${valid}`);
      return match.slice(1).find((group) => group !== undefined) ?? "";
    },
  };
}

/** A value as the key of a table: numbers as digits, booleans as `true` and `false`. */
function keyAt<T>(values: Values, path: string, table: Readonly<Record<string, T>>, where: string): T {
  const valid = Object.keys(table).map((key) => quote(key)).join(", ");
  const value = valueAt(values, path, valid, where);
  const key = ["string", "number", "bigint", "boolean"].includes(typeof value) ? String(value).trim() : null;
  if (key === null || !Object.hasOwn(table, key)) {
    throw new Error(`${where}: field "${path}" is ${describe(value)}; valid: ${valid}`);
  }
  return table[key];
}

/** A label word for each label of the publisher's; null leaves a row out. */
export function label(path: string, words: Readonly<Record<string, string | null>>): Cell {
  return { columns: [columnOf(path)], read: (values, where) => keyAt(values, path, words, where) };
}

/** The text in the column that another column names through a table, as a question's right answer is named. */
export function named(path: string, columns: Readonly<Record<string, string | null>>): Cell {
  return {
    columns: [columnOf(path)],
    read(values, where) {
      const column = keyAt(values, path, columns, where);
      return column === null ? null : textAt(values, column, where);
    },
  };
}

/** One word for numbers above a limit, another for the rest; numbers go from 0 to 5. */
export function above(path: string, limit: number, words: { readonly yes: string; readonly no: string }): Cell {
  const valid = "a number from 0 to 5";
  return {
    columns: [columnOf(path)],
    read(values, where) {
      const value = valueAt(values, path, valid, where);
      if (value === null) return null;
      const written = typeof value === "string" && value.trim() !== "";
      const number = written || ["number", "bigint"].includes(typeof value) ? Number(value) : NaN;
      if (!(number >= 0 && number <= 5)) {
        throw new Error(`${where}: field "${path}" is ${describe(value)}; valid: ${valid}`);
      }
      return number > limit ? words.yes : words.no;
    },
  };
}

/**
 * The text of one of four choices.
 *
 * @param index 0 to 3
 * @param textsOf the texts of a record's choices
 */
export function choice(column: string, index: number, textsOf: (value: unknown) => unknown): Cell {
  return {
    columns: [columnOf(column)],
    read(values, where) {
      const texts = textsOf(valueAt(values, column, "four choices", where));
      if (!Array.isArray(texts) || texts.length !== 4 || texts.some((each) => typeof each !== "string")) {
        throw new Error(`${where}: field "${column}" does not hold the texts of four choices; valid: four choices`);
      }
      return texts[index] as string;
    },
  };
}
