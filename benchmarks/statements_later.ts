/**
 * Claims of later work about the same questions, each as contrasts between planned cells. None of them is of U or P, so that no paper's
 * numbers stand beside ours: other models, other tasks, other scores.
 * @module
 */
import { contrast, ft, fticl, measured, placeOf, type Statement, trainedOn, trainingSets } from "./contrasts.ts";
import { fticlShotsOf } from "./profiles.ts";
import type { PlanView } from "./setting.ts";
import type { ContrastPlan } from "./types.ts";

const sets = [...trainingSets("generation"), ...trainingSets("classification")];

/** FTICL and FT with demonstrations at test, both trained on one set and put to another; the paper's numbers are U's, of another claim. */
function shownAtTest(view: PlanView, from: string, to: string, greater: "FTICL" | "FT"): ContrastPlan[] {
  const trained = trainedOn(view, from);
  const place = placeOf(view, to, "few");
  if (trained === null || place === null) return [];
  const shown = { ...place, shots: place.shots.filter((k) => k > 0) };
  return fticlShotsOf(trained, view.scale).flatMap((k) => {
    const both = [fticl(view, trained, k), ft(view, trained, 1)].map((arm) => ({
      ...measured(view, arm, shown),
      paper: [],
    }));
    const [first, second] = greater === "FTICL" ? both : both.toReversed();
    return contrast(`${to}, after ${from}, ${k} shown`, first, "greater", second);
  });
}

/** The statements. */
export const laterStatements: readonly Statement[] = [
  {
    id: "L3",
    name: "a few-shot loss helps at home only",
    source: "Lee, Sohn and Lee 2026, arXiv 2602.23197",
    statement:
      "Demonstrations in training raise scores with demonstrations on the task tuned on, and lower them on tasks not tuned on: with " +
      "demonstrations at test FTICL is above FT on its own set, and FT above FTICL on other tasks. U's T1.10 says the reverse of the latter.",
    contrasts: (view) => [
      ...sets.flatMap((set) => shownAtTest(view, set, set, "FTICL")),
      ...sets.flatMap((from) => sets.filter((to) => to !== from).flatMap((to) => shownAtTest(view, from, to, "FT"))),
    ],
  },
];
