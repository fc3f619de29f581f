/**
 * A planned table with its values: means over seeds, the best of alternatives.
 * @module
 */
import type { TableEntry, TablePlan } from "../benchmarks/types.ts";
import type { ReportCell, ReportEntry, ReportTable } from "./model.ts";
import { referencedCells } from "./read_run.ts";
import { percent, twoLevelInterval, wilsonInterval } from "./statistics.ts";
import { lookUp, rangeOf, testItems, textOf, type Value } from "./values.ts";

/** Entries of one row and column become one: in the order of the plan's rows, then columns. */
export async function reportTable(table: TablePlan, cells: ReadonlyMap<string, ReportCell>): Promise<ReportTable> {
  const entries: ReportEntry[] = [];
  for (const row of table.rows) {
    for (const column of table.columns) {
      const members = table.entries.filter((entry) => entry.row === row && entry.column === column);
      if (members.length > 0) entries.push(await bestEntry(members, cells));
    }
  }
  return { ...table, entries };
}

/** The alternative of the best mean, of equal ones the first; where one has no value, that one says so. */
async function bestEntry(entries: readonly TableEntry[], cells: ReadonlyMap<string, ReportCell>): Promise<ReportEntry> {
  let best: ReportEntry | null = null;
  for (const members of Map.groupBy(entries, ({ alternative }) => alternative).values()) {
    const entry = await reportEntry(members, cells);
    if (entry.value === null) return { ...entry, alternative: null };
    const lower = lookUp(members[0].reference, cells).metric?.better === "lower";
    const better = best !== null &&
      (lower ? Number(entry.value) < Number(best.value) : Number(entry.value) > Number(best.value));
    if (best === null || better) best = entry;
  }
  return best!;
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
    cells: entries.flatMap(({ reference }) => referencedCells(reference)),
    kind: members[0].kind,
    alternative: entries[0].alternative ?? null,
    n: [...new Set(members.map(({ evaluation, probe }) => evaluation?.n ?? probe?.of.n))].filter((n) => n !== undefined)
      .sort((a, b) => a - b),
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

type Mean = Pick<ReportEntry, "value" | "low" | "high" | "range">;

/** The value of one member, or the mean of several with an interval over seeds and items, and the members' range. */
async function memberMean(members: readonly Value[]): Promise<Mean> {
  const [first] = members;
  if (members.length === 1 && first.meanOf === undefined && first.differenceOf === undefined) {
    const overRows = first.probe?.of.overRows;
    const { low, high } = first.metric ?? (overRows?.of === first.probe?.value ? overRows : undefined) ??
      { low: null, high: null };
    return { value: first.text, low, high, range: null };
  }
  const texts = members.map(({ text }) => text!);
  const sorted = [...texts].sort((a, b) => Number(a) - Number(b));
  const range = members.length === 1 ? null : [sorted[0], sorted.at(-1)!] as const;
  const values = members.map(testItems).filter((items) => items !== null);
  const text = (value: number) => textOf(value, first.kind);
  const [least, most] = rangeOf(first.kind);
  if (values.length === 0) {
    const { mean, low, high } = await twoLevelInterval(texts.map((text) => [Number(text)]));
    return { value: text(mean), low: text(Math.max(least, low)), high: text(Math.min(most, high)), range };
  }
  const { mean, low, high, freedom } = await twoLevelInterval(values);
  // Of rates that are the same for every item and seed nothing can be estimated but that they are near 0 or 100.
  const interval = freedom === 0 && first.metric?.interval === "wilson"
    ? percent(wilsonInterval(Math.round(mean / 100 * values[0].length), values[0].length))
    : { low: Math.max(least, low), high: Math.min(most, high) };
  return { value: text(mean), low: text(interval.low), high: text(interval.high), range };
}
