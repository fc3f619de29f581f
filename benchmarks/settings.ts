/**
 * All settings by name.
 * @module
 */
import { inDomain } from "./in_domain.ts";
import { learningRate } from "./learning_rate.ts";
import { outOfDomain } from "./out_of_domain.ts";
import type { Setting } from "./setting.ts";
import { weightDistance } from "./weight_distance.ts";

/** The settings by name, in the order they are planned and reported. A new setting is a file of its own and a name here. */
export const settings: Readonly<Record<string, Setting>> = {
  in_domain: inDomain,
  out_of_domain: outOfDomain,
  weight_distance: weightDistance,
  learning_rate: learningRate,
};

/**
 * The settings of some names, in the suite's order; where no name is given, all that do not run by name only.
 *
 * @throws Where a name is unknown, with the valid ones.
 */
export function chooseSettings(names: readonly string[]): readonly Setting[] {
  for (const name of names) {
    if (!Object.hasOwn(settings, name)) {
      throw new Error(`no setting "${name}"; valid: ${Object.keys(settings).join(", ")}`);
    }
  }
  return Object.values(settings).filter(({ name, onlyByName }) =>
    names.length === 0 ? onlyByName !== true : names.includes(name)
  );
}

/** One line per setting: name, figure, what it is. */
export function listSettings(): string {
  const all = Object.values(settings);
  const width = Math.max(...all.map((setting) => setting.name.length));
  const source = Math.max(...all.map((setting) => setting.source.length));
  return all.map((s) => {
    const byName = s.onlyByName === true ? " Runs only where it is named." : "";
    return `${s.name.padEnd(width)}  ${s.source.padEnd(source)}  ${s.description}${byName}\n`;
  }).join("");
}
