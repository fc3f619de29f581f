/**
 * How large a run is: the papers' protocol at three scales.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import type { Hyperparameters, Profile } from "./types.ts";

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
  /** Peak learning rate of fine-tuning. */
  readonly learningRate: number;
}

/**
 * The profiles.
 *
 * `smoke` is for machines that check that all works: a minute on two cores. `quick` is the default: minutes. `paper` has U's
 * sizes and learning rate, for real checkpoints and data. The small base model needs the larger learning rate of the other two: at 2e-5
 * its weights hardly move in a few dozen steps.
 */
export const profiles: Readonly<Record<Profile, Scale>> = {
  smoke: { sizes: [16, 32, 48], testRows: 8, shotCounts: 2, fticlCounts: 1, learningRate: 1e-3 },
  quick: { sizes: [200, 400, 600], testRows: 100, shotCounts: 4, fticlCounts: 2, learningRate: 1e-3 },
  paper: { sizes: [2000, 4000, 6000], testRows: 250, shotCounts: 4, fticlCounts: 2, learningRate: 2e-5 },
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

/** Demonstration counts of a task that a profile trains FTICL with. */
export function fticlShotsOf(task: Task, scale: Scale): readonly number[] {
  return task.fticlShots.slice(0, scale.fticlCounts);
}

/**
 * U's hyper-parameters, as its released scripts have them: AdamW with the Hugging Face defaults, no weight decay, no clipping, linear decay
 * without warm-up, two epochs, batches of 16, 1,024 tokens a sequence.
 *
 * @param maxPositions Longest context of the model; a shorter one than 1,024 takes its place.
 */
export function hyperparameters(scale: Scale, maxPositions: number): Hyperparameters {
  return {
    learningRate: scale.learningRate,
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
