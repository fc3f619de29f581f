/**
 * Paired differences between cells, and whether they are as claimed.
 * @module
 */
import type { ContrastPlan, Side, ValueReference } from "../benchmarks/types.ts";
import type { Outcome, ReportContrast, ValueKind } from "./model.ts";
import { holm, mcnemarExact, type MeanInterval, studentTail, twoLevelInterval } from "./statistics.ts";
import { fixed } from "./text.ts";

/** A value that a contrast refers to. */
export interface Found {
  readonly kind: ValueKind;
  /** Values of the items in row order; a distance is one item, a loss one per step, a constant one that stands against any. */
  readonly items: readonly number[];
  /** Whether every item is right or wrong, 100 or 0. */
  readonly proportion: boolean;
}

/** Looks a value up; null where it is missing. */
export type Find = (reference: ValueReference) => Promise<Found | null>;

/** A contrast with its differences, by seed, then by item; null where a value is missing. */
export interface Compared {
  readonly plan: ContrastPlan;
  readonly report: ReportContrast;
  readonly differences: readonly (readonly number[])[] | null;
}

/** The level that adjusted p-values are held against. */
const LEVEL = 0.05;

/** A contrast before the correction. */
interface Raw extends Compared {
  readonly p: number | null;
  readonly interval: MeanInterval | null;
}

/** Computes contrasts; p of those that claim `greater` is corrected by Holm over all of these. */
export async function compareAll(contrasts: readonly ContrastPlan[], find: Find): Promise<Compared[]> {
  const raw: Raw[] = [];
  for (const contrast of contrasts) raw.push(await compareOne(contrast, find));
  const tested = raw.filter(({ p }) => p !== null);
  const adjusted = new Map(holm(tested.map(({ p }) => p!)).map((p, i) => [tested[i], p]));
  return raw.map((one) => {
    const p = adjusted.get(one) ?? null;
    const { plan, report, differences, interval } = one;
    const outcome = outcomeOf(plan, interval, p, report.low !== null);
    return { plan, differences, report: { ...report, p: p === null ? null : p.toPrecision(4), outcome } };
  });
}

/** `greater` is decided by p, the other claims by where the interval lies. */
function outcomeOf(
  { claim, margin }: ContrastPlan,
  interval: MeanInterval | null,
  p: number | null,
  bounded: boolean,
): Outcome {
  if (interval === null) return "missing";
  const { mean, low, high } = interval;
  if (claim === "greater") return p === null || p >= LEVEL ? "open" : mean > 0 ? "holds" : "contrary";
  if (!bounded) return "open";
  const above = claim !== "at least";
  const below = claim !== "at most";
  if ((!above || high <= margin) && (!below || low >= -margin)) return "holds";
  return (above && low > margin) || (below && high < -margin) ? "contrary" : "open";
}

async function compareOne(plan: ContrastPlan, find: Find): Promise<Raw> {
  const { label, claim, margin, paper } = plan;
  const [first, second] = [await enter(plan.first, plan.of, find), await enter(plan.second, plan.of, find)];
  const kind = first?.kind ?? second?.kind ?? "metric";
  const text = (value: number) => kind === "metric" ? fixed(value, 4) : String(value);
  const shown = {
    label,
    claim,
    margin,
    paper,
    kind,
    first: first === null ? null : text(meanOf(first.seeds)),
    second: second === null ? null : text(meanOf(second.seeds)),
  };
  const nothing = { difference: null, low: null, high: null, p: null, outcome: "missing" as const };
  if (first === null || second === null) {
    return { plan, report: { ...shown, ...nothing }, differences: null, p: null, interval: null };
  }
  const differences = paired(first.seeds, second.seeds, label);
  const interval = await twoLevelInterval(differences);
  // One number against one: nothing says how much it would vary.
  const bounded = differences.length > 1 || differences[0].length > 1;
  // Scores are in 0..100, so that no difference is beyond 100.
  const most = kind === "metric" ? 100 : Infinity;
  const report: ReportContrast = {
    ...shown,
    ...nothing,
    difference: text(interval.mean),
    low: bounded ? text(Math.max(-most, interval.low)) : null,
    high: bounded ? text(Math.min(most, interval.high)) : null,
  };
  const tested = claim === "greater" && bounded;
  const proportion = first.proportion && second.proportion;
  return { plan, report, differences, interval, p: tested ? await pOf(differences, proportion, interval) : null };
}

/**
 * McNemar's exact p where rates of one run stand against rates of one run, else that of t. Where all differences are equal t says nothing, and
 * the sign test, which is McNemar's, takes its place.
 */
export async function pOf(
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

/** What enters for a side: items by seed. */
export interface Entered {
  readonly kind: ValueKind;
  readonly proportion: boolean;
  readonly seeds: readonly (readonly number[])[];
}

/**
 * The alternative of the greatest mean, of equal ones the first; for a spread, item by item, that less the one of the least mean. Null where a
 * value of any is missing.
 */
export async function enter(side: Side, of: ContrastPlan["of"], find: Find): Promise<Entered | null> {
  const all: Entered[] = [];
  for (const alternative of side) {
    const found: Found[] = [];
    for (const reference of alternative) {
      const value = await find(reference);
      if (value === null) return null;
      found.push(value);
    }
    const proportion = found.every((one) => one.proportion);
    all.push({ kind: found[0].kind, proportion, seeds: found.map(({ items }) => items) });
  }
  const extreme = (sign: 1 | -1) =>
    all.reduce((best, one) => sign * meanOf(one.seeds) > sign * meanOf(best.seeds) ? one : best);
  const best = extreme(1);
  if (of === "best") return best;
  const worst = extreme(-1);
  const seeds = best.seeds.map((items, s) => items.map((value, i) => value - worst.seeds[s][i]));
  return { kind: best.kind, proportion: false, seeds };
}

/** Item by item and seed by seed; a side of one run, the untrained model or a constant, stands against every seed of the other. */
export function paired(first: Entered["seeds"], second: Entered["seeds"], label: string): number[][] {
  const seeds = Math.max(first.length, second.length);
  const count = Math.max(first[0].length, second[0].length);
  const at = (side: Entered["seeds"], s: number) => {
    const items = side[side.length === 1 ? 0 : s] ?? [];
    return items.length === 1 ? Array.from({ length: count }, () => items[0]) : items;
  };
  return Array.from({ length: seeds }, (_, s) => {
    const [a, b] = [at(first, s), at(second, s)];
    if (a.length !== b.length) throw new Error(`contrast ${label}: ${a.length} items stand against ${b.length}`);
    return a.map((value, i) => value - b[i]);
  });
}

function meanOf(seeds: Entered["seeds"]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(seeds.map(mean));
}
