/**
 * Looks values up that a plan refers to: metrics and their means, weight distances, what training left, and numbers that planning knew.
 * @module
 */
import type { EntryReference, TrainValue, ValueReference } from "../benchmarks/types.ts";
import type { Find, Found } from "./contrasts.ts";
import { itemValues } from "./items.ts";
import type { ReportCell, ReportEvaluation, ReportMetric, ReportTrain, ValueKind } from "./model.ts";
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
  /** The metrics that it is the plain mean of; absent where it is none. */
  readonly meanOf?: readonly ReportMetric[];
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
    const text = fixed(parts.reduce((sum, { text }) => sum + Number(text), 0) / parts.length, 4);
    return { ...plain(kind, text, null), meanOf: parts.map(({ metric }) => metric!) };
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

/** Values of the test items of a metric, or of what stands for them of a mean of several; null where the value is of neither. */
export function testItems({ metric, meanOf }: Value): number[] | null {
  if (meanOf !== undefined) return setMeanItems(meanOf.map(({ items }) => itemValues(items)));
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
