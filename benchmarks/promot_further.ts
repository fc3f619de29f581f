/**
 * P Table 10: what is left of in-context learning after tuning on SNLI, and on OpenbookQA?
 * @module
 */
import { inContextSetting } from "./promot_in_context.ts";
import { afterFurther, supervised } from "./promot_values.ts";
import type { Setting } from "./setting.ts";

const arms = ["pretrained", "ft", "promot"] as const;

/** Models tuned on SNLI and models tuned on OpenbookQA, on eight sets shown in context. */
export const promotFurther: Setting = inContextSetting({
  name: "promot_further",
  title: "In-context learning after SNLI and after OpenbookQA",
  source: "P Table 10",
  description: "FT and ProMoT on SNLI, and on OpenbookQA, on eight sets at one and four shots.",
  tunings: [
    {
      tunedOn: "SNLI",
      comparison: { trained: ["promot_inference"], arms },
      paper: afterFurther.snli,
      notes: ["The paper gives one shot only."],
    },
    {
      tunedOn: "OpenbookQA",
      comparison: { trained: ["multiple_choice"], arms },
      paper: afterFurther.openbookqa,
      notes: ["The paper gives one shot only; there FT's eight scores are all about 0."],
    },
  ],
  supervised,
});
