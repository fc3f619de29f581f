/**
 * Where two cells first part: the training step, the sample; and which items differ.
 * @module
 */
import type { Sample, TrainStep } from "../../benchmarks/types.ts";
import { itemValue, type PackedItems, unpackItems } from "../items.ts";
import { evaluationLabel } from "../labels.ts";
import { readSamples, readTrainSteps } from "../read_run.ts";
import { fixed, sameJson } from "../text.ts";
import type { Flip } from "./types.ts";

/** Both sides' samples of a cell by evaluation, where both sides are run folders. */
export interface PairedSamples {
  readonly a: ReadonlyMap<string, readonly Sample[]>;
  readonly b: ReadonlyMap<string, readonly Sample[]>;
}

/** Reads both cells' samples. */
export async function readPairedSamples(
  a: [directory: string, cell: string],
  b: [string, string],
): Promise<PairedSamples> {
  const read = async ([directory, cell]: [string, string]) =>
    Map.groupBy(await readSamples(directory, cell), evaluationLabel);
  return { a: await read(a), b: await read(b) };
}

function firstDifferentField<T extends object>(a: T, b: T, fields: readonly (keyof T & string)[]): string | null {
  const field = fields.find((name) => !sameJson(a[name], b[name]));
  return field === undefined ? null : `${field} ${JSON.stringify(a[field])} -> ${JSON.stringify(b[field])}`;
}

/** Says at which step two trainings part, or null where their steps are equal. */
export async function firstDifferentStep(
  a: [directory: string, cell: string],
  b: [string, string],
): Promise<string | null> {
  const [first, second] = [await readTrainSteps(...a), await readTrainSteps(...b)];
  const fields: readonly (keyof TrainStep)[] = ["step", "tokens", "learningRate", "loss", "gradientNorm"];
  for (let i = 0; i < Math.min(first.length, second.length); i++) {
    const found = firstDifferentField(first[i], second[i], fields);
    if (found !== null) return `first differing step ${first[i].step}: ${found}`;
  }
  return first.length === second.length ? null : `${first.length} steps -> ${second.length} steps`;
}

/** Says at which sample two evaluations part, looking at one metric's statistics only; null where all are equal. */
export function firstDifferentSample(a: readonly Sample[], b: readonly Sample[], metric: string): string | null {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const found = firstDifferentField(a[i], b[i], ["id", "reference", "label", "output", "margin"]) ??
      firstDifferentField(a[i].statistics, b[i].statistics, [metric]);
    if (found !== null) return `first differing sample "${a[i].id}" (row ${i + 1}): ${found}`;
  }
  return null;
}

/** Says at which item two lists of statistics part, where there are no samples to show; null where all are equal. */
export function firstDifferentItem(a: PackedItems, b: PackedItems): string | null {
  const [first, second] = [a.values.split(" "), b.values.split(" ")];
  const row = first.findIndex((item, i) => item !== second[i]);
  return row < 0 ? null : `first differing item row ${row + 1}: ${a.fields.join("/")} ${first[row]} -> ${second[row]}`;
}

/** The items whose value differs. Samples, where given, are those of the same evaluation, in the same order. */
export function flippedItems(
  a: PackedItems,
  b: PackedItems,
  samples: readonly [readonly Sample[], readonly Sample[]] | null,
): Flip[] {
  const [first, second] = [a, b].map((items) => unpackItems(items).map(itemValue));
  return first.flatMap((value, i) => {
    if (value === second[i]) return [];
    const pair = samples === null ? null : [samples[0][i], samples[1][i]] as const;
    return [{
      id: pair === null ? `row ${i + 1}` : pair[0].id,
      a: fixed(value, 2),
      b: fixed(second[i], 2),
      outputs: pair === null ? null : [pair[0].output, pair[1].output] as const,
      margins: pair === null ? null : [pair[0].margin, pair[1].margin] as const,
    }];
  });
}
