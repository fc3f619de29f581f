/**
 * Reading JSON files strictly: one clear line for a file that is absent, is no JSON, is no object, or names a key twice.
 * @module
 */

/** A JSON object whose fields are not known yet. */
export type JsonObject = Record<string, unknown>;

/** Whether `value` is a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The first key that one object of a valid JSON text has twice, or null.
 * `JSON.parse` keeps the last of two equal keys in silence; in a header or a configuration that is a contradiction.
 */
function repeatedKey(json: string): string | null {
  // A string followed by a colon is a key; braces open and close the objects that keys belong to.
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g;
  const open: Set<string>[] = [];
  for (const [text, colon] of json.matchAll(token)) {
    if (text === "{") open.push(new Set());
    else if (text === "}") open.pop();
    else if (colon !== undefined) {
      const key: string = JSON.parse(text.slice(0, text.length - colon.length));
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

/** Parses `text` as one JSON object; `what` names the place in errors, such as a path. */
export function parseJsonObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${what}: not valid JSON (${error instanceof Error ? error.message : error})`);
  }
  if (!isJsonObject(value)) throw new Error(`${what}: must be a JSON object`);
  const key = repeatedKey(text);
  if (key !== null) throw new Error(`${what}: key ${JSON.stringify(key)} appears twice; each key may appear once`);
  return value;
}

/** Reads a whole file, with a message that says which and why where that fails. */
function readBytes(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: no such file`);
    throw new Error(`${path}: cannot be read (${error instanceof Error ? error.message : error})`);
  }
}

/** Reads a file that must hold one JSON object in UTF-8. */
export function readJsonObject(path: string): JsonObject {
  return parseJsonObject(new TextDecoder().decode(readBytes(path)), path);
}
