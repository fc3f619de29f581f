/**
 * The methods under comparison. They differ only in what is put before an example and in which parameters learn; the trainer is one.
 * @module
 */
import { fineTuning } from "./ft.ts";
import { fineTuningInContext } from "./fticl.ts";
import { inContextLearning } from "./icl.ts";

/** One method. */
export interface Method {
  /** The papers' word for it. */
  readonly name: string;
  /** Which parameters learn. */
  readonly learns: "nothing" | "all";
  /** Whether demonstrations stand before each training example. */
  readonly demonstrates: boolean;
}

/** All methods by name. */
export const methods: Readonly<Record<"icl" | "ft" | "fticl", Method>> = {
  icl: inContextLearning,
  ft: fineTuning,
  fticl: fineTuningInContext,
};
