/**
 * JSON with one spelling per value, so that equal values have equal hashes.
 * The part of RFC 8785 that JSON values need: keys sorted by UTF-16 code units, numbers as ECMAScript prints them, no white space.
 * @module
 */

/**
 * Canonical text of a JSON value.
 *
 * @param value Null, booleans, finite numbers, strings, arrays, plain objects.
 * @param indent Spaces per level; 0 is the canonical form, more is for files that people read. Key order is the same.
 * @throws Where a value is not JSON (NaN, infinity, undefined, a function), naming where it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalJson } from "./canonical_json.ts";
 *
 * assertEquals(canonicalJson({ b: [1, -0, 1e21], a: "x" }), '{"a":"x","b":[1,0,1e+21]}');
 * ```
 */
export function canonicalJson(value: unknown, indent = 0): string {
  return JSON.stringify(sorted(value, "$"), null, indent);
}

function sorted(value: unknown, at: string): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`${at} is ${value}: JSON has finite numbers only`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => sorted(item, `${at}[${index}]`));
  if (typeof value === "object") {
    // JSON.stringify puts integer-like keys first whatever their order, so objects with such keys are not accepted.
    const keys = Object.keys(value).sort();
    for (const key of keys) {
      if (/^(0|[1-9]\d*)$/.test(key)) throw new Error(`${at} has the key "${key}": keys must not be whole numbers`);
    }
    return Object.fromEntries(
      keys.map((key) => [key, sorted((value as Record<string, unknown>)[key], `${at}.${key}`)]),
    );
  }
  throw new Error(`${at} is ${typeof value}: not a JSON value`);
}
