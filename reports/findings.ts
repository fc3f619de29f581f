/**
 * Whether a run shows what a paper states.
 * @module
 */
import type { FindingPlan } from "../benchmarks/types.ts";
import { compareAll, type Compared, type Find } from "./contrasts.ts";
import type { Outcome, ReportContrast, ReportEffect, ReportFinding } from "./model.ts";
import { twoLevelInterval } from "./statistics.ts";
import { fixed } from "./text.ts";

/** Computes findings; p is corrected over the contrasts of each. */
export async function reportFindings(findings: readonly FindingPlan[], find: Find): Promise<ReportFinding[]> {
  const made: ReportFinding[] = [];
  for (const { contrasts, ...finding } of findings) {
    const compared = await compareAll(contrasts, find);
    const verdict = verdictOf(compared.map(({ report }) => report));
    made.push({
      ...finding,
      contrasts: compared.map(({ report }) => report),
      effect: await effectOf(compared),
      verdict,
    });
  }
  return made;
}

/**
 * What the contrasts make of the finding; see {@linkcode ReportFinding}. Claims of a difference and claims of none are judged apart: models that
 * are all alike show every claim of none, and must not show the finding by that.
 */
export function verdictOf(
  contrasts: readonly Pick<ReportContrast, "claim" | "outcome">[],
): ReportFinding["verdict"] {
  if (contrasts.some(({ outcome }) => outcome === "missing")) return "missing";
  const groups = [...Map.groupBy(contrasts, ({ claim }) => claim === "greater").values()];
  const half = (of: Outcome, not: Outcome) => (group: typeof contrasts) => {
    const count = (outcome: Outcome) => group.filter((one) => one.outcome === outcome).length;
    return 2 * count(of) >= group.length && count(not) === 0;
  };
  if (groups.every(half("holds", "contrary"))) return "reproduced";
  return groups.some(half("contrary", "holds")) ? "not reproduced" : "inconclusive";
}

/**
 * The mean difference over the contrasts that claim the same as the first, of measured sides. Contrasts over the same data, the same set or
 * what the label says before its first comma, enter as their mean item by item, so that no item counts as two.
 */
async function effectOf(compared: readonly Compared[]): Promise<ReportEffect | null> {
  const [first] = compared;
  const same = compared.filter(({ plan, report }) =>
    plan.claim === first.plan.claim && plan.of === "best" && report.kind === first.report.kind
  );
  // Where all stand against a constant, that is the effect; where the first is none of one evaluation, everything is.
  const main = [same.filter(({ plan }) => !isConstant(plan.second)), same];
  const used = main.find((some) => some.length > 0) ?? compared;
  const papers = used.flatMap(({ plan }) => plan.paper === null ? [] : [plan.paper]);
  const [{ report: { kind } }] = used;
  const text = (value: number) => kind === "metric" ? fixed(value, 4) : String(value);
  const paper = papers.length === 0 ? null : papers.reduce((sum, value) => sum + value, 0) / papers.length;
  const shared = { kind, contrasts: used.length, paper: paper === null ? null : text(paper) };
  if (used.some(({ differences }) => differences === null)) return { ...shared, value: null, low: null, high: null };
  const seeds = Math.max(...used.map(({ differences }) => differences!.length));
  const clusters = [...Map.groupBy(used, dataOf).values()];
  const pooled = Array.from(
    { length: seeds },
    (_, s) =>
      clusters.flatMap((members) =>
        itemMeans(members.map(({ differences }) => differences![differences!.length === 1 ? 0 : s]))
      ),
  );
  const { mean, low, high } = await twoLevelInterval(pooled);
  const bounded = seeds > 1 || pooled[0].length > 1;
  return { ...shared, value: text(mean), low: bounded ? text(low) : null, high: bounded ? text(high) : null };
}

function isConstant(side: Compared["plan"]["second"]): boolean {
  return side.flat().some((reference) => "constant" in reference);
}

function dataOf({ plan }: Compared): string {
  const reference = plan.first.flat().find((one) => "set" in one);
  return reference !== undefined && "set" in reference ? reference.set : plan.label.split(",")[0];
}

/** Means over lists, item by item; lists of unequal length, such as losses of trainings of unequal length, are first made one number each. */
function itemMeans(lists: readonly (readonly number[])[]): number[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (lists.some(({ length }) => length !== lists[0].length)) return [mean(lists.map(mean))];
  return lists[0].map((_, i) => mean(lists.map((list) => list[i])));
}
