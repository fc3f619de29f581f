/**
 * Fine-tuning: all weights learn from prompt and target, without demonstrations.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Method } from "./mod.ts";

/** Fine-tuning and its hyper-parameters. */
export interface FineTuningSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "ft";
}

/** Vanilla fine-tuning. */
export const fineTuning: Method<FineTuningSpec> = {
  name: "ft",
  demonstrations: () => 0,
  training: ({ name: _, ...hyper }) => hyper,
};
