/** The shim judges as `@std/assert` 1.0.19 does; expected verdicts were taken from the real module. */
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
} from "@std/assert";

class Point {
  constructor(readonly x: number) {}
}

const cycle = () => {
  const value: Record<string, unknown> = { a: 1 };
  value.self = value;
  return value;
};

const equality: [string, unknown, unknown, boolean][] = [
  ["NaN and NaN", NaN, NaN, true],
  ["0 and -0", 0, -0, true],
  ["floats with NaN and -0", new Float32Array([1, NaN, -0]), new Float32Array([1, NaN, 0]), true],
  ["floats of two widths", new Float32Array([1]), new Float64Array([1]), false],
  ["floats of two lengths", new Float32Array(1), new Float32Array(2), false],
  ["an object without prototype and a literal", Object.create(null), {}, true],
  ["two errors made at two places", new Error("a"), new Error("a"), false],
  ["undefined and a missing key", { a: undefined }, {}, false],
  ["an instance and a literal", new Point(1), { x: 1 }, false],
  ["two equal instances", new Point(1), new Point(1), true],
  ["maps in another order", new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]]), true],
  ["maps with other values", new Map([[1, 2]]), new Map([[1, 3]]), false],
  ["sets of objects", new Set([{ a: 1 }, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }]), true],
  ["sets of other objects", new Set([{ a: 1 }]), new Set([{ a: 2 }]), false],
  ["symbol keys", { [Symbol.for("k")]: 1 }, { [Symbol.for("k")]: 2 }, false],
  ["a hole and undefined", [, 1], [undefined, 1], false],
  ["dates", new Date(5), new Date(5), true],
  ["other dates", new Date(5), new Date(6), false],
  ["patterns", /a/g, /a/g, true],
  ["other patterns", /a/g, /a/i, false],
  ["nested lists", [1, [2, [3]]], [1, [2, [3]]], true],
  ["a number and its text", 1, "1", false],
  ["null and undefined", null, undefined, false],
  ["cycles", cycle(), cycle(), true],
  ["buffers", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer, true],
];

for (const [name, a, b, expected] of equality) {
  Deno.test(`equal() says ${expected} of ${name}`, () => assert(equal(a, b) === expected && equal(b, a) === expected));
}

/** The message of the failure, or null where the assertion holds. */
function failure(body: () => void): string | null {
  try {
    body();
  } catch (error) {
    assert(error instanceof AssertionError);
    return error.message.split("\n")[0]!;
  }
  return null;
}

const verdicts: [string, () => void, string | null][] = [
  ["assert(0, msg)", () => assert(0, "zero"), "zero"],
  ["assertFalse(1)", () => assertFalse(1), ""],
  ["fail(msg)", () => fail("here"), "Failed assertion: here"],
  ["assertEquals of equals", () => assertEquals([1], [1]), null],
  ["assertEquals of others", () => assertEquals(1, 2), "Values are not equal."],
  ["assertEquals with a note", () => assertEquals(1, 2, "note"), "Values are not equal: note"],
  ["assertNotEquals of equals", () => assertNotEquals(1, 1), "Expected actual: 1 not to be: 1."],
  ["assertStrictEquals of 0 and -0", () => assertStrictEquals(0, -0), "Values are not strictly equal."],
  [
    "assertStrictEquals of two lists",
    () => assertStrictEquals([1], [1]),
    "Values have the same structure but are not reference-equal.",
  ],
  ["assertNotStrictEquals of two lists", () => assertNotStrictEquals([1], [1]), null],
  ["assertAlmostEquals within a ten-millionth", () => assertAlmostEquals(1 + 9e-8, 1), null],
  ["assertAlmostEquals of infinities", () => assertAlmostEquals(Infinity, Infinity), null],
  ["assertAlmostEquals of NaN", () => assertAlmostEquals(NaN, NaN), null],
  [
    "assertAlmostEquals of a small number and 0",
    () => assertAlmostEquals(0, 1e-8),
    'Expected actual: "0" to be close to "1e-8": delta "1e-8" is greater than "9.999999999999999e-16".',
  ],
  ["assertAlmostEquals with a tolerance", () => assertAlmostEquals(0, 1e-8, 1e-7), null],
  ["assertExists of 0", () => assertExists(0), null],
  ["assertExists of null", () => assertExists(null), 'Expected actual: "null" to not be null or undefined.'],
  [
    "assertInstanceOf of another class",
    () => assertInstanceOf(new Point(1), Error),
    'Expected object to be an instance of "Error" but was an instance of "Point".',
  ],
  [
    "assertStringIncludes of another text",
    () => assertStringIncludes("abc", "x"),
    'Expected actual: "abc" to contain: "x".',
  ],
  ["assertMatch of another text", () => assertMatch("abc", /x/), 'Expected actual: "abc" to match: "/x/".'],
  ["assertNotMatch of a match", () => assertNotMatch("abc", /b/), 'Expected actual: "abc" to not match: "/b/".'],
  ["assertArrayIncludes of equal items", () => assertArrayIncludes([{ a: 1 }, 2], [{ a: 1 }]), null],
  ["assertGreater of equals", () => assertGreater(1, 1), "Expect 1 > 1"],
  ["assertGreaterOrEqual of equals", () => assertGreaterOrEqual(1, 1), null],
  ["assertLess of equals", () => assertLess(1, 1), "Expect 1 < 1"],
  ["assertLessOrEqual of equals", () => assertLessOrEqual(1, 1), null],
  ["assertThrows of a quiet function", () => assertThrows(() => {}), "Expected function to throw."],
  [
    "assertThrows of another class",
    () =>
      assertThrows(() => {
        throw new TypeError("t");
      }, RangeError),
    'Expected error to be instance of "RangeError", but was "TypeError".',
  ],
  [
    "assertThrows of another message",
    () =>
      assertThrows(
        () => {
          throw new TypeError("t");
        },
        TypeError,
        "x",
      ),
    'Expected error message to include "x", but got "t".',
  ],
];

for (const [name, body, expected] of verdicts) {
  Deno.test(`${name} ${expected === null ? "holds" : "fails"}`, () =>
    assert(failure(body) === expected, `${failure(body)}`));
}

Deno.test("assertThrows() returns what was thrown", () => {
  const error = assertThrows(
    () => {
      throw new RangeError("far");
    },
    RangeError,
    "fa",
  );
  assertEquals(error.message, "far");
});

Deno.test("assertRejects() tells a rejection from a throw and from neither", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("t")), TypeError, "t");
  assertEquals(error.message, "t");
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError, "Expected function to reject.");
  await assertRejects(
    () =>
      assertRejects(() => {
        throw new Error("at once");
      }),
    AssertionError,
    "Function throws when expected to reject.",
  );
});
