/**
 * Shapes of JSON values: a small checker whose errors name the file and the field.
 * @module
 */

/** Checks a value found at `path` of `file`; throws where it does not fit. */
export type Shape = (value: unknown, file: string, path: string) => void;

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function refuse(file: string, path: string, valid: string, value: unknown): never {
  throw new Error(`${file}: field "${path}" must be ${valid}, found ${describe(value)}`);
}

function shapeOf(valid: string, fits: (value: unknown) => boolean): Shape {
  return (value, file, path) => {
    if (!fits(value)) refuse(file, path, valid, value);
  };
}

/** Any text. */
export const text: Shape = shapeOf("text", (value) => typeof value === "string");

/** A non-negative integer. */
export const count: Shape = shapeOf(
  "a non-negative integer",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

/** A finite number. */
export const number: Shape = shapeOf("a number", (value) => typeof value === "number" && Number.isFinite(value));

/** A finite number written as text, such as `"2.3170166"`. */
export const numberText: Shape = shapeOf(
  "a number as text",
  (value) => typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)),
);

/** One of some values. */
export function oneOf(...values: readonly (string | number)[]): Shape {
  return shapeOf(
    values.map((value) => JSON.stringify(value)).join(" or "),
    (value) => values.includes(value as string | number),
  );
}

/** The shape, or null. */
export function nullable(shape: Shape): Shape {
  return (value, file, path) => {
    if (value !== null) shape(value, file, path);
  };
}

/** The shape, or a field that is not there. */
export function optional(shape: Shape): Shape {
  return (value, file, path) => {
    if (value !== undefined) shape(value, file, path);
  };
}

/** A list of a shape. */
export function list(shape: Shape): Shape {
  return (value, file, path) => {
    if (!Array.isArray(value)) refuse(file, path, "a list", value);
    value.forEach((item, i) => shape(item, file, `${path}[${i}]`));
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** An object with any keys and values of one shape. */
export function record(shape: Shape): Shape {
  return (value, file, path) => {
    if (!isObject(value)) refuse(file, path, "an object", value);
    for (const [key, item] of Object.entries(value)) shape(item, file, join(path, key));
  };
}

/** An object with at least these fields; others are let pass, so that a later minor version can add some. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  return (value, file, path) => {
    if (!isObject(value)) refuse(file, path === "" ? "(whole file)" : path, "an object", value);
    for (const [key, shape] of Object.entries(fields)) shape(value[key], file, join(path, key));
  };
}

/**
 * Parses a JSON file's text and checks it.
 * @throws naming the file for text that is no JSON, a schema other than `schema`, or a field that does not fit
 */
export function parse<T>(source: string, file: string, schema: string | null, shape: Shape): T {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new Error(`${file}: is not JSON`);
  }
  if (schema !== null) {
    const found = isObject(value) ? value.schema : undefined;
    if (found !== schema) throw new Error(`${file}: field "schema" must be "${schema}", found ${describe(found)}`);
  }
  shape(value, file, "");
  return value as T;
}
