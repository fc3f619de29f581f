/**
 * Starts the command line as its users do.
 * @module
 */

/** Folder of the checkout. */
export const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** What a finished process left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end in the checkout.
 * @param program Program, on the path.
 * @param args Its arguments.
 * @param env Environment on top of this process's own.
 */
export async function spawn(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  const command = new Deno.Command(program, {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Arguments with which `deno task NAME` runs Deno, permissions included. */
export function taskArguments(name: string): string[] {
  const text = Deno.readTextFileSync(`${root}deno.json`).replaceAll(/^\s*\/\/.*$/gm, "");
  const tasks: Record<string, { command: string }> = JSON.parse(text).tasks;
  return tasks[name].command.split(" ").slice(1);
}

/**
 * Runs `main.ts` as `deno task` does; a command that is no task has the permissions of `bench`.
 * @param args Command and flags.
 * @param env Environment on top of this process's own.
 */
export function tunemark(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const known = ["bench", "report", "diff", "selfcheck"].includes(args[0]);
  const call = known
    ? [...taskArguments(args[0]), ...args.slice(1)]
    : [...taskArguments("bench").slice(0, -1), ...args];
  return spawn(Deno.execPath(), call, env);
}
