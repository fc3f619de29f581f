/**
 * P Tables 3 and 12: what is left of in-context learning after tuning on RTE?
 * @module
 */
import { inContextSetting } from "./promot_in_context.ts";
import { afterRte, otherAfterRte, supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

/** Models tuned on RTE, on eight sets shown in context. */
export const promotNli: Setting = inContextSetting({
  name: "promot_nli",
  title: "In-context learning after RTE",
  source: "P Tables 3, 12",
  description: "FT, prompt tuning and ProMoT on RTE, and the untrained model, on eight sets at one and four shots.",
  tunings: [{
    tunedOn: "RTE",
    comparison: { trained: ["promot_rte"], arms: ["pretrained", "ft", "prompt_tuning", "promot", "promot_1"] },
    paper: afterRte,
    others: otherAfterRte,
  }],
  supervised,
});
