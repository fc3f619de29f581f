/**
 * How large a run is: the papers' protocol at three scales.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import type { Hyperparameters, Profile } from "./types.ts";

/** A method of U that trains something, and so has a learning rate. */
export type TrainedMethod = "ft" | "fticl";

/** Everything that differs between profiles. */
export interface Scale {
  /** Training sizes, ascending: they stand for the paper's 2,000, 4,000 and 6,000 by rank. */
  readonly sizes: readonly [number, number, number];
  /** Test rows scored per set: the first ones of its file. */
  readonly testRows: number;
  /** How many of a task's shot counts are evaluated, from zero shots up. */
  readonly shotCounts: number;
  /** How many of a task's two FTICL demonstration counts are trained, from the smaller up. */
  readonly fticlCounts: number;
  /** Validation rows a learning rate is tried on: the last ones of the training set's largest file. */
  readonly validationRows: number;
  /** Peak learning rate of each method. */
  readonly learningRates: Readonly<Record<TrainedMethod, number>>;
  /** Where the learning rates come from, in words for the report. */
  readonly learningRatesFrom: string;
  /** Learning rates that the setting `learning_rate` tries for each method, ascending. */
  readonly learningRateSweep: Readonly<Record<TrainedMethod, readonly number[]>>;
}

const miniatureSweep = [3e-4, 1e-3, 2e-3];
const paperSweep = [1e-5, 2e-5, 5e-5];

/** What `smoke` and `quick` share, both being for the embedded model. */
const miniature = {
  learningRates: { ft: 1e-3, fticl: 1e-3 },
  learningRatesFrom: "chosen by the setting learning_rate on validation rows",
  learningRateSweep: { ft: miniatureSweep, fticl: miniatureSweep },
};

/**
 * The profiles.
 *
 * `smoke` is for machines that check that all works: a minute on two cores. `quick` is the default: minutes. `paper` has U's
 * sizes and learning rate, for real checkpoints and data.
 *
 * A profile holds one learning rate a method. The setting `learning_rate` tries every method at the same few, `learningRateSweep`, and
 * scores them on validation rows, never on test rows: `deno task bench learning_rate --profile quick` shows all scores and the
 * choice. The small base model needs larger ones than U's 2e-5, at which its weights hardly move in a few dozen steps.
 */
export const profiles: Readonly<Record<Profile, Scale>> = {
  smoke: { sizes: [16, 32, 48], testRows: 4, validationRows: 8, shotCounts: 2, fticlCounts: 1, ...miniature },
  quick: { sizes: [200, 400, 600], testRows: 100, validationRows: 200, shotCounts: 4, fticlCounts: 2, ...miniature },
  paper: {
    sizes: [2000, 4000, 6000],
    testRows: 250,
    validationRows: 200,
    shotCounts: 4,
    fticlCounts: 2,
    learningRates: { ft: 2e-5, fticl: 2e-5 },
    learningRatesFrom: "U's released scripts",
    learningRateSweep: { ft: paperSweep, fticl: paperSweep },
  },
};

/** The scale of a profile; an unknown name is an error that lists the valid ones. */
export function scaleOf(profile: string): Scale {
  if (!Object.hasOwn(profiles, profile)) {
    throw new Error(`no profile "${profile}"; valid: ${Object.keys(profiles).join(", ")}`);
  }
  return profiles[profile as Profile];
}

/** Shot counts of a task that a profile evaluates. */
export function shotsOf(task: Task, scale: Scale): readonly number[] {
  return task.shots.slice(0, scale.shotCounts);
}

/** Zero shots and the two counts after it: those over which U takes the best in its Figures 4 to 7. */
export function fewShotsOf(task: Task, scale: Scale): readonly number[] {
  return shotsOf(task, scale).slice(0, 3);
}

/** Demonstration counts of a task that a profile trains FTICL with. */
export function fticlShotsOf(task: Task, scale: Scale): readonly number[] {
  return task.fticlShots.slice(0, scale.fticlCounts);
}

/**
 * U's hyper-parameters, as its released scripts have them: AdamW with the Hugging Face defaults, no weight decay, no clipping, linear decay
 * without warm-up, two epochs, batches of 16, 1,024 tokens a sequence.
 *
 * @param learningRate Peak learning rate; that of U's scripts is 2e-5.
 * @param maxPositions Longest context of the model; a shorter one than 1,024 takes its place.
 */
export function hyperparameters(learningRate: number, maxPositions: number): Hyperparameters {
  return {
    learningRate,
    schedule: "linear",
    warmupSteps: 0,
    epochs: 2,
    batchSize: 16,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
    labelSmoothing: 0,
    loss: "batch-mean",
    microBatchSize: 0,
    maxLength: Math.min(1024, maxPositions),
  };
}
