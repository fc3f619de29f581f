/**
 * P Tables 5 and 11: tuned on RTE and translation at once, each behind a prompt of its own.
 * @module
 */
import { inContextSetting } from "./promot_in_context.ts";
import { afterBoth, bothSupervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

/** Models tuned on two tasks at once, on eight sets shown in context. */
export const promotMultiTask: Setting = inContextSetting({
  name: "promot_multi_task",
  title: "In-context learning after RTE and translation",
  source: "P Tables 5, 11",
  description: "FT and ProMoT on RTE and English to French at once, on eight sets at one and four shots.",
  tunings: [{
    tunedOn: "RTE and English to French",
    comparison: { trained: ["promot_rte", "translation"], arms: ["pretrained", "ft", "promot", "ft_1", "promot_1"] },
    paper: afterBoth,
    notes: ["As many rows of either task; the paper does not give its ratio."],
  }],
  supervised: bothSupervised,
});
