/**
 * What P's Tables 3, 4, 5 and 11 share: models tuned on something, put to eight sets shown in context.
 * @module
 */
import {
  type Comparison,
  comparisonRequests,
  contextTables,
  promotComparisons,
  supervisedTable,
} from "./promot_tables.ts";
import type { ArmScores, ContextTable } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

/** One of these settings. */
export interface InContextSetting extends Pick<Setting, "name" | "title" | "source" | "description"> {
  /** What is tuned on, in the words of the tables' titles. */
  readonly tunedOn: string;
  /** Tasks tuned on, and the models. */
  readonly comparison: Omit<Comparison, "inContext">;
  /** The paper's scores on the eight sets. */
  readonly paper: ContextTable;
  /** The paper's scores on what was tuned on. */
  readonly supervised: Readonly<Record<string, ArmScores>>;
  /** Lines under the first table beside those that all have. */
  readonly notes?: readonly string[];
}

/** The setting: tables of the eight sets and of what was tuned on, and ProMoT against FT and the untrained model. */
export function inContextSetting(
  { tunedOn, comparison: models, paper, supervised, notes = [], ...words }: InContextSetting,
): Setting {
  const comparison: Comparison = { ...models, inContext: true };
  return {
    ...words,
    onlyByName: true,
    paper: "P",
    requests: (task, scope) => comparisonRequests(comparison, task, scope),
    tables: (view) => [
      ...contextTables(view, `After ${tunedOn}`, comparison, paper).map((table, i) =>
        i > 0 ? table : { ...table, notes: [...table.notes, ...notes] }
      ),
      ...supervisedTable(view, `On ${tunedOn}`, [comparison], supervised),
    ],
    comparisons: (view) =>
      promotComparisons(view, comparison, [["promot", "ft"], ["promot", "pretrained"], ["promot_1", "promot"]], paper),
  };
}
