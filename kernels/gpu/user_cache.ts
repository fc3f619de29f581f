/**
 * Small files in the user's cache folder for what was measured on this machine, by adapter, driver and kernel version. Nothing depends on
 * them but speed and what is told of it: a file that cannot be read or written is done without.
 * @module
 */
import { kernelVersion } from "../version.ts";
import type { Gpu } from "./device.ts";

/** What a file holds: by owner, values by name. */
type Entries<T> = Record<string, Record<string, T>>;

/** An environment variable, or undefined where there is none or reading it is not permitted. */
function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

/** Path of a file in Tunemark's folder of the user's cache; null where the environment tells of none. */
export function userCacheFile(name: string): string | null {
  const folders = [environment("XDG_CACHE_HOME"), environment("LOCALAPPDATA")];
  const home = environment("HOME");
  if (home) folders.push(`${home}/.cache`);
  const folder = folders.find((path) => path);
  return folder ? `${folder}/tunemark/${name}` : null;
}

/** What measurements on an adapter belong to: its names and driver, and the kernels' version. */
export async function adapterKey({ adapter }: Gpu): Promise<string> {
  const { vendor, architecture, device, description } = adapter;
  return [vendor, architecture, device, description, (await kernelVersion()).slice(0, 16)].join("|");
}

async function readEntries<T>(file: string): Promise<Entries<T>> {
  try {
    const read: unknown = JSON.parse(await Deno.readTextFile(file));
    return read !== null && typeof read === "object" ? read as Entries<T> : {};
  } catch {
    return {};
  }
}

/** An owner's values by name; empty where the file cannot be read or makes no sense. */
export async function readUserCache<T>(file: string | null, owner: string): Promise<Readonly<Record<string, T>>> {
  return file === null ? {} : (await readEntries<T>(file))[owner] ?? {};
}

/** Puts an owner's values in the place of those it has, beside those of other owners. */
export async function writeUserCache<T>(
  file: string | null,
  owner: string,
  values: Readonly<Record<string, T>>,
): Promise<void> {
  if (file === null) return;
  const all = { ...await readEntries<T>(file), [owner]: values };
  const temporary = `${file}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(temporary, JSON.stringify(all, null, 2) + "\n");
    await Deno.rename(temporary, file);
  } catch {
    await Deno.remove(temporary).catch(() => {});
  }
}
