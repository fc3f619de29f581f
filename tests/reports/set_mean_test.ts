import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { EntryReference, TablePlan } from "../../benchmarks/types.ts";
import type { ReportCell } from "../../reports/model.ts";
import { setMeanItems } from "../../reports/set_mean.ts";
import { twoLevelInterval } from "../../reports/statistics.ts";
import { reportTable } from "../../reports/table_values.ts";
import { finder, lookUp } from "../../reports/values.ts";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const variance = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1);

const sets = [[10, 20, 60, 30, 80], [0, 100, 100], [7], [5, 5, 5, 9]];

Deno.test("The mean over sets counts each set alike, with the standard error of sets sampled apart", async () => {
  const made = await twoLevelInterval([setMeanItems(sets)]);
  assertAlmostEquals(made.mean, mean(sets.map(mean)), 1e-12);
  // Of a single item nothing is known of how far it would vary.
  const several = sets.filter(({ length }) => length > 1);
  const error = Math.sqrt(several.reduce((sum, values) => sum + variance(values) / values.length, 0)) / sets.length;
  assertAlmostEquals(made.error, error, 1e-12);
});

Deno.test("Differences of two models' values are the values of their differences", () => {
  const others = sets.map((values) => values.map((value, i) => value / 2 + 3 * i));
  const [first, second] = [sets, others].map(setMeanItems);
  const differences = setMeanItems(sets.map((values, s) => values.map((value, i) => value - others[s][i])));
  first.forEach((value, i) => assertAlmostEquals(value - second[i], differences[i], 1e-12));
});

/** A cell with rates on two sets, of four items and of two. */
function cell(id: string, rates: Readonly<Record<string, readonly number[]>>): ReportCell {
  const evaluations = Object.entries(rates).map(([set, items]) => ({
    set,
    format: 1,
    shots: 1,
    n: items.length,
    metrics: [{
      name: "exact_match",
      signature: "exact_match|v",
      better: "higher",
      value: (100 * mean(items)).toFixed(4),
      low: "0.0000",
      high: "100.0000",
      interval: "wilson",
      items: { fields: ["match"], values: items.join(" ") },
    }],
  }));
  return { cell: id, status: "ok", evaluations, train: null } as unknown as ReportCell;
}

const cells = new Map([
  ["a", cell("a", { home: [1, 1, 0, 0], away: [1, 0] })],
  ["b", cell("b", { home: [1, 0, 0, 0], away: [0, 0] })],
]);
const at = (id: string, set: string): EntryReference => ({ cell: id, set, format: 1, shots: 1, metric: "exact_match" });
const meanOf = (id: string) => ({ mean: [at(id, "home"), at(id, "away")] });

Deno.test("A mean over sets enters contrasts with values of all their items, and is missing where one is", async () => {
  const found = (await finder("", cells)(meanOf("a")))!;
  assertEquals(found.items, setMeanItems([[100, 100, 0, 0], [100, 0]]));
  assertEquals([found.kind, found.proportion], ["metric", false]);
  assertEquals(await finder("", cells)({ mean: [at("a", "home"), at("a", "nowhere")] }), null);
  assertEquals(lookUp(meanOf("b"), cells).text, "12.5000");
});

Deno.test("Tables show a mean over sets with an interval, of one seed and of several", async () => {
  const entries = (ids: string[]) =>
    ids.map((id) => ({ row: "mean", column: "m", reference: meanOf(id), paper: null }));
  const table = (ids: string[]): TablePlan => ({
    title: "t",
    unit: "u",
    rowHeader: "r",
    rows: ["mean"],
    columns: ["m"],
    entries: entries(ids),
    notes: [],
  });
  const { entries: [one] } = await reportTable(table(["a"]), cells);
  const single = await twoLevelInterval([setMeanItems([[100, 100, 0, 0], [100, 0]])]);
  assertEquals([one.value, one.range], ["50.0000", null]);
  assertEquals([one.low, one.high], [Math.max(0, single.low), Math.min(100, single.high)].map((x) => x.toFixed(4)));
  const { entries: [both] } = await reportTable(table(["a", "b"]), cells);
  assertEquals([both.value, both.range], ["31.2500", ["12.5000", "50.0000"]]);
  assert(Number(both.low) < 31.25 && Number(both.high) > 31.25);
});
