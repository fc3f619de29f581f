/**
 * Whether a run shows what a paper states: paired differences between cells, corrected for their number.
 * @module
 */
import type { ContrastPlan, FindingPlan, ValueReference } from "../benchmarks/types.ts";
import type { Outcome, ReportContrast, ReportFinding } from "./model.ts";
import { holm, mcnemarExact, type MeanInterval, studentTail, twoLevelInterval } from "./statistics.ts";
import { fixed } from "./text.ts";

/** A value that a contrast refers to. */
export interface Found {
  /** Values of the items in row order; a distance is one item. */
  readonly items: readonly number[];
  /** Whether every item is right or wrong, 100 or 0. */
  readonly proportion: boolean;
  /** Whether it is a weight distance. */
  readonly distance: boolean;
}

/** A contrast before the correction. */
interface Compared extends Omit<ReportContrast, "p" | "outcome"> {
  readonly p: number | null;
  readonly sign: number;
}

/** The level that adjusted p-values are held against. */
const LEVEL = 0.05;

/** Computes a setting's findings; `find` gives null where a value is missing. */
export async function reportFindings(
  findings: readonly FindingPlan[],
  find: (reference: ValueReference) => Found | null,
): Promise<ReportFinding[]> {
  const compared: Compared[][] = [];
  for (const { contrasts } of findings) {
    const made: Compared[] = [];
    for (const contrast of contrasts) made.push(await compare(contrast, find));
    compared.push(made);
  }
  const tested = compared.flat().filter(({ p }) => p !== null);
  const adjusted = new Map(holm(tested.map(({ p }) => p!)).map((p, i) => [tested[i], p]));
  return findings.map(({ contrasts: _, ...finding }, f) => {
    const contrasts = compared[f].map((one): ReportContrast => {
      const { sign, ...shown } = one;
      const p = adjusted.get(one) ?? null;
      return { ...shown, p: p === null ? null : p.toPrecision(4), outcome: outcomeOf(one.difference, p, sign) };
    });
    return { ...finding, contrasts, verdict: verdictOf(contrasts.map(({ outcome }) => outcome)) };
  });
}

function outcomeOf(difference: string | null, p: number | null, sign: number): Outcome {
  if (difference === null) return "missing";
  if (p === null || p >= LEVEL) return "open";
  return sign > 0 ? "holds" : "contrary";
}

/** What the contrasts' outcomes make of the finding; see {@linkcode ReportFinding}. */
export function verdictOf(outcomes: readonly Outcome[]): ReportFinding["verdict"] {
  const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length;
  if (count("missing") > 0) return "missing";
  if (2 * count("holds") >= outcomes.length && count("contrary") === 0) return "reproduced";
  if (2 * count("contrary") >= outcomes.length && count("holds") === 0) return "not reproduced";
  return "inconclusive";
}

async function compare(
  { label, greater, less }: ContrastPlan,
  find: (r: ValueReference) => Found | null,
): Promise<Compared> {
  const nothing = { difference: null, low: null, high: null, p: null, sign: 0 };
  const [first, second] = [bestOf(greater, find), bestOf(less, find)];
  const shown = {
    label,
    kind: kindOf(greater),
    greater: first === null ? null : textOf(meanOf(first), first[0]),
    less: second === null ? null : textOf(meanOf(second), second[0]),
  };
  if (first === null || second === null) return { ...shown, ...nothing };
  const differences = paired(first, second, label);
  const interval = await twoLevelInterval(differences);
  // Scores are in 0..100, so that no difference is beyond 100.
  const most = first[0].distance ? Infinity : 100;
  const ends = [Math.max(-most, interval.low), Math.min(most, interval.high)];
  const [difference, low, high] = [interval.mean, ...ends].map((value) => textOf(value, first[0]));
  const sign = Math.sign(interval.mean);
  // One number against one: nothing says how much it would vary.
  if (differences.length === 1 && differences[0].length === 1) return { ...shown, ...nothing, difference, sign };
  return { ...shown, difference, low, high, p: await pOf(differences, first[0].proportion, interval), sign };
}

/**
 * McNemar's exact p where rates of one run stand against rates of one run, else that of t. Where all differences are equal t says nothing, and
 * the sign test, which is McNemar's, takes its place.
 */
async function pOf(
  differences: readonly (readonly number[])[],
  proportion: boolean,
  { mean, error, freedom }: MeanInterval,
): Promise<number> {
  if (freedom === 0 || (proportion && differences.length === 1)) {
    const signs = differences[0].length === 1 ? differences.flat() : differences[0];
    return mcnemarExact(signs.filter((d) => d < 0).length, signs.filter((d) => d > 0).length);
  }
  return await studentTail(mean / error, freedom);
}

function kindOf(side: ContrastPlan["greater"]): ReportContrast["kind"] {
  return side.flat().some((reference) => "distance" in reference) ? "distance" : "metric";
}

/** The alternative of the greatest mean, of equal ones the first; null where a value of any is missing. */
function bestOf(side: ContrastPlan["greater"], find: (reference: ValueReference) => Found | null): Found[] | null {
  let best: Found[] | null = null;
  for (const alternative of side) {
    const found = alternative.map(find).filter((one) => one !== null);
    if (found.length < alternative.length) return null;
    if (best === null || meanOf(found) > meanOf(best)) best = found;
  }
  return best;
}

/** Item by item and seed by seed; a side of one run, the untrained model, stands against every seed of the other. */
function paired(first: readonly Found[], second: readonly Found[], label: string): number[][] {
  const seeds = Math.max(first.length, second.length);
  const at = (side: readonly Found[], s: number) => side[side.length === 1 ? 0 : s]?.items ?? [];
  return Array.from({ length: seeds }, (_, s) => {
    const [a, b] = [at(first, s), at(second, s)];
    if (a.length !== b.length) throw new Error(`contrast ${label}: ${a.length} items stand against ${b.length}`);
    return a.map((value, i) => value - b[i]);
  });
}

function meanOf(side: readonly Found[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(side.map(({ items }) => mean(items)));
}

function textOf(value: number, { distance }: Found): string {
  return distance ? String(value) : fixed(value, 4);
}
