/** What `perf` says to a wrong call, and its defaults. */
import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine, type Request, UsageError } from "../../command_line.ts";

const wrong: [string[], string][] = [
  [["--scalling"], "unknown flag --scalling for perf (closest: --scaling)"],
  [["--json=yes"], "--json takes no value; write --json alone"],
  [["--out"], "--out needs a value: a file"],
  [["fast"], 'perf takes no argument besides flags; got "fast"'],
];

for (const [args, message] of wrong) {
  Deno.test(`the call "perf ${args.join(" ")}" is refused`, () => {
    assertThrows(() => parseCommandLine(["perf", ...args]), UsageError, message);
  });
}

Deno.test("perf without flags measures everything and prints text", () => {
  const { switches, values } = parseCommandLine(["perf"]) as Request;
  assertEquals(switches, { json: false, scaling: false, quick: false });
  assertEquals(values, { out: "runs/perf/scaling.svg" });
});
