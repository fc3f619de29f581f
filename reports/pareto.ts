/**
 * Learning against forgetting: points, the Pareto fronts they are on, and each method at its best learning rate against the reference.
 * @module
 */
import type { ParetoPlan, ParetoPoint, Side } from "../benchmarks/types.ts";
import { enter, type Find, paired, pOf } from "./contrasts.ts";
import { chooseLearningRate } from "./learning_rate.ts";
import type { ReportMean, ReportPareto, ReportParetoContrast, ReportParetoPoint } from "./model.ts";
import { setMeanItems } from "./set_mean.ts";
import { holm, percent, twoLevelInterval, wilsonInterval } from "./statistics.ts";
import { fixed } from "./text.ts";

/** Two scores of a point, more being better; null where one is missing. */
export interface Scores {
  readonly target: number | null;
  readonly others: number | null;
}

/**
 * Which points are on the Pareto front: those that no point dominates, that is, beats in one score and equals or beats in the other. Points
 * that are equal in both do not dominate each other. A point that is incomplete might be anywhere: it is itself undecided, null, and so is
 * every point that no complete one dominates.
 */
export function paretoFront(points: readonly Scores[]): (boolean | null)[] {
  const complete = points.filter((point): point is { target: number; others: number } =>
    point.target !== null && point.others !== null
  );
  return points.map(({ target, others }) => {
    if (target === null || others === null) return null;
    const dominated = complete.some((q) =>
      q.target >= target && q.others >= others && (q.target > target || q.others > others)
    );
    if (dominated) return false;
    return complete.length === points.length ? true : null;
  });
}

/** A point with the values of its items, by seed; null where a value is missing. */
interface Entered {
  readonly plan: ParetoPoint;
  readonly validation: number | null;
  readonly target: Items | null;
  readonly others: Items | null;
}

interface Items {
  readonly seeds: readonly (readonly number[])[];
  readonly proportion: boolean;
}

/** Computes points, fronts and contrasts. Scores count as equal where they agree to four decimals. */
export async function reportPareto({ points, ...plan }: ParetoPlan, find: Find): Promise<ReportPareto> {
  const entered: Entered[] = [];
  for (const point of points) entered.push(await enterPoint(point, find));
  const methods = Map.groupBy(entered, (point) => point.plan.method);
  const scores = new Map(entered.map((point) => [point, scoresOf(point)]));
  const fronts = (members: readonly Entered[]) => {
    const found = paretoFront(members.map((member) => scores.get(member)!));
    return new Map(members.map((member, i) => [member, found[i]]));
  };
  const ownFronts = new Map([...methods.values()].flatMap((members) => [...fronts(members)]));
  const front = fronts(entered);
  const chosen = new Map([...methods].map(([method, members]) => [method, bestByValidation(members)]));
  const shown: ReportParetoPoint[] = [];
  for (const point of entered) {
    const { method, learningRate } = point.plan;
    shown.push({
      method,
      learningRate,
      validation: point.validation === null ? null : fixed(point.validation, 4),
      chosen: chosen.get(method) === point,
      target: await meanOf(point.target),
      others: await meanOf(point.others),
      ownFront: ownFronts.get(point)!,
      front: front.get(point)!,
    });
  }
  return { ...plan, points: shown, contrasts: await contrastsOf(plan.reference, chosen) };
}

async function enterPoint(plan: ParetoPoint, find: Find): Promise<Entered> {
  const sets: Items[] = [];
  for (const { sides } of plan.others) {
    const entered: Items[] = [];
    for (const side of sides) {
      const items = await enterSide(side, find);
      if (items !== null) entered.push(items);
    }
    if (entered.length === sides.length) sets.push(itemMeans(entered));
  }
  const validation = await enterSide(plan.validation, find);
  const complete = sets.length > 0 && sets.length === plan.others.length;
  return {
    plan,
    validation: validation === null ? null : meanOfSeeds(validation.seeds),
    target: await enterSide(plan.target, find),
    others: complete
      ? { seeds: sets[0].seeds.map((_, s) => setMeanItems(sets.map(({ seeds }) => seeds[s]))), proportion: false }
      : null,
  };
}

async function enterSide(side: Side, find: Find): Promise<Items | null> {
  return side.length === 0 ? null : await enter(side, "best", find);
}

/** Of values of the same items, such as those of one set at two shot counts, the mean of each. */
function itemMeans(sides: readonly Items[]): Items {
  if (sides.length === 1) return sides[0];
  const [{ seeds }] = sides;
  return {
    seeds: seeds.map((items, s) =>
      items.map((_, i) => sides.reduce((sum, side) => sum + side.seeds[s][i], 0) / sides.length)
    ),
    proportion: false,
  };
}

function meanOfSeeds(seeds: Items["seeds"]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(seeds.map(mean));
}

function scoresOf({ target, others }: Entered): Scores {
  const rounded = (items: Items | null) => items === null ? null : Number(fixed(meanOfSeeds(items.seeds), 4));
  return { target: rounded(target), others: rounded(others) };
}

/** The point of the learning rate that validation rows choose, by the rule of all choices; null where a score is missing. */
function bestByValidation(members: readonly Entered[]): Entered | null {
  const trained = members.filter(({ plan }) => plan.learningRate !== null);
  const { chosen } = chooseLearningRate(trained.map(({ plan, validation }) => ({
    learningRate: plan.learningRate!,
    tasks: [[[validation]]],
  })));
  return trained.find(({ plan }) => plan.learningRate === chosen) ?? null;
}

async function meanOf(items: Items | null): Promise<ReportMean | null> {
  if (items === null) return null;
  const { seeds, proportion } = items;
  const { mean, low, high, freedom } = await twoLevelInterval(seeds);
  if (freedom === 0 && proportion) {
    // As in tables: of rates that are the same for every item and seed t says nothing.
    const wilson = percent(wilsonInterval(Math.round(mean / 100 * seeds[0].length), seeds[0].length));
    return { value: fixed(mean, 4), low: fixed(wilson.low, 4), high: fixed(wilson.high, 4) };
  }
  return { value: fixed(mean, 4), low: fixed(Math.max(0, low), 4), high: fixed(Math.min(100, high), 4) };
}

/** Each method at its chosen learning rate against the reference at its own; p is corrected by Holm over all of them. */
async function contrastsOf(
  reference: string,
  chosen: ReadonlyMap<string, Entered | null>,
): Promise<ReportParetoContrast[]> {
  const second = chosen.get(reference) ?? null;
  if (second === null) return [];
  const rows: { contrast: Omit<ReportParetoContrast, "target" | "others">; sides: (Difference | null)[] }[] = [];
  for (const [method, first] of chosen) {
    if (first === null || first === second) continue;
    const contrast = {
      method,
      learningRate: first.plan.learningRate!,
      referenceLearningRate: second.plan.learningRate!,
    };
    const label = `${method} against ${reference}`;
    rows.push({
      contrast,
      sides: [
        await differenceOf(first.target, second.target, label),
        await differenceOf(first.others, second.others, label),
      ],
    });
  }
  const all = rows.flatMap(({ sides }) => sides).filter((side) => side !== null);
  const adjusted = new Map(holm(all.map(({ p }) => p)).map((p, i) => [all[i], p]));
  const text = (side: Difference | null) =>
    side === null ? null : { value: side.value, low: side.low, high: side.high, p: adjusted.get(side)!.toPrecision(4) };
  return rows.map(({ contrast, sides: [target, others] }) => ({
    ...contrast,
    target: text(target),
    others: text(others),
  }));
}

interface Difference extends ReportMean {
  readonly p: number;
}

async function differenceOf(first: Items | null, second: Items | null, label: string): Promise<Difference | null> {
  if (first === null || second === null) return null;
  const differences = paired(first.seeds, second.seeds, label);
  const interval = await twoLevelInterval(differences);
  return {
    value: fixed(interval.mean, 4),
    low: fixed(Math.max(-100, interval.low), 4),
    high: fixed(Math.min(100, interval.high), 4),
    p: await pOf(differences, first.proportion && second.proportion, interval),
  };
}
