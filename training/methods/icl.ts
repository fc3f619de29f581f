/**
 * In-context learning: the base model as it is, shown demonstrations at test time only.
 * @module
 */
import type { Method } from "./mod.ts";

/** In-context learning. */
export const inContextLearning: Method = { name: "icl", learns: "nothing", demonstrates: false };
