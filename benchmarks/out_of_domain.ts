/**
 * U Figure 2: what is left of a fine-tuned model's ability on the same task in other domains?
 * @module
 */
import { iclAndFtComparisons, iclAndFtRequests, iclAndFtTables } from "./icl_and_ft.ts";
import { figure2 } from "./paper_values.ts";
import type { Setting } from "./setting.ts";

/** In-context learning against fine-tuning at three sizes, on test sets of other domains. The cells are those of `in_domain`. */
export const outOfDomain: Setting = {
  name: "out_of_domain",
  title: "Out-of-domain",
  source: "U Figure 2",
  description:
    "ICL and FT at three training sizes, which is U's study of size too, at every shot count, in other domains.",
  requests: iclAndFtRequests,
  tables: (view) => iclAndFtTables(view, "out-of-domain", "Out-of-domain", figure2),
  comparisons: (view) => iclAndFtComparisons(view, ({ sets }) => sets.outOfDomain),
};
