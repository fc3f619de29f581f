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
  /** AdamW where absent. With Adafactor, beta1, beta2 and epsilon decide nothing and are 0. */
  readonly optimizer?: "adafactor";
  /** Adafactor's learning rate is taken times the root mean square of each matrix, as it is where absent, or as it stands. */
  readonly scaleByWeights?: boolean;
  /** Share of what attention and MLP add to the residual stream that is dropped while training; none where absent. */
  readonly dropout?: number;
  /** After so many steps, and after the last, the model is scored on validation rows; the best one stays. Where absent, the last one stays. */
  readonly selectEvery?: number;
}

/**
 * Checks hyper-parameters.
 * @throws where one is out of range or has nothing to decide, saying what would be valid
 */
export function checkHyperparameters(hyper: Hyperparameters): void {
  const valid = (name: keyof Hyperparameters, holds: boolean, range: string) => {
    if (!holds) throw new Error(`${name} ${hyper[name]} is not valid: give ${range}`);
  };
  const { learningRate, clip, labelSmoothing, dropout, selectEvery, optimizer, scaleByWeights, microBatchSize } = hyper;
  const whole = (n: number, least: number) => Number.isInteger(n) && n >= least;
  valid("learningRate", learningRate >= 0 && Number.isFinite(learningRate), "a number from 0");
  valid("epochs", whole(hyper.epochs, 1), "a positive integer");
  valid("batchSize", whole(hyper.batchSize, 1), "a positive integer");
  valid("warmupSteps", whole(hyper.warmupSteps, 0), "an integer from 0");
  valid("clip", clip === null || clip > 0, "a positive number, or null for no clipping");
  valid("labelSmoothing", labelSmoothing >= 0 && labelSmoothing < 1, "a number from 0 up to but not 1");
  valid("dropout", dropout === undefined || (dropout >= 0 && dropout < 1), "a number from 0 up to but not 1");
  valid("selectEvery", selectEvery === undefined || whole(selectEvery, 1), "a positive integer");
  const means = hyper.loss === "micro-batch-mean" ? whole(microBatchSize, 1) : microBatchSize === 0;
  valid("microBatchSize", means, "a positive integer where the loss is the mean of micro-batches, else 0");
  if (optimizer === "adafactor") {
    for (const name of ["beta1", "beta2", "epsilon"] as const) {
      valid(name, hyper[name] === 0, "0: Adafactor has no use for it");
    }
  } else valid("scaleByWeights", scaleByWeights === undefined, "it to Adafactor only: AdamW has no use for it");
}

/** Learning rate of step `step` (from 0) of `steps`, as transformers' linear schedule gives it. */
export function learningRateAt(hyper: Hyperparameters, step: number, steps: number): number {
  const { learningRate, schedule, warmupSteps } = hyper;
  if (step < warmupSteps) return learningRate * step / warmupSteps;
  if (schedule === "constant") return learningRate;
  return learningRate * Math.max(0, steps - step) / Math.max(1, steps - warmupSteps);
}
