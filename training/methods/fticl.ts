/**
 * Fine-tuning with in-context learning: as fine-tuning, but demonstrations stand before every training example, the same fixed ones (U
 * section 5 and its code; P's fine-tuning with a 1-shot prompt) or, beyond the papers, ones drawn for each example; the loss is on the
 * example's target only.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type DemonstrationOptions, demonstrationsOf, type Method } from "./method.ts";

/** Fine-tuning in context, its hyper-parameters and how much context. */
export interface FineTuningInContextSpec extends Hyperparameters, DemonstrationOptions {
  /** Name of the method. */
  readonly name: "fticl";
}

/** Fine-tuning with demonstrations in the context. */
export const fineTuningInContext: Method<FineTuningInContextSpec> = defineMethod("fticl", (spec) => {
  const { name: _, demonstrations: __, sampling: ___, ...hyper } = spec;
  return { demonstrations: demonstrationsOf(spec), stages: [{ learns: ["model"], hyper }] };
});
