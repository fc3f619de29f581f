/**
 * What P's Tables 3, 4, 5, 10 and 11 share: models tuned on something, put to eight sets shown in context.
 * @module
 */
import { type Comparison, comparisonRequests } from "./promot_scores.ts";
import { labelTables } from "./promot_labels.ts";
import { contextTables, otherModelTable, promotComparisons, supervisedTable } from "./promot_tables.ts";
import type { ArmScores, ContextTable, OtherModel } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

/** One of these settings. */
export interface InContextSetting extends Pick<Setting, "name" | "title" | "source" | "description"> {
  /** What is tuned on, each with its models. */
  readonly tunings: readonly Tuning[];
  /** The paper's scores on what was tuned on. */
  readonly supervised: Readonly<Record<string, ArmScores>>;
}

/** Models tuned on the same. */
export interface Tuning {
  /** What is tuned on, in the words of the tables' titles. */
  readonly tunedOn: string;
  /** Tasks tuned on, and the models. */
  readonly comparison: Omit<Comparison, "inContext">;
  /** The paper's scores on the eight sets. */
  readonly paper: ContextTable;
  /** The paper's scores of other base models. */
  readonly others?: readonly OtherModel[];
  /** Lines under the first table beside those that all have. */
  readonly notes?: readonly string[];
}

const pairs = [["promot", "ft"], ["promot", "pretrained"], ["promot_1", "promot"]] as const;

/** The setting: tables of the eight sets and of what was tuned on, and ProMoT against FT and the untrained model. */
export function inContextSetting({ tunings, supervised, ...words }: InContextSetting): Setting {
  const all = tunings.map((tuning) => ({ ...tuning, comparison: { ...tuning.comparison, inContext: true } }));
  return {
    ...words,
    onlyByName: true,
    paper: "P",
    requests: (task, scope) => all.flatMap(({ comparison }) => comparisonRequests(comparison, task, scope)),
    tables: (view) =>
      all.flatMap(({ tunedOn, comparison, paper, others = [], notes = [] }) => [
        ...contextTables(view, `After ${tunedOn}`, comparison, paper).map((table, i) =>
          i > 0 ? table : { ...table, notes: [...table.notes, ...notes] }
        ),
        ...supervisedTable(view, `On ${tunedOn}`, [comparison], supervised),
        ...labelTables(view, `After ${tunedOn}`, [comparison]),
        ...others.flatMap((other) => otherModelTable(view, `After ${tunedOn}`, comparison, other)),
      ]),
    comparisons: (view) =>
      all.flatMap(({ tunedOn, comparison, paper }) => promotComparisons(view, tunedOn, comparison, pairs, paper)),
  };
}
