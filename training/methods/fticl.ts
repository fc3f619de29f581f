/**
 * Fine-tuning with in-context learning: as fine-tuning, but the same fixed demonstrations stand before every training example; the loss
 * is on the example's target only (U section 5 and its code).
 * @module
 */
import type { Method } from "./mod.ts";

/** Fine-tuning with demonstrations in the context. */
export const fineTuningInContext: Method = { name: "fticl", learns: "all", demonstrates: true };
