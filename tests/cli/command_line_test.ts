/** What the command line says to a wrong call: one line, with the closest valid choice, and exit code 3. */
import { assertEquals } from "@std/assert";
import { closest, pairs, parseCommandLine, type Request, UsageError } from "../../command_line.ts";

const wrong: [string[], string][] = [
  [[], "no command; one of bench, report, diff, repro, selfcheck, perf, pretrain, world, convert"],
  [
    ["bnech"],
    'unknown command "bnech" (closest: bench; all: bench, report, diff, repro, selfcheck, perf, pretrain, world, convert)',
  ],
  [["bench", "--seed", "3"], "unknown flag --seed for bench (closest: --seeds)"],
  [["bench", "--sede=3"], "unknown flag --sede for bench (closest: --seeds)"],
  [["bench", "-n", "3"], "unknown flag -n for bench (closest: --out)"],
  [["repro", "--fast"], "unknown flag --fast for repro (it takes no flags)"],
  [["bench", "--seeds"], "--seeds needs a value: an integer from 1 to 100"],
  [["bench", "--seeds="], "--seeds needs a value: an integer from 1 to 100"],
  [["bench", "--seeds", "--list"], "--seeds needs a value: an integer from 1 to 100"],
  [["bench", "--seeds", "-5"], "--seeds needs a value: an integer from 1 to 100"],
  [["bench", "--seeds=-5"], '--seeds is "-5"; it must be an integer from 1 to 100 (closest: 1)'],
  [["bench", "--seeds", "two"], '--seeds is "two"; it must be an integer from 1 to 100'],
  [["bench", "--seeds", "1.5"], '--seeds is "1.5"; it must be an integer from 1 to 100'],
  [["bench", "--seeds", "0x3"], '--seeds is "0x3"; it must be an integer from 1 to 100'],
  [["bench", "--seeds", "0"], '--seeds is "0"; it must be an integer from 1 to 100 (closest: 1)'],
  [["bench", "--seeds", "1000"], '--seeds is "1000"; it must be an integer from 1 to 100 (closest: 100)'],
  [["bench", "--workers", "0"], '--workers is "0"; it must be an integer from 1 to 16 (closest: 1)'],
  [["bench", "--model"], "--model needs a value: a checkpoint folder, or hf:ORG/NAME"],
  [["bench", "--out", ""], "--out needs a value: a folder"],
  [["bench", "--profile", "quik"], '--profile is "quik"; it must be one of smoke, quick, paper (closest: quick)'],
  [["bench", "--operands=fp32"], '--operands is "fp32"; it must be one of 12bit, f32, bf16 (closest: f32)'],
  [["bench", "--only", "ft"], '--only is "ft"; it must be pairs such as method=ft,seed=1'],
  [["bench", "--only", "method=ft,"], '--only is "method=ft,"; it must be pairs such as method=ft,seed=1'],
  [["bench", "--list=yes"], "--list takes no value; write --list alone"],
  [["report"], "report takes exactly RUN; got none"],
  [["report", "a", "b"], 'report takes exactly RUN; got "a" "b"'],
  [["diff", "a"], 'diff takes exactly A B; got "a"'],
  [["diff", "a", "b", "--format", "txt"], '--format is "txt"; it must be one of text, md, json (closest: text)'],
  [["diff", "a", "b", "--fail-on", "all"], '--fail-on is "all"; it must be one of regression, any (closest: any)'],
  [["world", "--seed=-1"], '--seed is "-1"; it must be an integer from 0 to 4294967295 (closest: 0)'],
  [
    ["world", "--seed", "4294967296"],
    '--seed is "4294967296"; it must be an integer from 0 to 4294967295 (closest: 4294967295)',
  ],
  [["world", "show", "xsum", "--rows", "501"], '--rows is "501"; it must be an integer from 0 to 500 (closest: 500)'],
  [["world", "show", "xsum", "cnn"], 'world takes [show [NAME]]; got "show" "xsum" "cnn"'],
  [["convert", "xsum", "--trian", "3"], "unknown flag --trian for convert (closest: --train)"],
  [["convert", "--few-shot=-1"], '--few-shot is "-1"; it must be an integer from 0 to 1000 (closest: 0)'],
  [["convert", "--force=yes"], "--force takes no value; write --force alone"],
  [["repro", "now"], 'repro takes no argument besides flags; got "now"'],
];

/** The message of the usage error. */
function said(args: readonly string[]): string {
  try {
    parseCommandLine(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "(nothing)";
}

for (const [args, message] of wrong) {
  Deno.test(`the call "${args.join(" ")}" is refused`, () => assertEquals(said(args), message));
}

Deno.test("defaults are filled in", () => {
  const { values, switches, operands } = parseCommandLine(["bench"]) as Request;
  assertEquals(operands, []);
  assertEquals(values, {
    profile: "quick",
    model: undefined,
    data: undefined,
    "input-words": undefined,
    seeds: "1",
    out: undefined,
    only: undefined,
    operands: "12bit",
    workers: undefined,
    "evaluation-batch": "64",
    "micro-batch-tokens": undefined,
  });
  assertEquals(switches, { "dry-run": false, list: false });
});

Deno.test("settings, flags and switches may come in any order", () => {
  const request = parseCommandLine(["bench", "--dry-run", "in_domain", "--seeds=3", "007"]) as Request;
  assertEquals(request.operands, ["in_domain", "007"]);
  assertEquals(request.values.seeds, "3");
  assertEquals(request.switches["dry-run"], true);
});

Deno.test("pairs() reads the value of --only", () => {
  assertEquals(pairs("method=ft,seed=1"), { method: "ft", seed: "1" });
});

Deno.test("closest() prefers the first of equally near words", () => {
  assertEquals(closest("b", ["ab", "cb"]), "ab");
});
