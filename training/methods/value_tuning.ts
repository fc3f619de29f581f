/**
 * Value-matrix-only tuning: of all weights, only the projections to attention's values learn (Lee, Sohn, Lee, "Fine-Tuning Without
 * Forgetting In-Context Learning", arXiv 2602.23197).
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method } from "./method.ts";

/** Value tuning and its hyper-parameters. */
export interface ValueTuningSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "value_tuning";
}

/** Tuning of value projections only. */
export const valueTuning: Method<ValueTuningSpec> = defineMethod("value_tuning", ({ name: _, ...hyper }) => ({
  stages: [{ learns: ["value projections"], hyper }],
}));
