/**
 * Fine-tuning: all weights learn from prompt and target, without demonstrations.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method } from "./method.ts";

/** Fine-tuning and its hyper-parameters. */
export interface FineTuningSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "ft";
}

/** Vanilla fine-tuning. */
export const fineTuning: Method<FineTuningSpec> = defineMethod("ft", ({ name: _, ...hyper }) => ({
  stages: [{ learns: ["model"], hyper }],
}));
