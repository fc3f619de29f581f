/**
 * A training run of seconds, for tests that compare its outcome bit by bit.
 * @module
 */
import type { Hyperparameters } from "../../training/hyperparameters.ts";
import type { TrainingExample } from "../../training/trainer.ts";
import { randomTokens } from "../models/random_llama.ts";

/** Hyper-parameters that use every part of the update: warm-up, decay, weight decay, clipping, label smoothing. */
export const hyper: Hyperparameters = {
  learningRate: 1e-2,
  schedule: "linear",
  warmupSteps: 2,
  epochs: 2,
  batchSize: 16,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clip: 1,
  labelSmoothing: 0.1,
  loss: "batch-mean",
  microBatchSize: 0,
  maxLength: 128,
};

/** 40 examples of 5 to 44 tokens: three batches an epoch, the last one short. */
export const examples: TrainingExample[] = Array.from({ length: 40 }, (_, i) => ({
  tokens: randomTokens(5 + i, i),
  targetStart: 2 + i % 3,
}));
