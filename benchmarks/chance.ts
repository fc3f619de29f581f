/**
 * Accuracies that need no input: what a label score must beat to say anything.
 * @module
 */
import type { DatasetRow, Task } from "../tasks/mod.ts";
import type { EntryReference, TableEntry } from "./types.ts";

/** Accuracies in 0..100 over a set's rows without reading them. */
export interface Chance {
  /** Of always answering the label that is right most often. */
  readonly constant: number;
  /** Expected of drawing each label as often as it is right, the class prior. */
  readonly drawn: number;
}

/** What tables call them, in order. */
export const chanceLabels: Readonly<Record<keyof Chance, string>> = {
  constant: "best constant label",
  drawn: "labels drawn at their rates",
};

/** The accuracies over some rows of a classification task, at least one; a row whose answer is no label is right for none. */
export function chanceOf(task: Task, rows: readonly DatasetRow[]): Chance {
  const counts = task.labels.map((label) => rows.filter(({ output }) => output === label).length);
  const labelled = counts.reduce((sum, count) => sum + count, 0);
  const drawn = labelled === 0 ? 0 : counts.reduce((sum, count) => sum + count * count, 0) / labelled;
  return { constant: 100 * Math.max(...counts) / rows.length, drawn: 100 * drawn / rows.length };
}

/** Table entries of both, each placed as `at` says; none where the set has none or the metric is no accuracy. */
export function chanceEntries(
  chance: Chance | undefined,
  metric: EntryReference["metric"],
  at: (label: string) => { readonly row: string; readonly column: string },
): TableEntry[] {
  if (chance === undefined || (metric !== "accuracy" && metric !== "free_accuracy")) return [];
  return (["constant", "drawn"] as const).map((kind) => ({
    ...at(chanceLabels[kind]),
    reference: { constant: chance[kind] },
    paper: null,
  }));
}
