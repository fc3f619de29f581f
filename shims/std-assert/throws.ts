/**
 * Assertions about errors.
 * @module
 */
import { type AnyConstructor, AssertionError } from "./assertions.ts";

/** Class of an error, abstract ones included. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E> = abstract new (...args: any[]) => E;

function suffix(msg?: string): string {
  return msg ? `: ${msg}` : ".";
}

/**
 * Fails unless the value is an error of the class whose message includes the text.
 * @param error Value.
 * @param expected Class.
 * @param includes Text, or pattern, looked for in the message.
 * @param msg Note.
 */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  expected?: ErrorClass<E>,
  includes?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected "error" to be an Error object${suffix(msg)}`);
  }
  if (expected && !(error instanceof expected)) {
    throw new AssertionError(
      `Expected error to be instance of "${expected.name}", but was "${error.constructor.name}"${suffix(msg)}`,
    );
  }
  const found = typeof includes === "string" ? error.message.includes(includes) : includes?.test(error.message) ?? true;
  if (found) return;
  throw new AssertionError(
    `Expected error message to ${typeof includes === "string" ? "include" : "match"} ${
      typeof includes === "string" ? JSON.stringify(includes) : includes
    }, but got ${JSON.stringify(error.message)}${suffix(msg)}`,
  );
}

/** Checks what was thrown; with no class given anything will do. */
function checked(error: unknown, expected: unknown, includes: string | undefined, msg: string | undefined): unknown {
  if (typeof expected !== "function") return error;
  if (!(error instanceof Error)) {
    throw new AssertionError(`A non-Error object was thrown${suffix(msg)}`);
  }
  assertIsError(error, expected as unknown as ErrorClass<Error>, includes, msg);
  return error;
}

/**
 * Fails unless the function throws.
 * @param fn Function.
 * @param errorClassOrMsg Class the error must be an instance of, or the note.
 * @param msgIncludes Text its message must include.
 * @param msg Note.
 * @returns What was thrown.
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** As above, with a class. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** As above, implementation. */
export function assertThrows(
  fn: () => unknown,
  errorClassOrMsg?: AnyConstructor | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const note = typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg;
  let error: unknown;
  try {
    fn();
  } catch (thrown) {
    error = thrown;
    return checked(error, errorClassOrMsg, msgIncludes, note);
  }
  throw new AssertionError(`Expected function to throw${suffix(note)}`);
}

/**
 * Fails unless the function returns a promise that rejects; a function that throws at once fails as well.
 * @param fn Function.
 * @param errorClassOrMsg Class the error must be an instance of, or the note.
 * @param msgIncludes Text its message must include.
 * @param msg Note.
 * @returns What it rejected with.
 */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** As above, with a class. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
/** As above, implementation. */
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: AnyConstructor | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const note = typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg;
  let promised: PromiseLike<unknown> | undefined;
  try {
    promised = fn();
    if (typeof promised?.then === "function") await promised;
  } catch (thrown) {
    if (!promised) {
      throw new AssertionError(`Function throws when expected to reject${suffix(note)}`, { cause: thrown });
    }
    return checked(thrown, errorClassOrMsg, msgIncludes, note);
  }
  throw new AssertionError(`Expected function to reject${suffix(note)}`);
}
