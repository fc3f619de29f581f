/**
 * Fine-tuning: all weights learn from prompt and target, without demonstrations.
 * @module
 */
import type { Method } from "./mod.ts";

/** Vanilla fine-tuning. */
export const fineTuning: Method = { name: "ft", learns: "all", demonstrates: false };
