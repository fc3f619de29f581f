/**
 * Compares probes of two cells. What is measured is neither better nor worse: equal, or not.
 * @module
 */
import { probeLabel } from "../probes.ts";
import type { ReportCell, ReportProbe } from "../model.ts";
import { inputObstacles } from "./match.ts";
import type { DiffRow, Mark } from "./types.ts";

/** A row as far as probes fill it. */
export interface ProbeRow {
  readonly mark: Mark;
  readonly what: string;
  readonly rest: Partial<DiffRow>;
}

/** A row for each probe that a side has. */
export function compareProbes(a: ReportCell, b: ReportCell): ProbeRow[] {
  const [first, second] = [a, b].map(({ probes = [] }) => new Map(probes.map((one) => [probeLabel(one), one])));
  return [...new Set([...first.keys(), ...second.keys()])].map((evaluation) => {
    const [one, other] = [first.get(evaluation), second.get(evaluation)];
    if (one !== undefined && other !== undefined) return compareProbe(one, other, evaluation);
    const notes = [`not in ${one === undefined ? "A" : "B"}`];
    return { mark: "?", what: (one ?? other)!.probe, rest: { evaluation, notes } };
  });
}

function compareProbe(a: ReportProbe, b: ReportProbe, evaluation: string): ProbeRow {
  const what = a.probe;
  const obstacles = inputObstacles(a, b);
  if (obstacles.length > 0) return { mark: "x", what, rest: { evaluation, notes: obstacles } };
  const names = [...new Set([...Object.keys(a.values), ...Object.keys(b.values)])];
  const differing = names.filter((name) => (a.values[name] ?? null) !== (b.values[name] ?? null));
  if (differing.length === 0 && a.overRows?.values === b.overRows?.values) {
    return { mark: "=", what, rest: { evaluation, n: a.n } };
  }
  const [name] = differing;
  const notes = name === undefined
    ? ["the rows' values differ, their mean does not"]
    : [`${differing.length} of ${names.length} values differ, first ${name}: ${a.values[name]} and ${b.values[name]}`];
  return { mark: "~", what, rest: { evaluation, n: a.n, notes } };
}
