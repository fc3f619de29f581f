/**
 * In-context learning: the base model as it is, shown demonstrations at test time only.
 * @module
 */
import type { Method } from "./mod.ts";

/** In-context learning has nothing to choose. */
export interface InContextLearningSpec {
  /** Name of the method. */
  readonly name: "icl";
}

/** In-context learning. */
export const inContextLearning: Method<InContextLearningSpec> = {
  name: "icl",
  demonstrations: () => 0,
  training: () => null,
};
