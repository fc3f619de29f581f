/**
 * `--only key=value`: a part of a run.
 * @module
 */

/** Keys of `--only`: the first four and `seed` choose cells, `set` and `shots` choose evaluations. */
export const onlyKeys = ["task", "set", "method", "size", "seed", "shots"] as const;

/** Which cells and evaluations are wanted: a value per key, as text. */
export type Only = Readonly<Record<string, string>>;

/** Checks the keys; an unknown one is an error that lists the valid ones. */
export function checkOnly(only: Only): void {
  for (const key of Object.keys(only)) {
    if (!(onlyKeys as readonly string[]).includes(key)) {
      throw new Error(`--only ${key}=${only[key]}: no such key; valid: ${onlyKeys.join(", ")}`);
    }
  }
}

/** Whether the values, where `only` names their keys, are the ones it asks for. */
export function wanted(only: Only, values: Readonly<Record<string, string | number>>): boolean {
  return Object.entries(values).every(([key, value]) => !Object.hasOwn(only, key) || only[key] === String(value));
}

/** The error for a plan without cells: what the plan has for each key of the filter, where there is one. */
export function nothingWanted(only: Only, seen: Readonly<Record<string, ReadonlySet<string>>>): Error {
  if (Object.keys(only).length === 0) {
    return new Error("the data hold no set that the settings train on or are put to, so there is no cell to run");
  }
  const filter = Object.entries(only).map(([key, value]) => `${key}=${value}`).join(",");
  const valid = Object.keys(only).map((key) => `${key}: ${[...(seen[key] ?? [])].join(", ")}`).join("; ");
  return new Error(`--only ${filter} leaves no cell to run; valid: ${valid}`);
}
