/**
 * Label answers of P's models: beside the accuracy of generated labels, which P reports, that by label score, how often no label is generated,
 * and what needs no input.
 * @module
 */
import { metricsOf } from "../tasks/mod.ts";
import { chanceEntries, chanceLabels } from "./chance.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { type Comparison, scoresAt, setsOf, setsTunedOn } from "./promot_scores.ts";
import { contextSets } from "./promot_values.ts";
import { promotShots } from "./requests.ts";
import type { PlanView } from "./setting.ts";
import type { TableEntry, TablePlan } from "./types.ts";

const columnOf: Readonly<Record<string, string>> = {
  accuracy: "by label score",
  free_accuracy: "generated",
  off_label_rate: "no label generated",
};

/** A table of the sets tuned on, and one a shot count of the sets shown in context: rows models, columns sets and metrics. */
export function labelTables(view: PlanView, title: string, comparisons: readonly Comparison[]): TablePlan[] {
  const tuned = comparisons.flatMap((comparison) =>
    setsTunedOn(view, comparison.trained).flatMap((set) =>
      labelEntries(view, comparison, set, (arm) => promotArms[arm].shown)
    )
  );
  const inContext = promotShots.map((shots) =>
    comparisons.filter((comparison) => comparison.inContext).flatMap((comparison) =>
      contextSets.flatMap((set) => labelEntries(view, comparison, set, () => shots))
    )
  );
  return [
    ...tableOf(`${title}: label answers, as tuned`, tuned),
    ...inContext.flatMap((entries, i) => tableOf(`${title}: label answers, ${promotShots[i]}-shot`, entries)),
  ];
}

function labelEntries(
  view: PlanView,
  { trained, arms }: Comparison,
  set: string,
  shots: (arm: ArmName) => number,
): TableEntry[] {
  const task = view.tasks.find((one) => one.paper === "P" && setsOf(one).includes(set));
  if (task === undefined || task.scorer !== "labels") return [];
  const entries = metricsOf(task).flatMap(({ name }) => {
    const column = `${set}: ${columnOf[name]}`;
    return arms.flatMap((arm) =>
      scoresAt(view, trained, arm, set, shots(arm), name).map((reference): TableEntry => ({
        row: promotArms[arm].label,
        column,
        reference,
        paper: null,
      }))
    );
  });
  if (entries.length === 0) return [];
  const chance = metricsOf(task).flatMap(({ name }) =>
    chanceEntries(view.chance.get(`${task.name}/${set}`), name, (row) => ({ row, column: `${set}: ${columnOf[name]}` }))
  );
  // What answers labels only never answers anything else.
  const never = Object.values(chanceLabels).map((row): TableEntry => ({
    row,
    column: `${set}: ${columnOf.off_label_rate}`,
    reference: { constant: 0 },
    paper: null,
  }));
  return [...entries, ...chance, ...never];
}

function tableOf(title: string, entries: readonly TableEntry[]): TablePlan[] {
  if (entries.length === 0) return [];
  const last = Object.values(chanceLabels);
  const rows = [...new Set(entries.map(({ row }) => row))];
  return [{
    title,
    unit: "share of answers, 0-100; of answers that are no label lower is better",
    rowHeader: "model",
    rows: [...rows.filter((row) => !last.includes(row)), ...last],
    columns: [...new Set(entries.map(({ column }) => column))],
    entries,
    notes: [],
  }];
}
