/**
 * All settings by name.
 * @module
 */
import { inDomain } from "./in_domain.ts";
import { outOfDomain } from "./out_of_domain.ts";
import type { Setting } from "./setting.ts";
import { weightDistance } from "./weight_distance.ts";

/** The settings, in the order they are planned and reported. */
export const settings: readonly Setting[] = [inDomain, outOfDomain, weightDistance];

/**
 * The settings of some names, in the suite's order; all of them where no name is given.
 *
 * @throws Where a name is unknown, with the valid ones.
 */
export function chooseSettings(names: readonly string[]): readonly Setting[] {
  for (const name of names) {
    if (!settings.some((setting) => setting.name === name)) {
      throw new Error(`no setting "${name}"; valid: ${settings.map((setting) => setting.name).join(", ")}`);
    }
  }
  return names.length === 0 ? settings : settings.filter((setting) => names.includes(setting.name));
}

/** One line per setting: name, figure, what it is. */
export function listSettings(): string {
  const width = Math.max(...settings.map((setting) => setting.name.length));
  const source = Math.max(...settings.map((setting) => setting.source.length));
  return settings.map((s) => `${s.name.padEnd(width)}  ${s.source.padEnd(source)}  ${s.description}\n`).join("");
}
