/**
 * U Figures 4 and 5: fine-tuning in context on generation tasks, in the task's own domain, in other domains and on other tasks.
 * @module
 */
import { panelComparisons, panelRequests, panelTables } from "./in_context_figures.ts";
import type { Setting } from "./setting.ts";

/** FTICL and FT on summary and question, panel by panel. */
export const fticlGeneration: Setting = {
  name: "fticl_generation",
  title: "FTICL on generation tasks",
  source: "U Figures 4, 5",
  description:
    "FTICL, FT and ICL: models trained on generation tasks, in and out of domain and on other tasks, best over shots.",
  requests: (task, scope) => task.kind === "generation" ? panelRequests(task, scope) : [],
  tables: (view) => panelTables(view, "generation"),
  comparisons: (view) => panelComparisons(view, "generation"),
};
