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

/**
 * Runs `main.ts` with the permissions of `deno task bench`.
 * @param args Command and flags.
 * @param env Environment on top of this process's own.
 */
export function tunemark(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return spawn(Deno.execPath(), [...benchArguments, ...args], env);
}

/** Arguments of the Deno executable that run `main.ts` as `deno task bench` does. */
export const benchArguments: readonly string[] = [
  "run",
  "--no-prompt",
  "--no-check",
  "--allow-read",
  "--allow-write",
  "--allow-env=DENO_WEBGPU_BACKEND,HF_HOME,HF_HUB_CACHE,HOME",
  "main.ts",
];
