/**
 * Fine-tuning with in-context learning: as fine-tuning, but the same fixed demonstrations stand before every training example; the loss
 * is on the example's target only (U section 5 and its code).
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Method } from "./mod.ts";

/** Fine-tuning in context, its hyper-parameters and how much context. */
export interface FineTuningInContextSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "fticl";
  /** The first so many rows of the training set's few-shot file stand before every example. */
  readonly demonstrations: number;
}

/** Fine-tuning with demonstrations in the context. */
export const fineTuningInContext: Method<FineTuningInContextSpec> = {
  name: "fticl",
  demonstrations: ({ demonstrations }) => demonstrations,
  training: ({ name: _, demonstrations: __, ...hyper }) => hyper,
};
