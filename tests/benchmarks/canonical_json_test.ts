import { assertEquals, assertThrows } from "@std/assert";
import { canonicalJson } from "../../benchmarks/canonical_json.ts";

Deno.test("canonicalJson sorts keys by UTF-16 code units at every level", () => {
  assertEquals(canonicalJson({ b: { z: 1, a: [true, null] }, a: "é" }), '{"a":"é","b":{"a":[true,null],"z":1}}');
  assertEquals(canonicalJson({ "\u{1f600}": 1, "\ufb33": 2, "\r": 3 }), '{"\\r":3,"\u{1f600}":1,"\ufb33":2}');
});

Deno.test("canonicalJson prints numbers as RFC 8785's examples have them", () => {
  const cases: [number, string][] = [
    [333333333.33333329, "333333333.3333333"],
    [1e30, "1e+30"],
    [4.5, "4.5"],
    [2e-3, "0.002"],
    [0.000000000000000000000000001, "1e-27"],
    [-0, "0"],
    [5e-324, "5e-324"],
    [9007199254740992, "9007199254740992"],
  ];
  for (const [value, text] of cases) assertEquals(canonicalJson(value), text);
});

Deno.test("canonicalJson refuses what is not JSON and says where it is", () => {
  assertThrows(() => canonicalJson({ a: [1, NaN] }), Error, "$.a[1] is NaN: JSON has finite numbers only");
  assertThrows(() => canonicalJson({ a: Infinity }), Error, "$.a is Infinity");
  assertThrows(() => canonicalJson({ a: undefined }), Error, "$.a is undefined: not a JSON value");
  assertThrows(() => canonicalJson({ 1: "x" }), Error, '$ has the key "1"');
});

Deno.test("canonicalJson with an indent has the same order of keys", () => {
  assertEquals(canonicalJson({ b: 1, a: 2 }, 2), '{\n  "a": 2,\n  "b": 1\n}');
});
