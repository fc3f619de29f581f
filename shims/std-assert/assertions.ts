/**
 * Assertions about values.
 * @module
 */
import { equal } from "./equal.ts";

/** Thrown by every assertion that fails. */
export class AssertionError extends Error {
  /**
   * Makes the error.
   * @param message What was expected and what was found.
   * @param options Cause.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Any class, abstract ones included. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = abstract new (...args: any[]) => any;

/** Ends a message: the caller's note where there is one. */
function suffix(msg?: string): string {
  return msg ? `: ${msg}` : ".";
}

function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: 100,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: 1000,
    strAbbreviateSize: Infinity,
  });
}

const shownLines = 60;

/** Lines that differ, with what both begin and end with left out; not a shortest edit script. */
function difference(actual: string, expected: string): string {
  const a = actual.split("\n");
  const b = expected.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const shown = (lines: string[], mark: string) => {
    const changed = lines.slice(head, lines.length - tail).map((line) => `${mark}   ${line}`);
    return changed.length > shownLines ? [...changed.slice(0, shownLines), `${mark}   ...`] : changed;
  };
  const context = a.slice(Math.max(0, head - 3), head).map((line) => `    ${line}`);
  return ["", "", "    [Diff] Actual / Expected", "", "", ...context, ...shown(a, "-"), ...shown(b, "+"), "", ""].join(
    "\n",
  );
}

/**
 * Fails unless the value is truthy.
 * @param expr Value.
 * @param msg Message of the error.
 */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/**
 * Fails unless the value is falsy.
 * @param expr Value.
 * @param msg Message of the error.
 */
export function assertFalse(expr: unknown, msg = ""): asserts expr is false {
  if (expr) throw new AssertionError(msg);
}

/**
 * Fails always.
 * @param msg Note.
 */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/**
 * Fails unless both are {@linkcode equal}.
 * @param actual Value found.
 * @param expected Value expected.
 * @param msg Note.
 */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(msg)}${difference(format(actual), format(expected))}`);
}

/**
 * Fails where both are {@linkcode equal}.
 * @param actual Value found.
 * @param expected Value not expected.
 * @param msg Note.
 */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(`Expected actual: ${String(actual)} not to be: ${String(expected)}${suffix(msg)}`);
}

/**
 * Fails unless both are the same value (`Object.is`).
 * @param actual Value found.
 * @param expected Value expected.
 * @param msg Note.
 */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const [a, b] = [format(actual), format(expected)];
  throw new AssertionError(
    a === b
      ? `Values have the same structure but are not reference-equal${suffix(msg)}\n\n${a}\n`
      : `Values are not strictly equal${suffix(msg)}${difference(a, b)}`,
  );
}

/**
 * Fails where both are the same value (`Object.is`).
 * @param actual Value found.
 * @param expected Value not expected.
 * @param msg Note.
 */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(`Expected "actual" to not be strictly equal to: ${format(actual)}${suffix(msg)}\n`);
}

/**
 * Fails unless both numbers are within a tolerance of each other.
 * @param actual Number found.
 * @param expected Number expected.
 * @param tolerance Largest difference; a ten-millionth of `expected` by default, so give it for small numbers.
 * @param msg Note.
 */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  const limit = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (delta <= limit) return;
  const show = (n: number) => Number.isInteger(n) ? n : n.toExponential();
  throw new AssertionError(
    `Expected actual: "${show(actual)}" to be close to "${show(expected)}": delta "${show(delta)}" is greater than "${
      show(limit)
    }"${suffix(msg)}`,
  );
}

/**
 * Fails where the value is null or undefined.
 * @param actual Value.
 * @param msg Note.
 */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
}

/**
 * Fails unless the value is an instance of the class.
 * @param actual Value.
 * @param expectedType Class.
 * @param msg Note; the message itself where given.
 */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const found = actual === null || actual === undefined
    ? `"${actual}"`
    : typeof actual === "object"
    ? `an instance of "${actual.constructor?.name ?? "Object"}"`
    : `"${typeof actual}"`;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name || "unknown"}" but was ${found}${suffix(msg)}`,
  );
}

/**
 * Fails unless the text contains the other.
 * @param actual Text.
 * @param expected Text looked for.
 * @param msg Note.
 */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`);
}

/**
 * Fails unless the text matches.
 * @param actual Text.
 * @param expected Pattern.
 * @param msg Note.
 */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
}

/**
 * Fails where the text matches.
 * @param actual Text.
 * @param expected Pattern.
 * @param msg Note.
 */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to not match: "${expected}"${suffix(msg)}`);
}

/**
 * Fails unless the list contains every expected item.
 * @param actual List.
 * @param expected Items looked for.
 * @param msg Note.
 */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const missing = Array.from(expected).filter((item) => !Array.from(actual).some((other) => equal(item, other)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${format(actual)}" to include: "${format(expected)}"${suffix(msg)}\nmissing: ${format(missing)}`,
  );
}

function ordered(holds: boolean, actual: unknown, sign: string, expected: unknown, msg?: string): void {
  if (!holds) throw new AssertionError(msg ?? `Expect ${format(actual)} ${sign} ${format(expected)}`);
}

/**
 * Fails unless `actual > expected`.
 * @param actual Value found.
 * @param expected Bound.
 * @param msg Message of the error.
 */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual > expected, actual, ">", expected, msg);
}

/**
 * Fails unless `actual >= expected`.
 * @param actual Value found.
 * @param expected Bound.
 * @param msg Message of the error.
 */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual >= expected, actual, ">=", expected, msg);
}

/**
 * Fails unless `actual < expected`.
 * @param actual Value found.
 * @param expected Bound.
 * @param msg Message of the error.
 */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual < expected, actual, "<", expected, msg);
}

/**
 * Fails unless `actual <= expected`.
 * @param actual Value found.
 * @param expected Bound.
 * @param msg Message of the error.
 */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual <= expected, actual, "<=", expected, msg);
}
