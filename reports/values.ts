/**
 * Looks values up that a plan refers to: metrics, probes, their means and differences, weight distances, what training left, and numbers that
 * planning knew.
 * @module
 */
import type { EntryReference, TrainValue, ValueReference } from "../benchmarks/types.ts";
import type { Find, Found } from "./contrasts.ts";
import { itemValues } from "./items.ts";
import type { ReportCell, ReportEvaluation, ReportMetric, ReportProbe, ReportTrain, ValueKind } from "./model.ts";
import { findProbe, probeItems, probeKind } from "./probes.ts";
import { readTrainSteps } from "./read_run.ts";
import { setMeanItems } from "./set_mean.ts";
import { fixed } from "./text.ts";

/** A value, or why there is none. */
export interface Value {
  readonly kind: ValueKind;
  /** Four decimals for a metric, shortest text for others; null where there is none. */
  readonly text: string | null;
  /** Why there is none; null where there is one. */
  readonly reason: string | null;
  /** Where it is a metric's. */
  readonly metric: ReportMetric | null;
  readonly evaluation: ReportEvaluation | null;
  /** Where it is a probe's: that, and the value's name. */
  readonly probe?: { readonly of: ReportProbe; readonly value: string };
  /** The values that it is the plain mean of; absent where it is none. */
  readonly meanOf?: readonly Value[];
  /** The values that it is the difference of; absent where it is none. */
  readonly differenceOf?: readonly [Value, Value];
}

/** A number as reports write it, by its kind: four decimals of scores, shortest text of others. */
export function textOf(value: number, kind: ValueKind): string {
  return kind === "metric" || kind === "points" ? fixed(value, 4) : String(value);
}

/** The least and the greatest that a value of a kind can be. */
export function rangeOf(kind: ValueKind): readonly [number, number] {
  if (kind === "metric") return [0, 100];
  if (kind === "points") return [-100, 100];
  return kind === "cosine" ? [-1, 1] : [0, Infinity];
}

/** The value at a reference. */
export function lookUp(reference: ValueReference, cells: ReadonlyMap<string, ReportCell>): Value {
  const plain = (kind: ValueKind, text: string | null, reason: string | null): Value => ({
    kind,
    text,
    reason,
    metric: null,
    evaluation: null,
  });
  if ("constant" in reference) return plain("metric", fixed(reference.constant, 4), null);
  const kind = kindOf(reference);
  if ("mean" in reference) {
    const parts = reference.mean.map((part) => lookUp(part, cells));
    const missing = parts.find(({ reason }) => reason !== null);
    if (missing !== undefined) return plain(kind, null, missing.reason);
    const text = textOf(parts.reduce((sum, { text }) => sum + Number(text), 0) / parts.length, kind);
    return { ...plain(kind, text, null), meanOf: parts };
  }
  if ("difference" in reference) {
    const [first, second] = reference.difference.map((part) => lookUp(part, cells));
    const reason = first.reason ?? second.reason;
    if (reason !== null) return plain(kind, null, reason);
    return {
      ...plain(kind, textOf(Number(first.text) - Number(second.text), kind), null),
      differenceOf: [first, second],
    };
  }
  const cell = cells.get(reference.cell)!;
  if (cell.status !== "ok") {
    return plain(kind, null, cell.status === "failed" ? `failed: ${cell.reason}` : "missing");
  }
  if ("distance" in reference) {
    const text = distanceAt(cell, reference.distance);
    return plain(kind, text, text === null ? `the cell has no weight distance "${reference.distance}"` : null);
  }
  if ("train" in reference) {
    const text = cell.train === null ? null : trainText(cell.train, reference.train);
    return plain(kind, text, text === null ? "the cell trained nothing" : null);
  }
  if ("probe" in reference) {
    const probe = findProbe(cell, reference);
    const text = probe?.values[reference.value] ?? null;
    if (probe === undefined || text === null) {
      return plain(kind, null, `the cell has no ${reference.value} of ${reference.probe} on ${reference.set}`);
    }
    return { ...plain(kind, text, null), probe: { of: probe, value: reference.value } };
  }
  const evaluation =
    cell.evaluations.find(({ set, format, shots }) =>
      set === reference.set && format === reference.format && shots === reference.shots
    ) ?? null;
  const metric = evaluation?.metrics.find(({ name }) => name === reference.metric) ?? null;
  const reason =
    `the cell has no ${reference.metric} of ${reference.set}, format ${reference.format}, ${reference.shots} shots`;
  return { kind, text: metric?.value ?? null, reason: metric === null ? reason : null, metric, evaluation };
}

/** What kind of value a reference is of. */
export function kindOf(reference: ValueReference): ValueKind {
  if ("distance" in reference) return "distance";
  if ("difference" in reference) return "points";
  if ("probe" in reference) return probeKind(reference);
  if ("mean" in reference) return kindOf(reference.mean[0]);
  return "train" in reference && reference.train !== "truncation" ? "loss" : "metric";
}

function trainText(train: ReportTrain, value: TrainValue): string {
  return value === "truncation" ? fixed(100 * train.truncated / train.examples, 4) : train[value];
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

/** A metric's value as a number, or null. */
export function scoreOf(reference: EntryReference, cells: ReadonlyMap<string, ReportCell>): number | null {
  const { text } = lookUp(reference, cells);
  return text === null ? null : Number(text);
}

/**
 * Values of the test items of a metric, of the rows of a probe, or of what stands for them of a mean of several, and differences of these item
 * by item; null where the value has none.
 */
export function testItems({ metric, probe, meanOf, differenceOf }: Value): number[] | null {
  const parts = (meanOf ?? differenceOf ?? []).map(testItems).filter((items) => items !== null);
  if (meanOf !== undefined) return parts.length < meanOf.length ? null : setMeanItems(parts);
  if (differenceOf !== undefined) {
    const [first, second] = parts;
    return first?.length === second?.length ? first?.map((value, i) => value - second[i]) ?? null : null;
  }
  if (probe !== undefined) return probeItems(probe.of, probe.value);
  return metric === null ? null : itemValues(metric.items);
}

/** Looks items up for contrasts: of metrics the test items, of the loss of the last fifth its steps, else the one number. */
export function finder(directory: string, cells: ReadonlyMap<string, ReportCell>): Find {
  return async (reference): Promise<Found | null> => {
    const value = lookUp(reference, cells);
    const { kind, text, metric } = value;
    if (text === null) return null;
    const items = testItems(value);
    if (items !== null) return { kind, items, proportion: metric?.interval === "wilson" };
    if ("train" in reference && reference.train === "lastFifthLoss") {
      const steps = await readTrainSteps(directory, reference.cell);
      const losses = steps.slice(steps.length - Math.ceil(steps.length / 5)).map(({ loss }) => Number(loss));
      return losses.length === 0 ? null : { kind, items: losses, proportion: false };
    }
    // Rates against a half are signs, so that McNemar's test of these is the exact binomial one.
    return { kind, items: [Number(text)], proportion: "constant" in reference && reference.constant === 50 };
  };
}
