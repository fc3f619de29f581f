/**
 * U Figures 6 and 7: fine-tuning in context on classification tasks, in the task's own domain, in other domains and on other tasks.
 * @module
 */
import { panelComparisons, panelRequests, panelTables } from "./in_context_figures.ts";
import type { Setting } from "./setting.ts";

/** FTICL and FT on sentiment, paraphrase detection and inference, panel by panel. */
export const fticlClassification: Setting = {
  name: "fticl_classification",
  title: "FTICL on classification tasks",
  source: "U Figures 6, 7",
  description:
    "FTICL, FT and ICL: models trained on classification tasks, in and out of domain and on other tasks, best over shots.",
  requests: (task, scope) => task.kind === "classification" ? panelRequests(task, scope) : [],
  tables: (view) => panelTables(view, "classification"),
  comparisons: (view) => panelComparisons(view, "classification"),
};
