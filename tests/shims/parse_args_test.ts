/** The shim parses as `@std/cli` 1.0.32 does; expected values were taken from the real module. */
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

const options = {
  string: ["seed", "out", "kernel"],
  boolean: ["json", "verbose", "color"],
  collect: ["kernel"],
  default: { json: false, out: "r.json", color: true },
  alias: { seed: "s", verbose: "v" },
} as const;

const absent = { _: [], kernel: [], json: false, out: "r.json", color: true, verbose: false, v: false };

const table: [string, string[], Record<string, unknown>][] = [
  ["nothing", [], {}],
  ["attached value, short switch, positional arguments", ["--seed=1", "-v", "x", "3"], {
    seed: "1",
    s: "1",
    verbose: true,
    v: true,
    _: ["x", 3],
  }],
  ["value in the next argument", ["--seed", "7"], { seed: "7", s: "7" }],
  ["collected values", ["--kernel", "a", "--kernel=b"], { kernel: ["a", "b"] }],
  ["number attached to a short flag", ["-s9"], { seed: "9", s: "9" }],
  ["value attached to a short flag by =", ["-s=9"], { seed: "9", s: "9" }],
  ["value after a short flag", ["-s", "9"], { seed: "9", s: "9" }],
  ["the last of repeated values", ["--seed=1", "--seed=2"], { seed: "2", s: "2" }],
  ["positional arguments after --", ["--", "z", "--q"], { _: ["z", "--q"] }],
  ["missing value", ["--seed"], { seed: "", s: "" }],
  ["missing value before another flag", ["--seed", "--json"], { seed: "", s: "", json: true }],
  ["negative number as next argument", ["--seed", "-5"], { seed: "", s: "", "5": true }],
  ["negative number attached", ["--seed=-5"], { seed: "-5", s: "-5" }],
  ["switch turned off", ["--json=false"], { json: false }],
  ["switch with the word true", ["--json", "true", "x"], { json: true, _: ["x"] }],
  ["switch before a positional argument", ["--json", "x"], { json: true, _: ["x"] }],
  ["undeclared flag with a number", ["--n", "5"], { n: 5 }],
  ["undeclared switch", ["--n"], { n: true }],
  ["value that holds =", ["--seed=a=b"], { seed: "a=b", s: "a=b" }],
  ["empty value after =", ["--seed="], { "seed=": true }],
  ["lone hyphen", ["-"], { _: ["-"] }],
];

for (const [name, args, expected] of table) {
  Deno.test(`parseArgs() handles: ${name}`, () => {
    assertEquals<unknown>(parseArgs(args, options), { ...absent, ...expected });
  });
}

Deno.test("parseArgs() keeps positional arguments as text where _ is declared as text", () => {
  assertEquals(parseArgs(["001", "x"], { string: ["_"] })._, ["001", "x"]);
});

Deno.test("parseArgs() hands undeclared and positional arguments to unknown(), which may drop them", () => {
  const calls: unknown[][] = [];
  const parsed = parseArgs(["--seed=1", "--sede=2", "-x", "here"], {
    string: ["seed"],
    unknown: (...call: unknown[]) => {
      calls.push(call);
      return false;
    },
  });
  assertEquals(parsed, { seed: "1", _: [] });
  assertEquals(calls, [["--sede=2", "sede", "2"], ["-x", "x", "here"]]);
});
