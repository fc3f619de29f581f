/**
 * P Tables 4, 13 and 14: what is left of in-context learning after tuning on translation?
 * @module
 */
import { inContextSetting } from "./promot_in_context.ts";
import { afterEnFr, otherAfterEnFr, supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

/** Models tuned on WMT14 English to French, on eight sets shown in context. */
export const promotTranslation: Setting = inContextSetting({
  name: "promot_translation",
  title: "In-context learning after translation",
  source: "P Tables 4, 13, 14",
  description: "As promot_nli, tuned on English to French instead of RTE.",
  tunings: [{
    tunedOn: "English to French",
    comparison: { trained: ["translation"], arms: ["pretrained", "ft", "prompt_tuning", "promot", "promot_1"] },
    paper: afterEnFr,
    others: otherAfterEnFr,
  }],
  supervised,
});
