/**
 * What a plan holds: which cells there are, which tables, comparisons and findings show them, and where their values are found.
 * @module
 */
import type { ProbeReference } from "./probe_types.ts";
import type { Factors, Operands, Profile } from "./types.ts";

/** Where a table entry finds its value. */
export interface EntryReference {
  /** The cell's id. */
  readonly cell: string;
  /** Test set's name. */
  readonly set: string;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt. */
  readonly shots: number;
  /** Metric's name. */
  readonly metric: string;
}

/** A number that training left: a loss, or `truncation`, the share of training examples that lost target tokens, in 0..100. */
export type TrainValue = "firstLoss" | "lastFifthLoss" | "finalLoss" | "truncation";

/** The plain mean of several values: of metrics, or of one and the same value of probes. */
export interface MeanReference {
  /** At least one. */
  readonly mean: readonly EntryReference[] | readonly ProbeReference[];
}

/**
 * A place a value is found at: a metric of an evaluation, the plain mean of several, a weight distance, a number that training left, or a
 * number that planning knows. A difference is of two scores, the first less the second.
 *
 * `distance` is a path into {@linkcode WeightDistanceResult}: `overall.l2`, `groups.attention.meanAbsolute`, `layers.0.meanAbsolute`.
 */
export type ValueReference =
  | EntryReference
  | { readonly cell: string; readonly distance: string }
  | { readonly cell: string; readonly train: TrainValue }
  | ProbeReference
  | MeanReference
  | { readonly difference: readonly [first: ValueReference, second: ValueReference] }
  | { readonly constant: number };

/**
 * A cell of a table. Entries of one table that share `row` and `column` are one group: those that differ by seed only are shown as their
 * mean; where they name alternatives, the alternative of the best mean is shown, and which it is.
 */
export interface TableEntry {
  /** One of the table's rows. */
  readonly row: string;
  /** One of the table's columns. */
  readonly column: string;
  /** Where the value is. */
  readonly reference: ValueReference;
  /** Which alternative of its place it belongs to, such as `2-shot`; absent where there is one only. */
  readonly alternative?: string;
  /** The paper's own value on its own model and data, in the table's unit; null where it gives none. */
  readonly paper: number | null;
}

/** A table as data: the report renders it, the setting decides what is in it. */
export interface TablePlan {
  /** Heading. */
  readonly title: string;
  /** Unit and metric, such as `ROUGE-L F1, 0-100`. */
  readonly unit: string;
  /** What the rows are. */
  readonly rowHeader: string;
  /** Rows in order. */
  readonly rows: readonly string[];
  /** Columns in order. */
  readonly columns: readonly string[];
  /** What stands where; a place may stay empty. */
  readonly entries: readonly TableEntry[];
  /** Lines under the table. */
  readonly notes: readonly string[];
}

/** Learning rates tried for one method, and where each task's validation scores are found. */
export interface ChoicePlan {
  /** Method's name. */
  readonly method: string;
  /** Learning rates, ascending. */
  readonly candidates: readonly {
    readonly learningRate: number;
    /** By task, then by shot count: the same evaluation of each seed. */
    readonly tasks: readonly { readonly task: string; readonly shots: readonly (readonly EntryReference[])[] }[];
  }[];
}

/**
 * One side of a contrast: alternatives, one per shot count, of which the best enters; an alternative is the same evaluation of each seed.
 * For what is measured over shot counts (`of` is `spread`), what enters is the best alternative less the worst.
 */
export type Side = readonly (readonly ValueReference[])[];

/**
 * Two sides and what is claimed of them, decided on their paired difference. `greater`: the first is. `at least`, `at most`: the first is
 * not less, not more, than the second by more than the margin. `equal`: they differ by no more than the margin.
 */
export interface ContrastPlan {
  /** What is contrasted, such as `xsum`. What comes before the first comma tells contrasts over the same data. */
  readonly label: string;
  /** What is claimed. */
  readonly claim: "greater" | "at least" | "at most" | "equal";
  /** Points within which scores count as equal; 0 for `greater`. */
  readonly margin: number;
  /** The first side. */
  readonly first: Side;
  /** The second side. */
  readonly second: Side;
  /** What of a side's alternatives enters. */
  readonly of: "best" | "spread";
  /** The paper's own first less second; null where it gives either not. */
  readonly paper: number | null;
}

/** A statement of a paper, as contrasts. */
export interface FindingPlan {
  /** Its number, such as `T1.4`. */
  readonly id: string;
  /** A few words that name it. */
  readonly name: string;
  /** Where the paper states it, such as `U Figure 2`. */
  readonly source: string;
  /** The statement. */
  readonly statement: string;
  /** Each a case of it. The finding's effect is over those that claim the same as the first one, and have two measured sides. */
  readonly contrasts: readonly ContrastPlan[];
}

/** Paired comparisons over one kind of cells: no claim is made, differences are shown with intervals. */
export interface ComparisonPlan {
  /** Heading. */
  readonly title: string;
  /** Unit and metric. */
  readonly unit: string;
  /** What the two sides are. */
  readonly sides: readonly [first: string, second: string];
  /** The comparisons; their claim is `greater` and says nothing. */
  readonly contrasts: readonly ContrastPlan[];
  /** Lines under the table. */
  readonly notes: readonly string[];
}

/** A model as a point: what it learnt, its score on its target, against what it kept, its mean score on everything else. */
export interface ParetoPoint {
  /** Method's name in the table. */
  readonly method: string;
  /** Peak learning rate; null where nothing is trained. */
  readonly learningRate: number | null;
  /** Scores on validation rows; empty where nothing is trained. */
  readonly validation: Side;
  /** The score on the target. */
  readonly target: Side;
  /** The other sets' scores; of each set the mean over its sides, such as shot counts. */
  readonly others: readonly { readonly set: string; readonly sides: readonly Side[] }[];
}

/** Learning against forgetting: points of several methods, each at a few learning rates. */
export interface ParetoPlan {
  /** Heading. */
  readonly title: string;
  /** What the target's score is, such as `socialqa, ROUGE-L F1`. */
  readonly target: string;
  /** What the others' score is. */
  readonly others: string;
  /** The method that others are compared with. */
  readonly reference: string;
  /** By method, then by learning rate, ascending. */
  readonly points: readonly ParetoPoint[];
  /** Lines under the table. */
  readonly notes: readonly string[];
}

/** A setting as planned: which figure or table it is, which cells it reads, which tables it makes. */
export interface SettingPlan {
  /** Name on the command line. */
  readonly name: string;
  /** Heading. */
  readonly title: string;
  /** Such as `U Figure 1`. */
  readonly source: string;
  /** One sentence. */
  readonly description: string;
  /** Ids of the cells it reads. */
  readonly cells: readonly string[];
  /** Tables in order. */
  readonly tables: readonly TablePlan[];
  /** Paired comparisons; absent where there are none. */
  readonly comparisons?: readonly ComparisonPlan[];
  /** Learning rates to choose among; absent where the setting chooses none. */
  readonly choices?: readonly ChoicePlan[];
  /** Learning against forgetting; absent where the setting is not about that. */
  readonly paretos?: readonly ParetoPlan[];
}

/** `plan.json`. */
export interface Plan {
  /** Version of the format. */
  readonly schema: "tunemark.plan/1";
  /** Version of the suite. */
  readonly suite: string;
  /** Size of the run. */
  readonly profile: Profile;
  /** Name of the data, for reading; `dataSha256` is what identifies it. */
  readonly data: string;
  /** SHA-256 over the hashes of all rows and demonstrations the plan uses. */
  readonly dataSha256: string;
  /** Most words of an input text of the rows and demonstrations; absent where texts are whole. */
  readonly inputWords?: number;
  /** Base model's name. */
  readonly model: string;
  /** How GEMM operands are rounded. */
  readonly operands: Operands;
  /** Seeds of trained cells; an untrained cell uses none and has seed 0. */
  readonly seeds: readonly number[];
  /** Peak learning rate of each method and stage that the planned cells train, and where these come from, in words. */
  readonly learningRates: { readonly values: Readonly<Record<string, number>>; readonly from: string };
  /** Filter of `--only`; absent where the settings were planned whole. */
  readonly only?: Readonly<Record<string, string>>;
  /** Settings in order. */
  readonly settings: readonly SettingPlan[];
  /** The papers' statements that the planned cells can show. */
  readonly findings: readonly FindingPlan[];
  /** Cells in the order they are run. */
  readonly cells: readonly { readonly id: string; readonly factors: Factors }[];
  /** What the data folder lacks of the settings' sets, one line each. */
  readonly absent: readonly string[];
}
