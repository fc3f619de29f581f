/**
 * U Figure 1: does fine-tuning pay on the domain it was trained on?
 * @module
 */
import { iclAndFtComparisons, iclAndFtRequests, iclAndFtTables } from "./icl_and_ft.ts";
import { figure1 } from "./paper_values.ts";
import type { Setting } from "./setting.ts";

/** In-context learning against fine-tuning at three sizes, on test sets of the training domain. */
export const inDomain: Setting = {
  name: "in_domain",
  title: "In-domain",
  source: "U Figure 1",
  description:
    "ICL and FT at three training sizes, which is U's study of size too, at every shot count, in the training domain.",
  requests: iclAndFtRequests,
  tables: (view) => iclAndFtTables(view, "in-domain", "In-domain", figure1),
  comparisons: (view) => iclAndFtComparisons(view, ({ sets }) => sets.inDomain),
};
