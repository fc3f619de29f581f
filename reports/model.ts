/**
 * What `report.json` holds (schema `tunemark.report/1`): everything a table or a comparison needs, and nothing that varies between two runs
 * of the same thing.
 * @module
 */
import type {
  CellResult,
  ChoicePlan,
  ComparisonPlan,
  ContrastPlan,
  DistanceResult,
  EvaluationResult,
  Factors,
  FindingPlan,
  MethodSpec,
  MetricResult,
  ParetoPlan,
  Plan,
  ProbeResult,
  SettingPlan,
  TablePlan,
  TrainResult,
  TrainSpec,
} from "../benchmarks/types.ts";
import type { PackedItems } from "./items.ts";

/** How intervals are made, printed with them. */
export const INTERVALS = {
  /** For proportions. */
  wilson: "95 % Wilson score interval",
  /** For means over items. */
  bootstrap: '95 % percentile bootstrap over items, 2000 resamples, seed "tunemark/interval"',
  /** For means over seeds, and for paired differences. */
  seeds: "95 % t interval over seeds and items as crossed random effects, Satterthwaite's degrees of freedom",
} as const;

/** Number of resamples and the seed's name of {@linkcode INTERVALS}. */
export const BOOTSTRAP = { resamples: 2000, seed: "tunemark/interval" } as const;

/** A metric over an evaluation. */
export interface ReportMetric extends MetricResult {
  /** Ends of the 95 % interval, four decimals. */
  readonly low: string;
  readonly high: string;
  readonly interval: "wilson" | "bootstrap";
  /** Each item's statistics, so that reports can be paired. */
  readonly items: PackedItems;
}

/** An evaluation of a cell. */
export interface ReportEvaluation extends Omit<EvaluationResult, "metrics"> {
  readonly metrics: readonly ReportMetric[];
}

/** A probe of a cell's model. */
export interface ReportProbe extends Omit<ProbeResult, "items"> {
  /** Where a value is a mean over rows: its name, its 95 % bootstrap interval, and each row's value, separated by spaces. */
  readonly overRows?: { readonly of: string; readonly low: string; readonly high: string; readonly values: string };
}

/** A training stage. Distances of single tensors stay in the cell's `result.json`. */
export interface ReportTrain extends Omit<TrainResult, "weightDistance"> {
  readonly weightDistance: {
    readonly overall: DistanceResult;
    readonly groups: Readonly<Record<string, DistanceResult | null>>;
    readonly layers: readonly DistanceResult[];
  };
}

/** Hashes and versions that say what a number was computed with. */
export type ReportIdentity = CellResult["identity"];

/** A planned cell. `identity`, `method` are null, `evaluations` empty, where it is missing. */
export interface ReportCell {
  readonly cell: string;
  readonly status: "ok" | "failed" | "missing";
  /** Why it failed; null otherwise. */
  readonly reason: string | null;
  readonly factors: Factors;
  readonly identity: ReportIdentity | null;
  /** Method with all hyper-parameters. */
  readonly method: MethodSpec | null;
  /** The rows it trained on. */
  readonly trainData: TrainSpec | null;
  readonly train: ReportTrain | null;
  readonly evaluations: readonly ReportEvaluation[];
  /** What else was measured of the model; absent where nothing was. */
  readonly probes?: readonly ReportProbe[];
}

/** One place in a table: a value, or the mean of several (seeds, or a group), or why there is none. */
export interface ReportEntry {
  readonly row: string;
  readonly column: string;
  /** Cells it is made of: several where the plan has several entries for one row and column. */
  readonly cells: readonly string[];
  /** Value as text: four decimals for a metric, shortest text for others; null unless every member has one. */
  readonly value: string | null;
  /** 95 % interval over items, of several members over members too; null for a single distance. */
  readonly low: string | null;
  readonly high: string | null;
  /** Least and greatest member; null where there is one member only. */
  readonly range: readonly [string, string] | null;
  /** Items of each member's evaluation or probe, distinct, ascending; empty for distances. */
  readonly n: readonly number[];
  readonly kind: ValueKind;
  /** Which of several alternatives it is, the best; null where there is one only. */
  readonly alternative: string | null;
  /** Scorer signatures. */
  readonly signatures: readonly string[];
  readonly paper: number | null;
  /** Members that have a value, and all. */
  readonly present: number;
  readonly members: number;
  /** Why there is no value; null where there is. */
  readonly reason: string | null;
}

/** A table of a setting: as planned, with values for references. */
export interface ReportTable extends Omit<TablePlan, "entries"> {
  readonly entries: readonly ReportEntry[];
}

/** Learning rates tried for a method, with their scores. */
export interface ReportChoice extends Omit<ChoicePlan, "candidates"> {
  readonly candidates: readonly TriedRate[];
  /** The learning rate of the best mean, the smaller of equal ones; null unless every score exists. */
  readonly chosen: number | null;
}

/** A learning rate's scores; four decimals, null where a score they rest on is missing. */
export interface TriedRate {
  readonly learningRate: number;
  /** The best over shot counts of each task, the mean over seeds. */
  readonly tasks: readonly { readonly task: string; readonly best: string | null }[];
  /** Mean over tasks. */
  readonly mean: string | null;
}

/** How a contrast or a finding came out: `open` where the interval or the adjusted p does not decide, `missing` where a value is. */
export type Outcome = "holds" | "contrary" | "open" | "missing";

/**
 * What a value is: a metric in 0..100 or a percentage, a difference of two of them in points, a weight distance, a loss or a gradient's norm, a
 * divergence in nats, a cosine.
 */
export type ValueKind = "metric" | "points" | "distance" | "loss" | "divergence" | "cosine";

/** A contrast with its paired difference. */
export interface ReportContrast extends Pick<ContrastPlan, "label" | "claim" | "margin" | "paper"> {
  readonly kind: ValueKind;
  /** Means over seeds of what enters for each side, four decimals for a metric, shortest text for others; null where missing. */
  readonly first: string | null;
  readonly second: string | null;
  /** The first less the second, and its 95 % interval; an interval is null where one number stands against one. */
  readonly difference: string | null;
  readonly low: string | null;
  readonly high: string | null;
  /** Two-sided p of a difference from 0, corrected by Holm over the table; null where there is none, and for other claims than `greater`. */
  readonly p: string | null;
  /** `greater` holds where the corrected p is below 0.05, the other claims where the interval lies within the margin. */
  readonly outcome: Outcome;
}

/** The effect that a finding is about: a mean of differences, its 95 % interval over items and seeds, and the paper's mean over the same. */
export interface ReportEffect {
  readonly kind: ValueKind;
  /** How many contrasts it is over. */
  readonly contrasts: number;
  /** Four decimals for a metric, shortest text for others; null where a value is missing. */
  readonly value: string | null;
  readonly low: string | null;
  readonly high: string | null;
  /** Over those contrasts of which the paper gives both sides; null where it gives none. */
  readonly paper: string | null;
}

/** A statement of the paper, and whether the run shows it. */
export interface ReportFinding extends Omit<FindingPlan, "contrasts"> {
  readonly contrasts: readonly ReportContrast[];
  readonly effect: ReportEffect | null;
  /**
   * `reproduced`: of those contrasts that claim a difference, and of those that claim none, at least half hold and none is contrary.
   * `not reproduced`: of those or of these at least half are contrary and none holds. `inconclusive`: everything else. `missing`: a contrast is.
   */
  readonly verdict: "reproduced" | "not reproduced" | "inconclusive" | "missing";
}

/** Paired comparisons, as planned, with their differences. */
export interface ReportComparison extends Omit<ComparisonPlan, "contrasts"> {
  readonly contrasts: readonly ReportContrast[];
}

/** A mean in 0..100 with its 95 % t interval over items, and over seeds where there are several; four decimals. */
export interface ReportMean {
  readonly value: string;
  readonly low: string;
  readonly high: string;
}

/** A model of a comparison of methods: what it learnt against what it kept. */
export interface ReportParetoPoint {
  readonly method: string;
  /** Null where nothing is trained. */
  readonly learningRate: number | null;
  /** Score on validation rows; null where it is missing or nothing is trained. */
  readonly validation: string | null;
  /** Whether validation rows choose its learning rate among its method's. */
  readonly chosen: boolean;
  /** Null where a score is missing. */
  readonly target: ReportMean | null;
  readonly others: ReportMean | null;
  /** Whether it is on the Pareto front of its method's points, and of all; null where missing points leave that open. */
  readonly ownFront: boolean | null;
  readonly front: boolean | null;
}

/** A method at its chosen learning rate less the reference at its own; a difference is null where a score is missing. */
export interface ReportParetoContrast {
  readonly method: string;
  readonly learningRate: number;
  readonly referenceLearningRate: number;
  readonly target: ReportMean & { readonly p: string } | null;
  readonly others: ReportMean & { readonly p: string } | null;
}

/** Learning against forgetting. */
export interface ReportPareto extends Omit<ParetoPlan, "points"> {
  readonly points: readonly ReportParetoPoint[];
  /** p is corrected by Holm over all of them; none unless the reference's learning rate is chosen. */
  readonly contrasts: readonly ReportParetoContrast[];
}

/** A setting: as planned, with its tables' values. */
export interface ReportSetting extends Omit<SettingPlan, "tables" | "choices" | "comparisons" | "paretos"> {
  readonly tables: readonly ReportTable[];
  readonly comparisons?: readonly ReportComparison[];
  readonly choices?: readonly ReportChoice[];
  readonly paretos?: readonly ReportPareto[];
}

/** `report.json`: the plan, with values for its references. */
export interface Report extends Omit<Plan, "schema" | "settings" | "findings" | "cells"> {
  /** The format's version; another is refused. */
  readonly schema: "tunemark.report/1";
  /** Distinct numeric signatures of the cells' adapters, sorted: one, unless the run was moved between machines. */
  readonly numericSignatures: readonly string[];
  /** How intervals are made. */
  readonly intervals: typeof INTERVALS;
  /** The papers' statements, put to this run. */
  readonly findings: readonly ReportFinding[];
  /** The tables, by setting, in the plan's order. */
  readonly settings: readonly ReportSetting[];
  /** All planned cells, in the plan's order. */
  readonly cells: readonly ReportCell[];
}
