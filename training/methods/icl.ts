/**
 * In-context learning: the base model as it is, shown demonstrations at test time only.
 * @module
 */
import { defineMethod, type Method } from "./method.ts";

/** In-context learning has nothing to choose. */
export interface InContextLearningSpec {
  /** Name of the method. */
  readonly name: "icl";
}

/** In-context learning. */
export const inContextLearning: Method<InContextLearningSpec> = defineMethod("icl", () => ({}));
