/**
 * From settings to a plan: which cells there are, and which tables show them.
 * @module
 */
import { type Paper, promotTasks, type Task, tasksOf } from "../tasks/mod.ts";
import { cellId, factorsOf, trainingId } from "./cell.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { nothingWanted, wanted } from "./only.ts";
import { rateOf, type Scale, type Tuned } from "./profiles.ts";
import { type CellRequest, dataSha256, requestKey, type RunFacts, specOf, tunedBy } from "./requests.ts";
import { papersOf, type PlanView, type Setting } from "./setting.ts";
import { findingsOf } from "./statements_all.ts";
import type { CellSpec, FindingPlan, Plan, Profile, ValueReference } from "./types.ts";

/** What a plan is made of. */
export interface PlanInput {
  /** Settings in order. */
  readonly settings: readonly Setting[];
  /** What every cell shares. */
  readonly run: RunFacts;
  /** Name of the run's scale. */
  readonly profile: Profile;
  /** What the plan calls the data. */
  readonly dataName: string;
  /** Seeds of trained cells, from 1. */
  readonly seeds: readonly number[];
}

/** A plan, and the full specification of each of its cells by id. */
export interface Planned {
  /** What `plan.json` holds. */
  readonly plan: Plan;
  /** By id, in the plan's order. */
  readonly specs: ReadonlyMap<string, CellSpec>;
}

/**
 * Plans a run over the tasks of the settings' papers, those the data has. A cell that several settings ask for is there once; one that is asked
 * for only in case a statement is put to it is there where one is. Models come in the order in which the settings first ask for one of their
 * cells, with all of their cells together.
 *
 * @throws Where data or labels do not serve, or `--only` leaves nothing.
 */
export async function makePlan(input: PlanInput): Promise<Planned> {
  const { run, seeds } = input;
  const held = { U: await heldTasks("U", input), P: await heldTasks("P", input) };
  const tasksFor = (setting: Setting) => papersOf(setting).flatMap((paper) => held[paper]);
  for (const setting of input.settings) if (tasksFor(setting).length === 0) throw nothingHeld(setting, input);
  const cells = new Map<string, { id: string; spec: CellSpec }>();
  const seen = { task: new Set<string>(), method: new Set<string>(), size: new Set<string>(), seed: new Set<string>() };
  const asked = input.settings.map((setting) => ({
    setting,
    requests: tasksFor(setting).filter((task) => wanted(run.only, { task: task.name })).flatMap((task) =>
      setting.requests(task, { tasks: tasksFor(setting), scale: run.scale, seeds })
    ),
  }));
  for (const request of asked.flatMap(({ requests }) => requests)) {
    const { task, method, size, seed } = request;
    Object.entries({ task, method, size, seed }).forEach(([key, value]) =>
      seen[key as keyof typeof seen].add(String(value))
    );
    if (cells.has(requestKey(request)) || !wanted(run.only, { task, method, size, seed })) continue;
    const spec = await specOf(request, run);
    if (spec !== null) cells.set(requestKey(request), { id: cellId(spec), spec });
  }
  if (cells.size === 0) throw nothingWanted(run.only, { ...seen, ...await seenInData(input, [...held.U, ...held.P]) });
  const view: PlanView = {
    tasks: [...held.U, ...held.P],
    scale: run.scale,
    seeds,
    model: run.model,
    chance: await chances(run, [...held.U, ...held.P]),
    cell: (request) => cells.get(requestKey(request)),
  };
  const findings = findingsOf(view, input.settings.some(({ laterWork }) => laterWork === true));
  // What is dropped is in no finding, so that these stay as they are.
  const needed = new Set(stated(findings));
  const whole = asked.filter(({ setting }) => setting.statedOnly !== true).flatMap(({ requests }) => requests);
  const wantedWhole = new Set(whole.map(requestKey));
  for (const [key, { id }] of cells) if (!wantedWhole.has(key) && !needed.has(id)) cells.delete(key);
  if (cells.size === 0) {
    throw new Error(
      "no statement has both sides of a difference among the cells that are left; valid: a wider --only, or data with more of the papers' sets",
    );
  }
  const byModel = Map.groupBy(cells.values(), ({ spec }) => trainingId(spec));
  const specs = new Map([...byModel.values()].flat().map(({ id, spec }) => [id, spec]));
  const plan: Plan = {
    schema: "tunemark.plan/1",
    suite: run.suite,
    profile: input.profile,
    data: input.dataName,
    dataSha256: dataSha256(specs.values()),
    ...(run.data.inputWords === undefined ? {} : { inputWords: run.data.inputWords }),
    model: run.model.name,
    operands: run.operands,
    seeds,
    ...(Object.keys(run.only).length === 0 ? {} : { only: run.only }),
    learningRates: {
      values: learningRatesOf(asked.flatMap(({ requests }) => requests).filter((one) => view.cell(one)), run.scale),
      from: run.scale.learningRatesFrom,
    },
    settings: asked.map(({ setting, requests }) => ({
      name: setting.name,
      title: setting.title,
      source: setting.source,
      description: setting.description,
      cells: idsOf(requests, view).filter((id) => setting.statedOnly !== true || needed.has(id)),
      tables: setting.tables({ ...view, tasks: tasksFor(setting) }),
      ...(setting.comparisons === undefined
        ? {}
        : { comparisons: setting.comparisons({ ...view, tasks: tasksFor(setting) }) }),
      ...(setting.choices === undefined ? {} : { choices: setting.choices({ ...view, tasks: tasksFor(setting) }) }),
      ...(setting.paretos === undefined ? {} : { paretos: setting.paretos({ ...view, tasks: tasksFor(setting) }) }),
    })),
    findings,
    cells: [...specs].map(([id, spec]) => ({ id, factors: factorsOf(spec) })),
    absent: [
      ...await absentSets(input, view.tasks.filter((task) => wanted(run.only, { task: task.name }))),
      ...papersAsked(input).flatMap((paper) => absentTasks(run, paper, held[paper])),
    ],
  };
  return { plan, specs };
}

/** The learning rates that planned cells have, of all methods and stages, in the order of the profile's sweep. */
function learningRatesOf(planned: readonly CellRequest[], scale: Scale): Record<string, number> {
  const used = new Set(planned.flatMap(tunedBy));
  const names = Object.keys(scale.learningRateSweep) as Tuned[];
  return Object.fromEntries(names.filter((name) => used.has(name)).map((name) => [name, rateOf(scale, name)]));
}

/** Ids of the cells that findings' contrasts are made of. */
function stated(findings: readonly FindingPlan[]): string[] {
  const cellsIn = (reference: ValueReference): string[] => {
    if ("mean" in reference) return reference.mean.flatMap(cellsIn);
    if ("difference" in reference) return reference.difference.flatMap(cellsIn);
    return "cell" in reference ? [reference.cell] : [];
  };
  return findings.flatMap(({ contrasts }) => contrasts.flatMap(({ first, second }) => [...first, ...second].flat()))
    .flatMap(cellsIn);
}

function idsOf(requests: readonly CellRequest[], view: PlanView): string[] {
  return [...new Set(requests.map((request) => view.cell(request)?.id).filter((id) => id !== undefined))];
}

/** For each classification set that is there, the accuracies over its rows that need no input. */
async function chances({ data, scale }: RunFacts, tasks: readonly Task[]): Promise<Map<string, Chance>> {
  const found = new Map<string, Chance>();
  for (const task of tasks.filter(({ kind }) => kind === "classification")) {
    for (const { set } of (await data.sets(task)).present) {
      const { rows } = await data.test(task, set, scale.testRows);
      found.set(`${task.name}/${set}`, chanceOf(task, rows));
    }
  }
  return found;
}

async function absentSets(input: PlanInput, chosen: PlanView["tasks"]): Promise<string[]> {
  const lines: string[] = [];
  for (const task of chosen) {
    for (const set of (await input.run.data.sets(task)).absent) {
      lines.push(`${task.name}/${set}: no test file in the data`);
    }
  }
  return lines;
}

/** The papers that some setting is about. */
function papersAsked({ settings }: PlanInput): readonly Paper[] {
  return (["U", "P"] as const).filter((paper) => settings.some((setting) => papersOf(setting).includes(paper)));
}

function tasksIn(paper: Paper): readonly Task[] {
  return paper === "P" ? promotTasks : tasksOf(paper);
}

/** A paper's tasks that the data has something of; none where no setting is about the paper. */
async function heldTasks(paper: Paper, input: PlanInput): Promise<readonly Task[]> {
  if (!papersAsked(input).includes(paper)) return [];
  const held = await Promise.all(tasksIn(paper).map((task) => input.run.data.holds(task)));
  return tasksIn(paper).filter((_, i) => held[i]);
}

function nothingHeld(setting: Setting, { dataName }: PlanInput): Error {
  const tasks = papersOf(setting).flatMap(tasksIn);
  const folders = [...new Set(tasks.map(({ name, reads }) => `${reads?.task ?? name}/`))].join(", ");
  return new Error(`${dataName}: holds no task's files; valid: a folder with at least one of ${folders}`);
}

function absentTasks({ only }: RunFacts, paper: Paper, held: readonly Task[]): string[] {
  return tasksIn(paper)
    .filter((task) => !held.includes(task) && wanted(only, { task: task.name }))
    .map((task) => `${task.name}: nothing of the task in the data`);
}

async function seenInData(
  input: PlanInput,
  all: readonly Task[],
): Promise<Record<"task" | "set" | "shots", Set<string>>> {
  const sets = new Set<string>();
  for (const task of all) for (const { set } of (await input.run.data.sets(task)).present) sets.add(set);
  return {
    task: new Set(all.map((task) => task.name)),
    set: sets,
    shots: new Set(all.flatMap((task) => task.shots.slice(0, input.run.scale.shotCounts).map(String))),
  };
}
