/**
 * All statements that a run can be put to: U's, P's, and those of later work.
 * @module
 */
import type { Statement } from "./contrasts.ts";
import type { PlanView } from "./setting.ts";
import { statements } from "./statements.ts";
import { laterStatements } from "./statements_later.ts";
import { promotStatements } from "./statements_promot.ts";
import type { FindingPlan } from "./types.ts";

/**
 * The statements that the plan can show, with those of later work only where these are wanted. One of which the plan has no contrast that
 * claims a difference is left out: models that are all alike would show what is left of it.
 */
export function findingsOf(view: PlanView, later: boolean): FindingPlan[] {
  const of = (paper: "U" | "P") => ({ ...view, tasks: view.tasks.filter((task) => task.paper === paper) });
  return [
    ...stated(statements, of("U")),
    ...stated(promotStatements, of("P")),
    ...(later ? stated(laterStatements, view) : []),
  ];
}

function stated(statements: readonly Statement[], view: PlanView): FindingPlan[] {
  return statements.map(({ contrasts, ...statement }) => ({ ...statement, contrasts: contrasts(view) }))
    .filter(({ contrasts }) => contrasts.some(({ claim }) => claim === "greater"));
}
