/**
 * The methods under comparison. They differ only in what is put before an example and in which parameters learn; the trainer is one.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { fineTuning, type FineTuningSpec } from "./ft.ts";
import { fineTuningInContext, type FineTuningInContextSpec } from "./fticl.ts";
import { inContextLearning, type InContextLearningSpec } from "./icl.ts";

export type { FineTuningInContextSpec, FineTuningSpec, InContextLearningSpec };

/** A method with all it depends on. */
export type MethodSpec = InContextLearningSpec | FineTuningSpec | FineTuningInContextSpec;

/** What sets a method apart. */
export interface Method<Spec> {
  /** The papers' word for it. */
  readonly name: string;
  /** Number of demonstrations before each training example. */
  demonstrations(spec: Spec): number;
  /** How all weights are trained, or null where nothing learns. */
  training(spec: Spec): Hyperparameters | null;
}

/** All methods by name. */
export const methods: { readonly [Name in MethodSpec["name"]]: Method<Extract<MethodSpec, { name: Name }>> } = {
  icl: inContextLearning,
  ft: fineTuning,
  fticl: fineTuningInContext,
};

/** The method of a specification. */
export function methodOf(spec: MethodSpec): Method<MethodSpec> {
  return methods[spec.name] as Method<MethodSpec>;
}
