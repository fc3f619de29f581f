/**
 * The files a run leaves behind: specifications, results and the plan.
 * Everything here is deterministic; what varies between two runs of the same thing goes to `provenance.json` only.
 * @module
 */

/** How GEMM operands are rounded on load. */
export type Operands = "12bit" | "f32" | "bf16";

/** Size of a run. */
export type Profile = "smoke" | "quick" | "paper";

/** How a test set relates to the training set of the model it is put to. */
export type Relation = "in-domain" | "out-of-domain" | "cross-task";

/** Hyper-parameters of a training stage, all filled in. */
export interface Hyperparameters {
  readonly learningRate: number;
  readonly schedule: "linear" | "constant";
  readonly warmupSteps: number;
  readonly epochs: number;
  /** Sequences in an optimizer batch. */
  readonly batchSize: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clip: number | null;
  readonly labelSmoothing: number;
  readonly loss: "batch-mean" | "micro-batch-mean";
  /** Sequences per micro-batch; part of the specification only where `loss` is `micro-batch-mean`, else 0. */
  readonly microBatchSize: number;
  /** Longest sequence in tokens; longer ones lose their tail, as in the U code. */
  readonly maxLength: number;
}

/** What is done to the base model before it is evaluated. */
export type MethodSpec =
  | { readonly name: "icl" }
  | ({ readonly name: "ft" } & Hyperparameters)
  | ({ readonly name: "fticl"; readonly demonstrations: number } & Hyperparameters);

/** The rows a cell trains on. */
export interface TrainSpec {
  readonly task: string;
  readonly set: string;
  readonly size: number;
  readonly format: 1 | 2;
  readonly prompt: string;
  /** SHA-256 of the canonical JSON of the rows, in file order. */
  readonly rowsSha256: string;
  /** SHA-256 of the canonical JSON of the demonstrations before each example (of an empty list where there are none). */
  readonly demonstrationsSha256: string;
}

/** One evaluation of a cell: a set, a prompt format, a shot count. */
export interface EvaluationSpec {
  readonly task: string;
  readonly set: string;
  readonly relation: Relation;
  readonly format: 1 | 2;
  readonly shots: number;
  /** Number of test rows: the first ones of the file. */
  readonly rows: number;
  readonly prompt: string;
  readonly labels: readonly string[];
  readonly maxNewTokens: number;
  readonly rowsSha256: string;
  readonly demonstrationsSha256: string;
  /** Scorer signatures, in the order of the result's metrics. */
  readonly scorers: readonly string[];
}

/** The whole specification of a cell; its id is the SHA-256 of its canonical JSON. */
export interface CellSpec {
  readonly schema: "tunemark.cell/1";
  readonly suite: string;
  readonly kernels: string;
  readonly operands: Operands;
  readonly model: {
    readonly name: string;
    readonly weightsSha256: string;
    readonly configSha256: string;
    readonly tokenizerSha256: string;
  };
  readonly method: MethodSpec;
  readonly train: TrainSpec | null;
  readonly seed: number;
  readonly evaluations: readonly EvaluationSpec[];
}

/** A metric's value over one evaluation, with what it takes to recompute and compare it. */
export interface MetricResult {
  readonly name: string;
  readonly signature: string;
  readonly better: "higher" | "lower";
  /** Sums over items of the item statistics. */
  readonly statistics: Readonly<Record<string, number>>;
  /** Mean over items in 0..100, four decimals, as text. */
  readonly value: string;
}

/** Result of one evaluation. */
export interface EvaluationResult {
  readonly task: string;
  readonly set: string;
  readonly relation: Relation;
  readonly format: 1 | 2;
  readonly shots: number;
  readonly n: number;
  readonly hashes: {
    readonly prompt: string;
    readonly rows: string;
    readonly demonstrations: string;
    /** SHA-256 over all input token ids, so that a tokenizer's drift shows. */
    readonly inputTokens: string;
  };
  /** Items whose prompt did not fit the context and lost tokens. */
  readonly truncated: number;
  readonly metrics: readonly MetricResult[];
}

/** Differences between trained and base weights, in f32; numbers as shortest round-trip text. */
export interface DistanceResult {
  readonly parameters: number;
  readonly meanAbsolute: string;
  readonly l2: string;
  readonly relativeL2: string;
  readonly max: string;
}

/** Weight distance of a cell: overall, per tensor group, per layer, per tensor. */
export interface WeightDistanceResult {
  readonly overall: DistanceResult;
  readonly groups: Readonly<Record<"embedding" | "attention" | "mlp" | "norms" | "head", DistanceResult | null>>;
  readonly layers: readonly DistanceResult[];
  readonly tensors: Readonly<Record<string, DistanceResult>>;
}

/** What training left behind. Losses as shortest round-trip text of the f32. */
export interface TrainResult {
  readonly steps: number;
  readonly examples: number;
  readonly tokens: number;
  readonly targetTokens: number;
  /** Examples that lost target tokens to `maxLength`. */
  readonly truncated: number;
  readonly firstLoss: string;
  readonly finalLoss: string;
  /** Mean loss over the last fifth of the steps. */
  readonly lastFifthLoss: string;
  readonly weightsSha256: string;
  readonly weightDistance: WeightDistanceResult;
}

/** What varies between cells, flat, for matching across runs. */
export interface Factors {
  readonly model: string;
  readonly method: string;
  readonly trainTask: string | null;
  readonly trainSet: string | null;
  readonly trainSize: number;
  readonly trainShots: number;
  readonly seed: number;
}

/** `cells/<id>/result.json`. */
export interface CellResult {
  readonly schema: "tunemark.result/1";
  readonly cell: string;
  readonly status: "ok" | "failed";
  /** Why the cell failed; null where it did not. */
  readonly reason: string | null;
  readonly identity: {
    readonly suite: string;
    readonly kernels: string;
    readonly operands: Operands;
    readonly modelWeights: string;
    readonly modelConfig: string;
    readonly tokenizer: string;
    readonly numericSignature: string;
  };
  readonly factors: Factors;
  readonly train: TrainResult | null;
  readonly evaluations: readonly EvaluationResult[];
}

/** One line of `cells/<id>/samples.jsonl`, sorted by evaluation then row. */
export interface Sample {
  readonly task: string;
  readonly set: string;
  readonly format: 1 | 2;
  readonly shots: number;
  readonly id: string;
  /** Generated text (after post-processing), for classification the free generation. */
  readonly output: string;
  readonly reference: string;
  /** Label chosen by label score; null for generation. */
  readonly label: string | null;
  /** Item statistics by metric name. */
  readonly statistics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /**
   * Smallest top-1 minus top-2 logit over the decisions made (generated tokens and the choice of a label), shortest round-trip text
   * of the f32; `Infinity` where no decision was made.
   */
  readonly margin: string;
}

/** One line of `cells/<id>/train.jsonl`. */
export interface TrainStep {
  readonly step: number;
  readonly loss: string;
  readonly gradientNorm: string;
  readonly learningRate: string;
  readonly tokens: number;
}

/** Where a table entry finds its value. */
export interface EntryReference {
  readonly cell: string;
  readonly set: string;
  readonly format: 1 | 2;
  readonly shots: number;
  readonly metric: string;
}

/**
 * A cell of a table: a metric of an evaluation, or a weight distance.
 *
 * `distance` is a path into {@linkcode WeightDistanceResult}: `overall.l2`, `groups.attention.meanAbsolute`, `layers.0.meanAbsolute`.
 * Entries of one table that share `row` and `column` differ by seed only: together they are one group, shown as its mean.
 */
export interface TableEntry {
  readonly row: string;
  readonly column: string;
  readonly reference: EntryReference | { readonly cell: string; readonly distance: string };
  /** The paper's own value on its own model and data, in the table's unit; null where it gives none. */
  readonly paper: number | null;
}

/** A table as data: the report renders it, the setting decides what is in it. */
export interface TablePlan {
  readonly title: string;
  /** Unit and metric, such as `ROUGE-L F1, 0-100`. */
  readonly unit: string;
  readonly rowHeader: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly entries: readonly TableEntry[];
  readonly notes: readonly string[];
}

/** A setting as planned: which figure or table it is, which cells it reads, which tables it makes. */
export interface SettingPlan {
  readonly name: string;
  readonly title: string;
  /** Such as `U Figure 1`. */
  readonly source: string;
  readonly description: string;
  readonly cells: readonly string[];
  readonly tables: readonly TablePlan[];
}

/** What a run is doing, for a progress line. */
export interface Progress {
  /** Position of the cell in the plan, from 1. */
  readonly index: number;
  /** Cells in the plan. */
  readonly count: number;
  readonly cell: string;
  readonly factors: Factors;
  /** `kept`: done by an earlier run. `failed` carries a reason. */
  readonly stage: "kept" | "train" | "evaluate" | "done" | "failed";
  /** Optimizer steps taken, or test items scored; 0 where the stage has none. */
  readonly step: number;
  readonly steps: number;
  /** Latest loss read back, or null. */
  readonly loss: number | null;
  readonly reason: string | null;
}

/** `plan.json`. */
export interface Plan {
  readonly schema: "tunemark.plan/1";
  readonly suite: string;
  readonly profile: Profile;
  /** Name of the data, for reading; `dataSha256` is what identifies it. */
  readonly data: string;
  /** SHA-256 over the hashes of all rows and demonstrations the plan uses. */
  readonly dataSha256: string;
  readonly model: string;
  readonly operands: Operands;
  /** Seeds of trained cells; an untrained cell uses none and has seed 0. */
  readonly seeds: readonly number[];
  readonly settings: readonly SettingPlan[];
  readonly cells: readonly { readonly id: string; readonly factors: Factors }[];
  /** What the data folder lacks of the settings' sets, one line each. */
  readonly absent: readonly string[];
}
