/**
 * The command line as a table: each command's arguments and flags, and the one parser for all of them.
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

/** A wrong call; its message is one line that says what is wrong and what would be right. */
export class UsageError extends Error {}

/** A flag: a switch where it has no `value`. */
export interface Flag {
  /** Name without the hyphens. */
  readonly name: string;
  /** What it is for, in a few words. */
  readonly help: string;
  /** What its value may be. */
  readonly value?: FlagValue;
  /** Value where the flag is absent. */
  readonly default?: string;
}

/** What a flag's value may be. */
export type FlagValue =
  | { readonly kind: "text"; readonly shown: string; readonly what: string }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "integer"; readonly least: number; readonly most: number }
  | { readonly kind: "pairs" };

/** A command: what stands after its name, and its flags. */
export interface Command {
  /** First word of the call. */
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** Name shown for the positional arguments, and how many there may be. */
  readonly operands: { readonly shown: string; readonly least: number; readonly most: number };
  /** Its flags, in the order they are shown. */
  readonly flags: readonly Flag[];
}

/** What the command line asks for, checked against the table, with defaults filled in. */
export interface Request {
  /** Name of the command. */
  readonly command: string;
  /** Positional arguments. */
  readonly operands: readonly string[];
  /** Flags with a value; those without a default only where they were given. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Flags without a value: whether they were given. */
  readonly switches: Readonly<Record<string, boolean>>;
}

const nothing = { shown: "", least: 0, most: 0 };
const folder = { kind: "text", shown: "DIR", what: "a folder" } as const;

/** All commands, in the order they are shown. */
export const commands: readonly Command[] = [
  {
    name: "bench",
    summary:
      "train and evaluate the cells of the settings (all: of every one), then write the report; does only what is missing",
    operands: { shown: "[SETTING ...]", least: 0, most: Infinity },
    flags: [
      {
        name: "profile",
        value: { kind: "choice", choices: ["smoke", "quick", "paper"] },
        default: "quick",
        help: "size of the run",
      },
      {
        name: "model",
        value: { kind: "text", shown: "DIR|hf:ORG/NAME", what: "a checkpoint folder, or hf:ORG/NAME" },
        help: "Llama checkpoint; the embedded one by default",
      },
      { name: "data", value: folder, help: "datasets in the layout of the U repository; the embedded ones by default" },
      {
        name: "input-words",
        value: { kind: "integer", least: 1, most: 1_048_576 },
        help: "most words of an input text, for a short context; whole texts by default",
      },
      {
        name: "seeds",
        value: { kind: "integer", least: 1, most: 100 },
        default: "1",
        help: "how many seeds, from 1 on",
      },
      { name: "out", value: folder, help: "run folder; runs/PROFILE by default" },
      { name: "only", value: { kind: "pairs" }, help: "only cells with these factors" },
      {
        name: "operands",
        value: { kind: "choice", choices: ["12bit", "f32", "bf16"] },
        default: "12bit",
        help: "rounding of matmul operands",
      },
      {
        name: "workers",
        value: { kind: "integer", least: 1, most: 16 },
        help: "cells that run at a time; changes no result; on a software adapter two by default, else one",
      },
      {
        name: "evaluation-batch",
        value: { kind: "integer", least: 1, most: 1024 },
        default: "64",
        help: "most prompts evaluated at a time; changes no result",
      },
      {
        name: "micro-batch-tokens",
        value: { kind: "integer", least: 1, most: 1_048_576 },
        help: "tokens of a training micro-batch; changes no result",
      },
      { name: "dry-run", help: "print the cells that would run, and stop" },
      { name: "list", help: "print the settings with cells and estimated time, and stop" },
    ],
  },
  {
    name: "report",
    summary: "render a run's reports again, without a GPU",
    operands: { shown: "RUN", least: 1, most: 1 },
    flags: [],
  },
  {
    name: "diff",
    summary: "compare two runs: folders, report.json files or git revisions",
    operands: { shown: "A B", least: 2, most: 2 },
    flags: [
      {
        name: "format",
        value: { kind: "choice", choices: ["text", "md", "json"] },
        default: "text",
        help: "how the comparison is printed",
      },
      { name: "samples", help: "list the samples that differ" },
      {
        name: "fail-on",
        value: { kind: "choice", choices: ["regression", "any"] },
        default: "regression",
        help: "which change makes the exit code 1",
      },
    ],
  },
  {
    name: "repro",
    summary: "run the smoke profile anew and compare it with the committed golden report",
    operands: nothing,
    flags: [],
  },
  {
    name: "selfcheck",
    summary: "adapter, driver, limits, numeric signature, and which numeric rules hold",
    operands: nothing,
    flags: [{ name: "json", help: "print JSON" }],
  },
  {
    name: "perf",
    summary: "kernels, training steps, decoding and label scoring on this adapter, and peers beside them",
    operands: nothing,
    flags: [
      { name: "json", help: "print JSON" },
      { name: "scaling", help: "how cost and memory grow with width, depth, length and batch, with a plot" },
      { name: "quick", help: "fewer and shorter windows, fewer shapes" },
      {
        name: "out",
        value: { kind: "text", shown: "FILE", what: "a file" },
        default: "runs/perf/scaling.svg",
        help: "where --scaling writes its plot",
      },
    ],
  },
  {
    name: "pretrain",
    summary: "rebuild the embedded base model from its seed, score it, or do some of its steps again",
    operands: nothing,
    flags: [
      { name: "out", value: folder, help: "where it is written; fixtures/model by default" },
      {
        name: "steps",
        value: { kind: "integer", least: 1, most: 1_000_000 },
        help:
          "optimizer steps, the recipe's by default; with --replay the steps done again, up to the next hash by default",
      },
      {
        name: "rows",
        value: { kind: "integer", least: 0, most: 500 },
        default: "500",
        help: "test rows a set for the card's scores; 0 measures none",
      },
      { name: "scores", help: "score the folder's finished model and write its card, as far as scores are missing" },
      {
        name: "replay",
        value: { kind: "integer", least: 0, most: 1_000_000 },
        help: "go on from the stored state of this step, 0 for the seed, and compare the weights' SHA-256",
      },
    ],
  },
  {
    name: "world",
    summary: "rebuild the embedded miniature datasets from their seed, or show one, such as xsum or summary/xsum",
    operands: { shown: "[show [NAME]]", least: 0, most: 2 },
    flags: [
      {
        name: "seed",
        value: { kind: "integer", least: 0, most: 0xffffffff },
        help: "seed of every draw; the committed data's by default",
      },
      { name: "out", value: folder, help: "where the data are; fixtures/data by default" },
      { name: "check", help: "write nothing; fail where the files differ" },
      {
        name: "rows",
        value: { kind: "integer", least: 0, most: 500 },
        help: "with show: how many rows to print; 3 by default",
      },
    ],
  },
  {
    name: "convert",
    summary: "draw rows from a dataset's published files and write them where bench --data reads",
    operands: { shown: "[DATASET FILE ...]", least: 0, most: Infinity },
    flags: [
      { name: "out", value: folder, help: "data folder in the layout of the U repository; made where it is missing" },
      {
        name: "train",
        value: { kind: "integer", least: 0, most: 1_000_000 },
        default: "0",
        help: "training rows; smaller subsets are the first of them",
      },
      { name: "test", value: { kind: "integer", least: 0, most: 100_000 }, default: "500", help: "test rows" },
      {
        name: "few-shot",
        value: { kind: "integer", least: 0, most: 1000 },
        default: "8",
        help: "demonstrations, label by label in turn",
      },
      {
        name: "seed",
        value: { kind: "integer", least: 0, most: 0xffffffff },
        default: "1",
        help: "seed of the drawing",
      },
      { name: "force", help: "replace files of the set that are there" },
      { name: "list", help: "print the datasets and the layouts they are read in, and stop" },
    ],
  },
];

/** Edit distance of two words: insertions, deletions, replacements. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * The candidate nearest to a mistyped word by edit distance; ties go to the first.
 * @param word What was typed.
 * @param candidates What would be valid; at least one.
 * @returns The nearest candidate.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { closest } from "./command_line.ts";
 *
 * assertEquals(closest("quik", ["smoke", "quick", "paper"]), "quick");
 * ```
 */
export function closest(word: string, candidates: readonly string[]): string {
  return candidates.reduce((best, candidate) => distance(word, candidate) < distance(word, best) ? candidate : best);
}

function shown(value: FlagValue): string {
  switch (value.kind) {
    case "text":
      return value.shown;
    case "choice":
      return value.choices.join("|");
    case "integer":
      return "N";
    case "pairs":
      return "key=value,...";
  }
}

function wanted(value: FlagValue): string {
  switch (value.kind) {
    case "text":
      return value.what;
    case "choice":
      return `one of ${value.choices.join(", ")}`;
    case "integer":
      return `an integer from ${value.least} to ${value.most}`;
    case "pairs":
      return "pairs such as method=ft,seed=1";
  }
}

/** The complaint about a flag's value, or null. */
function complaint(flag: Flag, value: FlagValue, text: string): string | null {
  const is = `--${flag.name} is "${text}"`;
  switch (value.kind) {
    case "text":
      return null;
    case "choice":
      return value.choices.includes(text)
        ? null
        : `${is}; it must be ${wanted(value)} (closest: ${closest(text, value.choices)})`;
    case "integer": {
      const number = Number(text);
      if (!/^[+-]?\d+$/.test(text)) return `${is}; it must be ${wanted(value)}`;
      const nearest = Math.min(Math.max(number, value.least), value.most);
      return number === nearest ? null : `${is}; it must be ${wanted(value)} (closest: ${nearest})`;
    }
    case "pairs":
      return text.split(",").every((pair) => /^[^=]+=[^=]+$/.test(pair)) ? null : `${is}; it must be ${wanted(value)}`;
  }
}

/**
 * The pairs of a flag such as `--only method=ft,seed=1`.
 * @param text Checked value of the flag.
 * @returns Values by key.
 */
export function pairs(text: string): Record<string, string> {
  return Object.fromEntries(text.split(",").map((pair) => pair.split("=") as [string, string]));
}

/** Positional arguments, or the complaint about their number. */
function checkOperands(command: Command, operands: readonly string[]): void {
  const { least, most, shown } = command.operands;
  if (operands.length >= least && operands.length <= most) return;
  const takes = most === 0 ? "takes no argument besides flags" : `takes ${least === most ? "exactly " : ""}${shown}`;
  const found = operands.length === 0 ? "got none" : `got ${operands.map((word) => `"${word}"`).join(" ")}`;
  throw new UsageError(`${command.name} ${takes}; ${found}`);
}

/** Checks what the parser cannot: `--switch=value`, which it would take for off. */
function checkSwitches(command: Command, args: readonly string[]): void {
  for (const arg of args) {
    const name = /^--([^=]+)=/.exec(arg)?.[1];
    if (command.flags.some((flag) => flag.name === name && !flag.value)) {
      throw new UsageError(`--${name} takes no value; write --${name} alone`);
    }
  }
}

/**
 * Parses the arguments of one command.
 * @param command Its declaration.
 * @param args What stands after its name.
 * @returns The request.
 * @throws {UsageError} For an unknown flag, a missing value, or a value out of range.
 */
export function parseCommand(command: Command, args: readonly string[]): Request {
  checkSwitches(command, args);
  const unknown: string[] = [];
  const parsed = parseArgs([...args], {
    string: ["_", ...command.flags.filter((flag) => flag.value).map((flag) => flag.name)],
    boolean: command.flags.filter((flag) => !flag.value).map((flag) => flag.name),
    unknown: (argument, key) => {
      if (key !== undefined) unknown.push(argument.split("=", 1)[0]!);
      return true;
    },
  }) as Record<string, unknown> & { _: Array<string | number> };
  for (const flag of command.flags) {
    if (flag.value && (parsed[flag.name] === "" || args.includes(`--${flag.name}=`))) {
      throw new UsageError(`--${flag.name} needs a value: ${wanted(flag.value)}`);
    }
  }
  if (unknown.length > 0) {
    const names = command.flags.map((flag) => `--${flag.name}`);
    const hint = names.length > 0 ? `closest: ${closest(unknown[0]!, names)}` : "it takes no flags";
    throw new UsageError(`unknown flag ${unknown[0]} for ${command.name} (${hint})`);
  }
  const values: Record<string, string | undefined> = {};
  const switches: Record<string, boolean> = {};
  for (const flag of command.flags) {
    if (!flag.value) {
      switches[flag.name] = parsed[flag.name] === true;
      continue;
    }
    const text = parsed[flag.name] as string | undefined ?? flag.default;
    const wrong = text === undefined ? null : complaint(flag, flag.value, text);
    if (wrong !== null) throw new UsageError(wrong);
    values[flag.name] = text;
  }
  const operands = parsed._.map(String);
  checkOperands(command, operands);
  return { command: command.name, operands, values, switches };
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const flags = command.flags.map((flag) => {
    const left = `--${flag.name}${flag.value ? ` ${shown(flag.value)}` : ""}`;
    const range = flag.value?.kind === "integer" ? ` (${flag.value.least} to ${flag.value.most})` : "";
    return `  ${left.padEnd(30)} ${flag.help}${range}${flag.default ? ` [${flag.default}]` : ""}`;
  });
  const usage = ["usage: deno task", command.name, command.operands.shown, flags.length > 0 ? "[flags]" : ""];
  return [
    usage.filter((part) => part !== "").join(" "),
    "",
    command.summary,
    ...(flags.length > 0 ? ["", ...flags] : []),
  ]
    .join("\n");
}

/** Help of the whole program. */
export function help(): string {
  const lines = commands.map((command) =>
    `  ${`${command.name} ${command.operands.shown}`.padEnd(24)} ${command.summary}`
  );
  return [
    "usage: deno task COMMAND [arguments] [flags]",
    "",
    ...lines,
    "",
    "deno task COMMAND --help prints a command's flags.",
    "Exit codes: 0 done; 1 a failed cell, a rule that does not hold, a regression, any other error;",
    "2 (diff) not comparable or incomplete; 3 wrong usage, or no GPU adapter; 130 interrupted.",
  ].join("\n");
}

/**
 * Parses the whole command line.
 * @param args Arguments, such as `Deno.args`.
 * @returns The request, or the help text that was asked for.
 * @throws {UsageError} For anything that the table does not have.
 */
export function parseCommandLine(args: readonly string[]): Request | { readonly help: string } {
  const [name, ...rest] = args;
  if (name === undefined) {
    throw new UsageError(`no command; one of ${commands.map((command) => command.name).join(", ")}`);
  }
  if (name === "--help" || name === "-h" || name === "help") return { help: help() };
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const names = commands.map((candidate) => candidate.name);
    throw new UsageError(`unknown command "${name}" (closest: ${closest(name, names)}; all: ${names.join(", ")})`);
  }
  if (rest.includes("--help") || rest.includes("-h")) return { help: commandHelp(command) };
  return parseCommand(command, rest);
}
