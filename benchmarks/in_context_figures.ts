/**
 * What U's Figures 4 to 7 share: bars of the untrained model, of FTICL with two numbers of demonstrations, and of FT, each panel a training
 * and a test set.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { type Arm, contrast, ft, fticl, icl, measured, type Place, placeOf, trainedOn } from "./contrasts.ts";
import { figures4To7, type InContextPanel } from "./paper_values.ts";
import { chanceEntries, chanceLabels } from "./chance.ts";
import { fticlShotsOf } from "./profiles.ts";
import { type CellRequest, fineTuned, fineTunedInContext, putTo, untrained } from "./requests.ts";
import { type PlanScope, type PlanView, tableMetrics, titleOf, unitOf } from "./setting.ts";
import type { ComparisonPlan, TableEntry, TablePlan, ValueReference } from "./types.ts";

const notes = [
  "FT and FTICL: the best over zero shots and the two shot counts after it, as in U; which count it is stands behind the value. The best is " +
  "chosen on the test rows themselves, and for all alike.",
  "As in U: smallest training size; the same first demonstrations before every training example, loss on the last answer only; prompt " +
  "format 1, of which U does not say that it is its own.",
  "Training examples are cut at 1,024 tokens as in U, or at the model's longest context where that is shorter; the setting training_loss " +
  "shows how many lost part of their target.",
  "The paper's numbers are of Llama-2-7b on its own data, 250 test rows, one run.",
];

/** The task of a panel's test set. */
function testedTask({ test }: InContextPanel, tasks: readonly Task[]): Task | undefined {
  return tasks.find(({ sets }) => [...sets.inDomain, ...sets.outOfDomain].includes(test));
}

/** Panels of one task's models, test sets of tasks that the data has. */
function panelsOf(task: Task, tasks: readonly Task[]): { panel: InContextPanel; tested: Task }[] {
  return figures4To7.filter(({ train }) => task.sets.train === train).flatMap((panel) => {
    const tested = testedTask(panel, tasks);
    return tested === undefined ? [] : [{ panel, tested }];
  });
}

/** The cells of one task's panels: FT and FTICL on every test task, the untrained model on each. */
export function panelRequests(task: Task, { tasks, scale, seeds }: PlanScope): CellRequest[] {
  const [size] = scale.sizes;
  const models = seeds.flatMap((seed) => [
    fineTuned(task, size, seed),
    ...fticlShotsOf(task, scale).map((shown) => fineTunedInContext(task, size, shown, seed)),
  ]);
  return panelsOf(task, tasks).flatMap(({ tested }) => [
    untrained(tested),
    ...models.map((request) => putTo(request, tested)),
  ]);
}

/** A table per figure and metric, those of generated labels beside that of label scores: a row per panel, a column per bar. */
export function panelTables(view: PlanView, kind: Task["kind"]): TablePlan[] {
  const panels = view.tasks.filter((task) => task.kind === kind).flatMap((task) => panelsOf(task, view.tasks))
    .sort((a, b) => a.panel.panel < b.panel.panel ? -1 : 1);
  return [...Map.groupBy(panels, ({ panel }) => panel.panel[0]).entries()].flatMap(([figure, members]) =>
    (["generation", "classification"] as const).flatMap((tested) => {
      const shown = members.filter((one) => one.tested.kind === tested);
      if (shown.length === 0) return [];
      return tableMetrics(shown[0].tested).map((metric) => panelTable(view, `Figure ${figure}`, shown, metric))
        .filter((table) => table !== null);
    })
  );
}

/** The paper's numbers are of its main metric, which comes first. */
function panelTable(
  view: PlanView,
  title: string,
  members: readonly { panel: InContextPanel; tested: Task }[],
  metric: string,
): TablePlan | null {
  const main = metric === tableMetrics(members[0].tested)[0];
  const kept = members.map(({ panel, tested }) => {
    const trained = trainedOn(view, panel.train)!;
    const row = `${panel.panel}: ${panel.train} to ${panel.test}`;
    const bar = (arm: Arm, place: Place | null, column: string, paper: number | null) =>
      entries(view, arm, place, metric, row, column, main ? paper : null);
    const bars = [...panel.icl.keys()].flatMap((k) =>
      bar(icl, placeAt(view, panel, [k]), `ICL ${k}-shot`, panel.icl.get(k)!)
    );
    const few = placeOf(view, panel.test, "few");
    const shown = fticlShotsOf(trained, view.scale).flatMap((k, i) =>
      bar(fticl(view, trained, k), few, columns[i], panel.fticl.get(k) ?? null)
    );
    const scores = [...bars, ...shown, ...bar(ft(view, trained, 1), few, "FT", panel.ft)];
    const chance = view.chance.get(`${tested.name}/${panel.test}`);
    return {
      panel,
      row,
      tested,
      entries: scores.length === 0 ? [] : [...scores, ...chanceEntries(chance, metric, (column) => ({ row, column }))],
    };
  }).filter(({ entries }) => entries.length > 0);
  if (kept.length === 0) return null;
  const all = kept.flatMap(({ entries }) => entries);
  const shots = [...new Set(members.flatMap(({ panel }) => [...panel.icl.keys()]))].sort((a, b) => a - b);
  const present = [...shots.map((k) => `ICL ${k}-shot`), ...columns, "FT", ...Object.values(chanceLabels)].filter((
    column,
  ) => all.some((entry) => entry.column === column));
  const [{ tested }] = kept;
  const counts = kept.map(({ panel }) => `${panel.panel} ${[...panel.fticl.keys()].join(" and ")}`);
  return {
    title: `${title}, on ${tested.kind}${titleOf(metric)}`,
    unit: unitOf(metric),
    rowHeader: "panel",
    rows: kept.map(({ row }) => row),
    columns: present,
    entries: all,
    notes: main ? [`Demonstrations that FTICL was trained with, fewer and more: ${counts.join("; ")}.`, ...notes] : [],
  };
}

const columns = ["FTICL, fewer", "FTICL, more"] as const;

function placeAt(view: PlanView, { test }: InContextPanel, shots: readonly number[]): Place | null {
  const place = placeOf(view, test, "all");
  return place === null ? null : { ...place, shots };
}

function entries(
  view: PlanView,
  arm: Arm,
  place: Place | null,
  metric: string,
  row: string,
  column: string,
  paper: number | null,
): TableEntry[] {
  const { side } = measured(view, arm, place, metric);
  return side.flatMap((alternative) =>
    alternative.map((reference) => ({
      row,
      column,
      reference,
      ...(place!.shots.length > 1 ? { alternative: alternativeName(reference) } : {}),
      paper,
    }))
  );
}

function alternativeName(reference: ValueReference): string {
  return "shots" in reference ? `${reference.shots}-shot` : "";
}

/** FTICL against FT, and against the untrained model at its best, panel by panel. */
export function panelComparisons(view: PlanView, kind: Task["kind"]): ComparisonPlan[] {
  const panels = view.tasks.filter((task) => task.kind === kind).flatMap((task) => panelsOf(task, view.tasks));
  const compare = (second: (panel: InContextPanel) => Arm) =>
    panels.flatMap(({ panel }) => {
      const trained = trainedOn(view, panel.train)!;
      const few = placeOf(view, panel.test, "few");
      return fticlShotsOf(trained, view.scale).flatMap((k) =>
        contrast(
          `${panel.panel}: ${panel.train} to ${panel.test}, ${k} shown`,
          measured(view, fticl(view, trained, k), few),
          "greater",
          measured(view, second(panel), few),
        )
      );
    });
  const unit = "ROUGE-L F1 or accuracy by label score, 0-100, best over zero and the two shot counts after it";
  return [
    {
      title: "FTICL against FT",
      unit,
      sides: ["FTICL", "FT"] as const,
      contrasts: compare(({ train }) => ft(view, trainedOn(view, train)!, 1)),
      notes: [],
    },
    {
      title: "FTICL against untrained",
      unit,
      sides: ["FTICL", "ICL"] as const,
      contrasts: compare(() => icl),
      notes: [],
    },
  ].filter(({ contrasts }) => contrasts.length > 0);
}
