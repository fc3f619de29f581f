/**
 * Probes of cells in a report: their values with intervals over rows where they are means over rows.
 * @module
 */
import type { CellResult, ProbeReference, ProbeResult } from "../benchmarks/types.ts";
import { BOOTSTRAP, type ReportCell, type ReportProbe, type ValueKind } from "./model.ts";
import { bootstrapInterval } from "./statistics.ts";

/**
 * The probes of a result, with intervals.
 * @param path the result's file, for errors
 * @throws where rows and the mean over them do not agree
 */
export async function reportProbes({ probes = [] }: CellResult, path: string): Promise<ReportProbe[]> {
  const made: ReportProbe[] = [];
  for (const { items, ...probe } of probes) {
    const where = `${path}: ${probeLabel(probe)}`;
    if (items === undefined) made.push(probe);
    else made.push({ ...probe, ...await meanOverRows(probe, items, where) });
  }
  return made;
}

async function meanOverRows(
  { n, values }: Omit<ProbeResult, "items">,
  items: NonNullable<ProbeResult["items"]>,
  where: string,
): Promise<Pick<ReportProbe, "overRows">> {
  const numbers = items.values.map(Number);
  if (numbers.length !== n) throw new Error(`${where}: has values of ${numbers.length} rows, and n = ${n}`);
  const value = Number(values[items.of]);
  const mean = (positions: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < positions.length; i++) sum += numbers[positions[i]];
    return sum / positions.length;
  };
  const found = mean(numbers.map((_, i) => i));
  // Both the rows' values and their mean are rounded to f32.
  if (!(Math.abs(found - value) <= 1e-6 * Math.abs(value))) {
    throw new Error(`${where}: ${items.of} is ${values[items.of]}, the mean of its rows is ${found}`);
  }
  const { low, high } = await bootstrapInterval(n, mean, BOOTSTRAP);
  return { overRows: { of: items.of, low: String(low), high: String(high), values: items.values.join(" ") } };
}

/** The name of a probe, in keys and in messages. */
export function probeLabel(of: Pick<ProbeResult, "probe" | "task" | "set" | "format" | "shots">): string {
  return `${of.probe} on ${of.task}/${of.set}, format ${of.format}, ${of.shots} shots`;
}

/** The probe that a reference is about, or undefined. */
export function findProbe({ probes = [] }: ReportCell, reference: ProbeReference): ReportProbe | undefined {
  return probes.find(({ probe, set, format, shots }) =>
    probe === reference.probe && set === reference.set && format === reference.format && shots === reference.shots
  );
}

/** What kind of value a probe's is. */
export function probeKind({ probe, value }: ProbeReference): ValueKind {
  if (probe === "forward_kl") return "divergence";
  return value.endsWith(".cosine") ? "cosine" : "loss";
}

/** Each row's value, where the value is a mean over rows; else null. */
export function probeItems(probe: ReportProbe, value: string): number[] | null {
  const { overRows } = probe;
  return overRows?.of === value ? overRows.values.split(" ").map(Number) : null;
}
