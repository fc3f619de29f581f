/**
 * The files a run leaves behind: specifications, results and the plan.
 * Everything here is deterministic; what varies between two runs of the same thing goes to `provenance.json` only.
 * @module
 */
import type { Operands } from "../kernels/numerics.ts";
import type { Hyperparameters } from "../training/hyperparameters.ts";
import type { MethodSpec } from "../training/methods/mod.ts";
import type { ProbeName, ProbeResult, ProbeSpec } from "./probe_types.ts";

export type { Hyperparameters, MethodSpec, Operands };
export type * from "./plan_types.ts";
export type * from "./probe_types.ts";

/** Size of a run. */
export type Profile = "smoke" | "quick" | "paper";

/**
 * How a test set relates to the training set of the model it is put to. `validation`: not a test set but the last rows of the training
 * set's largest file, by which a learning rate is chosen.
 */
export type Relation = "in-domain" | "out-of-domain" | "cross-task" | "validation";

/** The rows a cell trains on. */
export interface TrainSpec {
  /** Task's name. */
  readonly task: string;
  /** Training set's name. */
  readonly set: string;
  /** Nominal number of rows: the `n` of its file. */
  readonly size: number;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** The prompt format itself, with its placeholders. */
  readonly prompt: string;
  /** SHA-256 of the canonical JSON of the rows, in file order. */
  readonly rowsSha256: string;
  /**
   * SHA-256 of the canonical JSON of the demonstrations before each example: of an empty list where there are none, and where they are drawn
   * from the training rows.
   */
  readonly demonstrationsSha256: string;
  /** What the model is scored on while it trains, where the method keeps the best of several steps; absent elsewhere. */
  readonly validation?: EvaluationSpec;
  /** Another task trained on at the same time, with a soft prompt of its own; absent where there is one only. */
  readonly also?: TrainSpec;
}

/** One evaluation of a cell: a set, a prompt format, a shot count. */
export interface EvaluationSpec {
  /** Task's name. */
  readonly task: string;
  /** Test set's name. */
  readonly set: string;
  /** How the set relates to the task's training set. */
  readonly relation: Relation;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt: the first ones of the test set's own few-shot file. */
  readonly shots: number;
  /** Number of rows: the first ones of the test file, for `validation` the last ones of the training file. */
  readonly rows: number;
  /** The prompt format itself, with its placeholders. */
  readonly prompt: string;
  /** Label words in scoring order; empty for generation. */
  readonly labels: readonly string[];
  /** Greedy tokens allowed for an answer. */
  readonly maxNewTokens: number;
  /** SHA-256 of the canonical JSON of the test rows, in file order. */
  readonly rowsSha256: string;
  /** SHA-256 of the canonical JSON of the demonstrations, in order. */
  readonly demonstrationsSha256: string;
  /** Scorer signatures, in the order of the result's metrics. */
  readonly scorers: readonly string[];
  /**
   * Label words of the classification task that the model was tuned on, where it is put to a generation task: how often an answer begins
   * with one is counted. Absent elsewhere.
   */
  readonly tunedLabels?: readonly string[];
  /**
   * Training rows of a generation task, where a model that was tuned on it and stopped, or the untrained one, is put to another set that is
   * answered in text: how often an answer is in their targets' words is counted. Absent elsewhere.
   */
  readonly tunedTargets?: Pick<TrainSpec, "task" | "set" | "size" | "rowsSha256">;
}

/** The whole specification of a cell; its id is the SHA-256 of its canonical JSON. */
export interface CellSpec {
  /** Version of the format. */
  readonly schema: "tunemark.cell/1";
  /** Version of the suite. */
  readonly suite: string;
  /** Hash of all kernel sources. */
  readonly kernels: string;
  /** How GEMM operands are rounded. */
  readonly operands: Operands;
  /** The base model: its name, and hashes of its weights, configuration and tokenizer. */
  readonly model: {
    readonly name: string;
    readonly weightsSha256: string;
    readonly configSha256: string;
    readonly tokenizerSha256: string;
  };
  /** What is done before evaluating. */
  readonly method: MethodSpec;
  /** Rows trained on; null where nothing is trained. */
  readonly train: TrainSpec | null;
  /**
   * Steps of the method's last stage after which its training stops, on the schedule and in the data order of the whole one; the weights of that
   * step are evaluated, none is selected. Absent where it goes to its end.
   */
  readonly stopAfter?: number;
  /** Whether its learning rate is one on trial that is put to test rows; absent where it is its method's own, or put to validation rows. */
  readonly trial?: true;
  /** Seed of all random streams; 0 where nothing is random. */
  readonly seed: number;
  /** What the model is put to, in order. */
  readonly evaluations: readonly EvaluationSpec[];
  /** What else is measured of the model, in order; absent where nothing is. */
  readonly probes?: readonly ProbeSpec[];
}

/** A metric's value over one evaluation, with what it takes to recompute and compare it. */
export interface MetricResult {
  /** Short name, such as `rougeL`. */
  readonly name: string;
  /** What was done to get the number. */
  readonly signature: string;
  /** Which way is better. */
  readonly better: "higher" | "lower";
  /** Sums over items of the item statistics. */
  readonly statistics: Readonly<Record<string, number>>;
  /** Mean over items, or what the metric has instead (BLEU is of the whole), in 0..100, four decimals, as text. */
  readonly value: string;
}

/** What went into an evaluation or a probe, as SHA-256. */
export interface InputHashes {
  /** Of the prompt format. */
  readonly prompt: string;
  /** Of the canonical JSON of the rows. */
  readonly rows: string;
  /** Of the canonical JSON of the demonstrations. */
  readonly demonstrations: string;
  /** Of all input token ids, of a probe with its answers, so that a tokenizer's drift shows. */
  readonly inputTokens: string;
}

/** Result of one evaluation. */
export interface EvaluationResult {
  /** Task's name. */
  readonly task: string;
  /** Test set's name. */
  readonly set: string;
  /** How the set relates to the task's training set. */
  readonly relation: Relation;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt. */
  readonly shots: number;
  /** Items scored. */
  readonly n: number;
  /** What went in, as SHA-256. */
  readonly hashes: InputHashes;
  /** Items whose prompt did not fit the context and lost tokens. */
  readonly truncated: number;
  /** Metrics in the order of the specification's scorers. */
  readonly metrics: readonly MetricResult[];
}

/** Differences between trained and base weights, in f32; numbers as shortest round-trip text. */
export interface DistanceResult {
  /** Number of weights. */
  readonly parameters: number;
  /** Mean absolute difference. */
  readonly meanAbsolute: string;
  /** Root of the sum of squared differences. */
  readonly l2: string;
  /** `l2` over the base weights' own L2 norm. */
  readonly relativeL2: string;
  /** Largest absolute difference. */
  readonly max: string;
}

/** Weight distance of a cell: overall, per tensor group, per layer, per tensor. */
export interface WeightDistanceResult {
  /** All weights. */
  readonly overall: DistanceResult;
  /** By group of tensors; null for a group the model has not (`head` where it is the embedding). */
  readonly groups: Readonly<Record<"embedding" | "attention" | "mlp" | "norms" | "head", DistanceResult | null>>;
  /** By decoder layer, from the first. */
  readonly layers: readonly DistanceResult[];
  /** By Hugging Face name of the tensor. */
  readonly tensors: Readonly<Record<string, DistanceResult>>;
}

/** What training left behind. Losses as shortest round-trip text of the f32. */
export interface TrainResult {
  /** Optimizer steps. */
  readonly steps: number;
  /** Training rows. */
  readonly examples: number;
  /** Tokens of all steps. */
  readonly tokens: number;
  /** Tokens of all steps that the loss was taken on. */
  readonly targetTokens: number;
  /** Examples that lost target tokens to `maxLength`. */
  readonly truncated: number;
  /** Loss of the first step. */
  readonly firstLoss: string;
  /** Loss of the last step. */
  readonly finalLoss: string;
  /** Mean loss over the last fifth of the steps. */
  readonly lastFifthLoss: string;
  /** Hash of the trained weights, made as that of the base model; where prompt or adapter can be taken off, without these. */
  readonly weightsSha256: string;
  /** Hash of the soft prompts, or of the weights with the adapter; absent where the method has neither that can be taken off. */
  readonly attachedSha256?: string;
  /** For each run of the trainer that kept the best of several steps: validation scores in 0..100, as text, and the step that stayed. */
  readonly selections?: readonly {
    readonly scores: readonly { readonly step: number; readonly score: string }[];
    readonly best: number;
  }[];
  /** How far the weights moved. */
  readonly weightDistance: WeightDistanceResult;
}

/** What varies between cells, flat, for matching across runs. */
export interface Factors {
  /** Base model's name. */
  readonly model: string;
  /** Method's name. */
  readonly method: string;
  /** Task trained on; null where nothing is trained. */
  readonly trainTask: string | null;
  /** Set trained on; null where nothing is trained. */
  readonly trainSet: string | null;
  /** Nominal training size; 0 where nothing is trained. */
  readonly trainSize: number;
  /** Demonstrations before each training example. */
  readonly trainShots: number;
  /** Seed; 0 where nothing is random. */
  readonly seed: number;
  /** Peak learning rate of a cell that tries one; absent from all others, whose method has one learning rate. */
  readonly learningRate?: number;
  /** Rank of the method's adapter; absent where it has none. */
  readonly adapterRank?: number;
  /** Another task trained on at the same time, and its set, such as `translation/enfr`; absent where there is one only. */
  readonly trainAlso?: string;
  /** Steps of the last stage after which training stopped; absent where it went to its end. */
  readonly stopAfter?: number;
  /** Task it is put to; absent where that is the task trained on. */
  readonly testTask?: string;
  /** Prompt format it is put to; absent where that is 1. */
  readonly testFormat?: 2;
  /** Task and set, such as `translation/enfr`, in whose format the untrained model's answers are looked for; absent elsewhere. */
  readonly formatOf?: string;
  /** What is measured of it beside scores; absent where nothing is. */
  readonly probe?: ProbeName;
}

/** `cells/<id>/result.json`. */
export interface CellResult {
  /** Version of the format. */
  readonly schema: "tunemark.result/1";
  /** The cell's id. */
  readonly cell: string;
  /** `failed` cells carry a reason and nothing else. */
  readonly status: "ok" | "failed";
  /** Why the cell failed; null where it did not. */
  readonly reason: string | null;
  /** Versions and hashes that say what the numbers were computed with. */
  readonly identity: {
    readonly suite: string;
    readonly kernels: string;
    readonly operands: Operands;
    readonly modelWeights: string;
    readonly modelConfig: string;
    readonly tokenizer: string;
    readonly numericSignature: string;
  };
  /** What varies between cells. */
  readonly factors: Factors;
  /** What training left; null where nothing was trained. */
  readonly train: TrainResult | null;
  /** Results in the order of the specification. */
  readonly evaluations: readonly EvaluationResult[];
  /** What else was measured, in the order of the specification; absent where nothing was. */
  readonly probes?: readonly ProbeResult[];
}

/** One line of `cells/<id>/samples.jsonl`, sorted by evaluation then row. */
export interface Sample {
  /** Task's name. */
  readonly task: string;
  /** Test set's name. */
  readonly set: string;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt. */
  readonly shots: number;
  /** The row's id within its file. */
  readonly id: string;
  /** Generated text (after post-processing), for classification the free generation. */
  readonly output: string;
  /** Reference output. */
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
  /** Optimizer step, from 1. */
  readonly step: number;
  /** Loss of the step, shortest text of the f32. */
  readonly loss: string;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: string;
  /** Learning rate of the step. */
  readonly learningRate: string;
  /** Tokens of the step. */
  readonly tokens: number;
}

/** What a run is doing, for a progress line. */
export interface Progress {
  /** Position of the cell in the plan, from 1. */
  readonly index: number;
  /** Cells in the plan. */
  readonly count: number;
  /** The cell's id. */
  readonly cell: string;
  /** The task the cell is about. */
  readonly task: string;
  /** What varies between cells. */
  readonly factors: Factors;
  /** `kept`: done by an earlier run. `failed` carries a reason. */
  readonly stage: "kept" | "train" | "evaluate" | "done" | "failed";
  /** Optimizer steps taken, or test items scored; 0 where the stage has none. */
  readonly step: number;
  /** All steps, or all test items, of the stage; 0 where it has none. */
  readonly steps: number;
  /** Latest loss read back, or null. */
  readonly loss: number | null;
  /** Why the cell failed; null otherwise. */
  readonly reason: string | null;
}
