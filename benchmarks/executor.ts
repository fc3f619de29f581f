/**
 * What the runner needs of whatever trains and evaluates a cell. `execute_cell.ts` is the real one; tests have their own.
 * @module
 */
import type { CellSpec, EvaluationResult, Operands, ProbeResult, Sample, TrainResult, TrainStep } from "./types.ts";

/** How cells are run; none of it changes a byte of a result, but that a cell fails whose rows are not those it was planned with. */
export interface ExecutorOptions {
  readonly modelDir: string;
  readonly dataDir: string;
  /** Most words of an input text, as the cells were planned with; whole texts where absent. */
  readonly inputWords?: number;
  readonly operands: Operands;
  /** Prompts decoded together. */
  readonly evaluationBatch: number;
  /** Tokens of a micro-batch; the trainer's own choice where absent. */
  readonly microBatchTokens?: number;
}

/** What a cell gives. */
export interface CellOutcome {
  readonly train: TrainResult | null;
  readonly trainSteps: readonly TrainStep[];
  readonly evaluations: readonly EvaluationResult[];
  readonly samples: readonly Sample[];
  /** Results of the probes; absent where there are none. */
  readonly probes?: readonly ProbeResult[];
}

/** What goes on in a cell. */
export interface CellProgress {
  readonly stage: "train" | "evaluate";
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

/** What a cell may use while it runs. */
export interface CellContext {
  /** Folder of the cell's trained model: found there where it was trained before, kept there where not; see `trained_model.ts`. */
  readonly modelFolder: string;
  readonly signal: AbortSignal;
  report(progress: CellProgress): void;
}

/** Trains and evaluates cells, one at a time. */
export interface CellExecutor {
  /** Hash of the adapter's self-check. */
  readonly numericSignature: string;
  /** What is known of the adapter, for provenance. */
  readonly adapter: unknown;
  /** @throws Where the cell fails, with the reason; where the signal is aborted, with anything. */
  execute(spec: CellSpec, context: CellContext): Promise<CellOutcome>;
  close(): void;
}

/** A module that opens executors; named by its URL, so that a worker can load it too. */
export interface ExecutorModule {
  openExecutor(options: ExecutorOptions): Promise<CellExecutor>;
}
