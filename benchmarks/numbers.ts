/**
 * Numbers as text in result files.
 * @module
 */

/**
 * The shortest decimal that rounds to the same f32.
 *
 * @param x A number; rounded to f32 first.
 * @returns Such as `0.1`, where the f32 printed as f64 is `0.10000000149011612`; `NaN`, `Infinity` and `-Infinity` by name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shortestF32 } from "./numbers.ts";
 *
 * assertEquals(shortestF32(Math.fround(0.1)), "0.1");
 * ```
 */
export function shortestF32(x: number): string {
  const value = Math.fround(x);
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(Number(value.toPrecision(9)));
}
