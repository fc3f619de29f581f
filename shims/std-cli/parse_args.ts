/**
 * `parseArgs` as `@std/cli` 1.0.32 has it, for flags that are declared.
 * Left out: dotted keys, `negatable`, `stopEarly`, `"--"`, and `boolean: true`.
 * @module
 */

/** What {@linkcode parseArgs} is told about the flags. */
export interface ParseOptions<S extends string, B extends string, C extends string, D> {
  /** Flags that take a value, kept as text; `_` keeps positional arguments as text. */
  string?: readonly S[];
  /** Flags that are on or off; off where absent. */
  boolean?: readonly B[];
  /** Flags that may be repeated; all their values are kept, in order. */
  collect?: readonly C[];
  /** Values of flags that are absent. */
  default?: D;
  /** Other names of a flag. */
  alias?: Record<string, string | readonly string[]>;
  /** Called for each argument that is not declared, positional ones included; `false` drops it. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** The type of each declared flag: a list where it is collected, else its value, or what stands for its absence. */
export type Declared<K extends string, C extends string, D, T, Absent> = {
  [N in K]: N extends C ? T[] : N extends keyof D ? T : T | Absent;
};

/** Parsed flags by name, and positional arguments under `_` (numbers where they look like numbers). */
export type Args<S extends string, B extends string, C extends string, D> =
  & Declared<Exclude<S, "_">, C, D, string, undefined>
  & Declared<B, C, D, boolean, never>
  & { _: Array<string | number> };

function looksNumeric(text: string): boolean {
  return /\S/.test(text) && Number.isFinite(Number(text));
}

function booleanWord(text: string | undefined): boolean | null {
  return text === "true" ? true : text === "false" ? false : null;
}

function aliasGroups(alias: Record<string, string | readonly string[]>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, others] of Object.entries(alias)) {
    const names = [key, ...[others].flat()];
    for (const name of names) groups.set(name, names.filter((other) => other !== name));
  }
  return groups;
}

/**
 * Splits command line arguments into flags and positional arguments.
 *
 * A declared string flag without a value gives `""`, and a value that begins with `-` must be attached with `=`;
 * the last of repeated values wins unless the flag is collected; what follows `--` is positional.
 *
 * @param args Arguments, such as `Deno.args`.
 * @param options Declared flags.
 * @returns Flags by name, positional arguments under `_`.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 * import { assertEquals } from "@std/assert";
 *
 * const flags = parseArgs(["run", "--seed=7", "--json"], { string: ["seed"], boolean: ["json"] });
 * assertEquals(flags, { _: ["run"], seed: "7", json: true });
 * ```
 */
export function parseArgs<
  const S extends string = never,
  const B extends string = never,
  const C extends string = never,
  const D extends Record<string, unknown> = Record<never, never>,
>(args: string[], options: ParseOptions<S, B, C, D> = {}): Args<S, B, C, D> {
  const aliases = aliasGroups(options.alias ?? {});
  const withAliases = (names: readonly string[] = []) =>
    new Set(names.flatMap((name) => [name, ...(aliases.get(name) ?? [])]));
  const strings = withAliases(options.string);
  const booleans = withAliases(options.boolean);
  const collected = withAliases(options.collect);
  const unknown = options.unknown ?? (() => true);
  const result: { _: Array<string | number>; [name: string]: unknown } = { _: [] };

  function store(name: string, value: unknown): void {
    if (!collected.has(name)) result[name] = value;
    else result[name] = [...(result[name] as unknown[] | undefined ?? []), value];
  }

  function set(key: string, value: string | boolean, argument: string): void {
    const declared = booleans.has(key) || strings.has(key) || aliases.has(key);
    if (!declared && unknown(argument, key, value) === false) return;
    const typed = typeof value === "string" && !strings.has(key) && looksNumeric(value) ? Number(value) : value;
    for (const name of [key, ...(aliases.get(key) ?? [])]) store(name, typed);
  }

  /** Sets a flag that has no `=`; tells whether it took the next argument. */
  function setFromNext(key: string, next: string | undefined, argument: string, isFlag: (next: string) => boolean) {
    if (next && !booleans.has(key) && !isFlag(next)) {
      set(key, next, argument);
      return true;
    }
    const word = booleanWord(next);
    set(key, word ?? (strings.has(key) ? "" : true), argument);
    return word !== null;
  }

  /** `-v`, `-vq`, `-s9`, `-s=9`, `-s 9`; tells whether it took the next argument. */
  function setShort(argument: string, next: string | undefined): boolean {
    for (let at = 1; at < argument.length - 1; at++) {
      const letter = argument[at]!;
      const rest = argument.slice(at + 1);
      const attached = /^[A-Za-z]$/.test(letter)
        ? (/=(.+)/s.exec(rest)?.[1] ?? (/-?\d+(\.\d*)?(e-?\d+)?$/.test(rest) ? rest : null))
        : null;
      if (attached !== null || /^\W/.test(rest)) {
        set(letter, attached ?? rest, argument);
        return false;
      }
      set(letter, strings.has(letter) ? "" : true, argument);
    }
    return setFromNext(argument.slice(-1), next, argument, (text) => /^(-|--)[^-]/.test(text));
  }

  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < flags.length; i++) {
    const argument = flags[i]!;
    const next = flags[i + 1];
    const long = /^--(.+?)(?:=(.+))?$/s.exec(argument);
    if (long && long[2] !== undefined) {
      const word = booleans.has(long[1]!) ? long[2] === "true" : long[2];
      set(long[1]!, word, argument);
    } else if (long) {
      if (setFromNext(long[1]!, next, argument, (text) => text.startsWith("-"))) i++;
    } else if (/^-[^-]/.test(argument)) {
      if (setShort(argument, next)) i++;
    } else if (unknown(argument) !== false) {
      result._.push(!strings.has("_") && looksNumeric(argument) ? Number(argument) : argument);
    }
  }
  if (end >= 0) result._.push(...args.slice(end + 1));

  for (const [key, value] of Object.entries(options.default ?? {})) {
    if (key in result) continue;
    for (const name of [key, ...(aliases.get(key) ?? [])]) result[name] = value;
  }
  for (const name of booleans) if (!(name in result)) result[name] = collected.has(name) ? [] : false;
  for (const name of strings) if (!(name in result) && collected.has(name)) result[name] = [];
  return result as unknown as Args<S, B, C, D>;
}
