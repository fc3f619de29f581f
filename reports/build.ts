/**
 * Makes the report, as data, out of a run's files.
 * @module
 */
import type { CellResult, MetricResult, Sample } from "../benchmarks/types.ts";
import { compareAll } from "./contrasts.ts";
import { reportFindings } from "./findings.ts";
import { packItems, statisticsKind, valueOver } from "./items.ts";
import { evaluationLabel } from "./labels.ts";
import { reportChoice } from "./learning_rate.ts";
import {
  BOOTSTRAP,
  INTERVALS,
  type Report,
  type ReportCell,
  type ReportComparison,
  type ReportEvaluation,
  type ReportMetric,
  type ReportPareto,
  type ReportTable,
  type ReportTrain,
} from "./model.ts";
import { reportPareto } from "./pareto.ts";
import { reportProbes } from "./probes.ts";
import { readSamples, type Run, type RunCell } from "./read_run.ts";
import { bootstrapInterval, percent, wilsonInterval } from "./statistics.ts";
import { reportTable } from "./table_values.ts";
import { fixed, message } from "./text.ts";
import { finder, scoreOf } from "./values.ts";

/**
 * The report of a run that was read with `readRun`; reads the done cells' `samples.jsonl`, one cell at a time.
 * @throws naming the file and what contradicts what, where samples and result do not agree
 */
export async function buildReport(run: Run): Promise<Report> {
  const cells: ReportCell[] = [];
  for (const cell of run.cells) cells.push(await reportCell(run, cell));
  const byId = new Map(cells.map((cell) => [cell.cell, cell]));
  const { schema: _, cells: __, settings: planned, findings, ...plan } = run.plan;
  const settings = [];
  const find = finder(run.directory, byId);
  for (const { tables, comparisons, choices, paretos, ...setting } of planned) {
    const made: ReportTable[] = [];
    for (const table of tables) made.push(await reportTable(table, byId));
    const chosen = choices?.map((choice) => reportChoice(choice, (reference) => scoreOf(reference, byId)));
    const compared: ReportComparison[] = [];
    for (const { contrasts, ...comparison } of comparisons ?? []) {
      compared.push({ ...comparison, contrasts: (await compareAll(contrasts, find)).map(({ report }) => report) });
    }
    const fronts: ReportPareto[] = [];
    for (const pareto of paretos ?? []) fronts.push(await reportPareto(pareto, find));
    settings.push({
      ...setting,
      tables: made,
      ...(comparisons === undefined ? {} : { comparisons: compared }),
      ...(chosen === undefined ? {} : { choices: chosen }),
      ...(paretos === undefined ? {} : { paretos: fronts }),
    });
  }
  const signatures = cells.flatMap((cell) => cell.identity === null ? [] : [cell.identity.numericSignature]);
  return {
    schema: "tunemark.report/1",
    ...plan,
    numericSignatures: [...new Set(signatures)].sort(),
    intervals: INTERVALS,
    findings: await reportFindings(findings, find),
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
  const probes = await reportProbes(result, `${run.directory}/cells/${id}/result.json`);
  return {
    ...common,
    status: result.status,
    reason: result.reason,
    identity: result.identity,
    method: spec.method,
    trainData: spec.train,
    train: reportTrain(result),
    evaluations: await reportEvaluations(run, id, result),
    ...(probes.length === 0 ? {} : { probes }),
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
    const over = valueOver(items);
    const value = over(items.map((_, i) => i));
    const kind = statisticsKind(packed.fields);
    // The value's own rounding is half of 1e-4; a sum in another order may add a last bit.
    if (!(Math.abs(value - Number(metric.value)) < 0.51e-4)) {
      const what = kind === "bleu" ? "BLEU" : "mean";
      throw new Error(`its samples' ${what} is ${fixed(value, 4)}, result.json says ${metric.value}`);
    }
    const proportion = kind === "proportion";
    const interval = proportion
      ? percent(wilsonInterval(Math.round(value / 100 * items.length), items.length))
      : await bootstrapInterval(items.length, over, BOOTSTRAP);
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
