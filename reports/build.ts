/**
 * Makes the report, as data, out of a run's files.
 * @module
 */
import type {
  CellResult,
  EntryReference,
  MetricResult,
  Sample,
  TableEntry,
  TablePlan,
  ValueReference,
} from "../benchmarks/types.ts";
import { type Found, reportFindings } from "./findings.ts";
import { evaluationLabel } from "./labels.ts";
import { reportChoice } from "./learning_rate.ts";
import { itemValue, itemValues, packItems, statisticsKind } from "./items.ts";
import {
  BOOTSTRAP,
  INTERVALS,
  type Report,
  type ReportCell,
  type ReportEntry,
  type ReportEvaluation,
  type ReportMetric,
  type ReportTable,
  type ReportTrain,
} from "./model.ts";
import { readSamples, type Run, type RunCell } from "./read_run.ts";
import { bootstrapInterval, twoLevelInterval, wilsonInterval } from "./statistics.ts";
import { fixed, message } from "./text.ts";

/**
 * The report of a run that was read with `readRun`; reads the done cells' `samples.jsonl`, one cell at a time.
 * @throws naming the file and what contradicts what, where samples and result do not agree
 */
export async function buildReport(run: Run): Promise<Report> {
  const cells: ReportCell[] = [];
  for (const cell of run.cells) cells.push(await reportCell(run, cell));
  const byId = new Map(cells.map((cell) => [cell.cell, cell]));
  const { schema: _, cells: __, settings: planned, ...plan } = run.plan;
  const settings = [];
  const find = (reference: ValueReference) => foundAt(reference, byId);
  for (const { tables, findings, choices, ...setting } of planned) {
    const made: ReportTable[] = [];
    for (const table of tables) made.push(await reportTable(table, byId));
    const chosen = choices?.map((choice) => reportChoice(choice, (reference) => scoreOf(reference, byId)));
    const shown = findings === undefined ? undefined : await reportFindings(findings, find);
    settings.push({
      ...setting,
      tables: made,
      ...(shown === undefined ? {} : { findings: shown }),
      ...(chosen === undefined ? {} : { choices: chosen }),
    });
  }
  const signatures = cells.flatMap((cell) => cell.identity === null ? [] : [cell.identity.numericSignature]);
  return {
    schema: "tunemark.report/1",
    ...plan,
    numericSignatures: [...new Set(signatures)].sort(),
    intervals: INTERVALS,
    settings,
    cells,
  };
}

async function reportCell(run: Run, { id, factors, result, spec }: RunCell): Promise<ReportCell> {
  const common = { cell: id, factors };
  if (result === null || spec === null) {
    return {
      ...common,
      status: "missing",
      reason: null,
      identity: null,
      method: null,
      trainData: null,
      train: null,
      evaluations: [],
    };
  }
  return {
    ...common,
    status: result.status,
    reason: result.reason,
    identity: result.identity,
    method: spec.method,
    trainData: spec.train,
    train: reportTrain(result),
    evaluations: await reportEvaluations(run, id, result),
  };
}

function reportTrain({ train }: CellResult): ReportTrain | null {
  if (train === null) return null;
  const { overall, groups, layers } = train.weightDistance;
  return { ...train, weightDistance: { overall, groups, layers } };
}

async function reportEvaluations(run: Run, id: string, result: CellResult): Promise<ReportEvaluation[]> {
  if (result.evaluations.length === 0) return [];
  const path = `${run.directory}/cells/${id}/samples.jsonl`;
  const grouped = Map.groupBy(await readSamples(run.directory, id), evaluationLabel);
  const evaluations: ReportEvaluation[] = [];
  for (const evaluation of result.evaluations) {
    const key = evaluationLabel(evaluation);
    const samples = grouped.get(key) ?? [];
    if (samples.length !== evaluation.n) {
      throw new Error(`${path}: has ${samples.length} samples of ${key}, result.json says n = ${evaluation.n}`);
    }
    const metrics: ReportMetric[] = [];
    for (const metric of evaluation.metrics) metrics.push(await reportMetric(metric, samples, `${path}: ${key}`));
    evaluations.push({ ...evaluation, metrics });
  }
  return evaluations;
}

async function reportMetric(metric: MetricResult, samples: readonly Sample[], where: string): Promise<ReportMetric> {
  const items = samples.map((sample) => {
    const statistics = sample.statistics[metric.name];
    if (statistics === undefined) throw new Error(`${where}: sample "${sample.id}" lacks "statistics.${metric.name}"`);
    return statistics;
  });
  try {
    const packed = packItems(items);
    const values = items.map(itemValue);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // The value's own rounding is half of 1e-4; a sum in another order may add a last bit.
    if (!(Math.abs(mean - Number(metric.value)) < 0.51e-4)) {
      throw new Error(`its samples' mean is ${fixed(mean, 4)}, result.json says ${metric.value}`);
    }
    const proportion = statisticsKind(packed.fields) === "proportion";
    const interval = proportion
      ? percent(wilsonInterval(Math.round(mean / 100 * values.length), values.length))
      : await bootstrapInterval(values, BOOTSTRAP);
    return {
      ...metric,
      low: fixed(interval.low, 4),
      high: fixed(interval.high, 4),
      interval: proportion ? "wilson" : "bootstrap",
      items: packed,
    };
  } catch (cause) {
    throw new Error(`${where}, metric ${metric.name}: ${message(cause)}`, { cause });
  }
}

function percent({ low, high }: { low: number; high: number }): { low: number; high: number } {
  return { low: 100 * low, high: 100 * high };
}

/** Entries of one row and column become one: in the order of the plan's rows, then columns. */
async function reportTable(table: TablePlan, cells: ReadonlyMap<string, ReportCell>): Promise<ReportTable> {
  const entries: ReportEntry[] = [];
  for (const row of table.rows) {
    for (const column of table.columns) {
      const members = table.entries.filter((entry) => entry.row === row && entry.column === column);
      if (members.length > 0) entries.push(await reportEntry(members, cells));
    }
  }
  return { ...table, entries };
}

/** A table entry's one member, looked up. */
interface Member {
  readonly reason: string | null;
  readonly metric: ReportMetric | null;
  readonly evaluation: ReportEvaluation | null;
  readonly distance: string | null;
}

/** A value's items, for a contrast. */
function foundAt(reference: ValueReference, cells: ReadonlyMap<string, ReportCell>): Found | null {
  const { metric, distance } = lookUp(reference, cells);
  if (metric !== null) {
    return { items: itemValues(metric.items), proportion: metric.interval === "wilson", distance: false };
  }
  return distance === null ? null : { items: [Number(distance)], proportion: false, distance: true };
}

function scoreOf(reference: EntryReference, cells: ReadonlyMap<string, ReportCell>): number | null {
  const value = lookUp(reference, cells).metric?.value;
  return value === undefined ? null : Number(value);
}

function lookUp(reference: ValueReference, cells: ReadonlyMap<string, ReportCell>): Member {
  const nothing = { metric: null, evaluation: null, distance: null };
  const cell = cells.get(reference.cell)!;
  if (cell.status !== "ok") {
    return { ...nothing, reason: cell.status === "failed" ? `failed: ${cell.reason}` : "missing" };
  }
  if ("distance" in reference) {
    const distance = distanceAt(cell, reference.distance);
    return {
      ...nothing,
      distance,
      reason: distance === null ? `the cell has no weight distance "${reference.distance}"` : null,
    };
  }
  const evaluation =
    cell.evaluations.find(({ set, format, shots }) =>
      set === reference.set && format === reference.format && shots === reference.shots
    ) ?? null;
  const metric = evaluation?.metrics.find(({ name }) => name === reference.metric) ?? null;
  const reason =
    `the cell has no ${reference.metric} of ${reference.set}, format ${reference.format}, ${reference.shots} shots`;
  return { ...nothing, evaluation, metric, reason: metric === null ? reason : null };
}

/** The text at a dotted path into the weight distance, such as `overall.l2` or `layers.0.meanAbsolute`; null where there is none. */
function distanceAt(cell: ReportCell, path: string): string | null {
  let at: unknown = cell.train?.weightDistance;
  for (const key of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return null;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === "string" ? at : null;
}

async function reportEntry(
  entries: readonly TableEntry[],
  cells: ReadonlyMap<string, ReportCell>,
): Promise<ReportEntry> {
  const members = entries.map(({ reference }) => lookUp(reference, cells));
  const missing = members.filter(({ reason }) => reason !== null);
  const common = {
    row: entries[0].row,
    column: entries[0].column,
    cells: entries.map(({ reference }) => reference.cell),
    kind: "distance" in entries[0].reference ? "distance" as const : "metric" as const,
    n: [...new Set(members.flatMap(({ evaluation }) => evaluation === null ? [] : [evaluation.n]))].sort((a, b) =>
      a - b
    ),
    signatures: [...new Set(members.flatMap(({ metric }) => metric === null ? [] : [metric.signature]))].sort(),
    paper: entries.find(({ paper }) => paper !== null)?.paper ?? null,
    present: members.length - missing.length,
    members: members.length,
  };
  if (missing.length > 0) {
    return { ...common, value: null, low: null, high: null, range: null, reason: missing[0].reason };
  }
  return { ...common, ...await memberMean(members), reason: null };
}

type Value = Pick<ReportEntry, "value" | "low" | "high" | "range">;

/** The value of one member, or the mean of several with an interval over seeds and items, and the members' range. */
async function memberMean(members: readonly Member[]): Promise<Value> {
  const [first] = members;
  if (members.length === 1) {
    const { metric, distance } = first;
    return { value: metric?.value ?? distance, low: metric?.low ?? null, high: metric?.high ?? null, range: null };
  }
  const texts = members.map(({ metric, distance }) => (metric?.value ?? distance)!);
  const sorted = [...texts].sort((a, b) => Number(a) - Number(b));
  const range = [sorted[0], sorted.at(-1)!] as const;
  if (first.metric === null) {
    const { mean, low, high } = await twoLevelInterval(texts.map((text) => [Number(text)]));
    return { value: String(mean), low: String(Math.max(0, low)), high: String(high), range };
  }
  const values = members.map(({ metric }) => itemValues(metric!.items));
  const { mean, low, high, freedom } = await twoLevelInterval(values);
  // Of rates that are the same for every item and seed nothing can be estimated but that they are near 0 or 100.
  const interval = freedom === 0 && first.metric.interval === "wilson"
    ? percent(wilsonInterval(Math.round(mean / 100 * values[0].length), values[0].length))
    : { low: Math.max(0, low), high: Math.min(100, high) };
  return { value: fixed(mean, 4), low: fixed(interval.low, 4), high: fixed(interval.high, 4), range };
}
