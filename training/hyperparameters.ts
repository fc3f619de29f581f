/**
 * Hyper-parameters of a training stage.
 * @module
 */

/** All that decides a training stage besides its examples and its seed. */
export interface Hyperparameters {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** `linear`: falls to zero over the whole stage; `constant`: stays. Both after the warm-up. */
  readonly schedule: "linear" | "constant";
  /** Steps over which the learning rate rises linearly from zero. */
  readonly warmupSteps: number;
  /** Passes over the examples. */
  readonly epochs: number;
  /** Sequences in an optimizer batch. */
  readonly batchSize: number;
  /** AdamW's decay of the first moment. */
  readonly beta1: number;
  /** AdamW's decay of the second moment. */
  readonly beta2: number;
  /** AdamW's guard against division by zero. */
  readonly epsilon: number;
  /** AdamW's decoupled weight decay. */
  readonly weightDecay: number;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clip: number | null;
  /** Share of the target spread over the vocabulary. */
  readonly labelSmoothing: number;
  /** Loss is the mean over the target tokens of the whole batch, or, as the U code has it, the mean of its micro-batches' means. */
  readonly loss: "batch-mean" | "micro-batch-mean";
  /** Sequences per micro-batch where `loss` is `micro-batch-mean`; else it decides nothing and is 0. */
  readonly microBatchSize: number;
  /** Longest sequence in tokens; the caller cuts longer ones. */
  readonly maxLength: number;
}

/** Learning rate of step `step` (from 0) of `steps`, as transformers' linear schedule gives it. */
export function learningRateAt(hyper: Hyperparameters, step: number, steps: number): number {
  const { learningRate, schedule, warmupSteps } = hyper;
  if (step < warmupSteps) return learningRate * step / warmupSteps;
  if (schedule === "constant") return learningRate;
  return learningRate * Math.max(0, steps - step) / Math.max(1, steps - warmupSteps);
}
