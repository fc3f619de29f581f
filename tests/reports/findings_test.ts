import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { ContrastPlan, EntryReference } from "../../benchmarks/types.ts";
import { type Found, reportFindings, verdictOf } from "../../reports/findings.ts";
import { findingsSummary } from "../../reports/findings_markdown.ts";
import type { Report } from "../../reports/model.ts";

const at = (cell: string, shots = 0): EntryReference => ({ cell, set: "home", format: 1, shots, metric: "rougeL" });

/** Values of cells by name and shots, 40 items that vary alike in all of them. */
function finder(shift: Readonly<Record<string, number>>, change: Partial<Found> = {}) {
  return (reference: EntryReference | { cell: string; distance: string }): Found | null => {
    const key = "shots" in reference ? `${reference.cell} ${reference.shots}` : reference.cell;
    if (shift[key] === undefined) return null;
    const items = Array.from({ length: 40 }, (_, i) => shift[key] + (i % 7) + (i * key.length % 3));
    return { items, proportion: false, distance: false, ...change };
  };
}

async function contrastOf(contrast: Omit<ContrastPlan, "label">, find: ReturnType<typeof finder>) {
  const plan = { name: "n", statement: "s", contrasts: [{ label: "l", ...contrast }] };
  const [finding] = await reportFindings([plan], find);
  return finding;
}

Deno.test("a side enters with its best alternative, and the difference is paired", async () => {
  const find = finder({ "ft 0": 20, "ft 12": 10, "icl 0": 3, "icl 12": 12 });
  const { contrasts: [one], verdict } = await contrastOf(
    { greater: [[at("ft")], [at("ft", 12)]], less: [[at("icl")], [at("icl", 12)]] },
    find,
  );
  const mean = (key: string, shots: number) => {
    const { items } = find(at(key, shots))!;
    return items.reduce((a, b) => a + b) / items.length;
  };
  assertAlmostEquals(Number(one.greater), mean("ft", 0), 1e-4);
  assertAlmostEquals(Number(one.less), mean("icl", 12), 1e-4);
  assertAlmostEquals(Number(one.difference), mean("ft", 0) - mean("icl", 12), 1e-4);
  assert(Number(one.low) < Number(one.difference) && Number(one.difference) < Number(one.high));
  assertEquals([one.outcome, verdict], ["holds", "reproduced"]);
});

Deno.test("the other way round it is contrary, and without a difference open", async () => {
  const find = finder({ "ft 0": 20, "icl 0": 3, "me2 0": 20.01 });
  const contrary = await contrastOf({ greater: [[at("icl")]], less: [[at("ft")]] }, find);
  assertEquals([contrary.contrasts[0].outcome, contrary.verdict], ["contrary", "not reproduced"]);
  const open = await contrastOf({ greater: [[at("ft")]], less: [[at("ft")]] }, find);
  assertEquals([open.contrasts[0].outcome, open.contrasts[0].p, open.verdict], ["open", "1.000", "inconclusive"]);
});

Deno.test("an untrained model stands against every seed; seeds that disagree leave it open", async () => {
  const find = finder({ "s1 0": 30, "s2 0": 30.5, "s3 0": 31, "t1 0": 40, "t2 0": 8, "t3 0": 22, "icl 0": 20 });
  const sides = (seeds: string[]) => ({ greater: [seeds.map((cell) => at(cell))], less: [[at("icl")]] });
  assertEquals((await contrastOf(sides(["s1", "s2", "s3"]), find)).verdict, "reproduced");
  const torn = await contrastOf(sides(["t1", "t2", "t3"]), find);
  assertEquals([torn.contrasts[0].outcome, torn.verdict], ["open", "inconclusive"]);
});

Deno.test("rates of single runs get McNemar's exact p, corrected by Holm over the setting", async () => {
  const rates: Record<string, number[]> = { a: [100, 100, 100, 100, 100, 100, 0], b: [0, 0, 0, 0, 0, 0, 0] };
  const find = (reference: { cell: string }) => ({ items: rates[reference.cell], proportion: true, distance: false });
  const contrast = { label: "l", greater: [[at("a")]], less: [[at("b")]] };
  const plan = { name: "n", statement: "s", contrasts: [contrast] };
  const [one] = await reportFindings([plan], find);
  assertEquals([one.contrasts[0].p, one.verdict], ["0.03125", "reproduced"]);
  const two = await reportFindings([plan, plan], find);
  assertEquals(
    two.map(({ contrasts, verdict }) => [contrasts[0].p, verdict]),
    Array(2).fill(["0.06250", "inconclusive"]),
  );
});

Deno.test("weight distances need several seeds", async () => {
  const reference = (cell: string) => ({ cell, distance: "overall.meanAbsolute" });
  const values: Record<string, number> = { f1: 2e-4, f2: 2.1e-4, f3: 1.9e-4, g1: 1e-4, g2: 1.05e-4, g3: 0.98e-4 };
  const find = ({ cell }: { cell: string }) => ({ items: [values[cell]], proportion: false, distance: true });
  const plan = (seeds: string[]) => ({
    name: "n",
    statement: "s",
    contrasts: [{
      label: "l",
      greater: [seeds.map((s) => reference(`f${s}`))],
      less: [seeds.map((s) => reference(`g${s}`))],
    }],
  });
  const [single] = await reportFindings([plan(["1"])], find);
  assertEquals(single.contrasts[0], {
    label: "l",
    kind: "distance",
    greater: "0.0002",
    less: "0.0001",
    difference: "0.0001",
    low: null,
    high: null,
    p: null,
    outcome: "open",
  });
  const [three] = await reportFindings([plan(["1", "2", "3"])], find);
  assertEquals([three.contrasts[0].outcome, three.verdict], ["holds", "reproduced"]);
});

Deno.test("a missing value makes its finding missing; unequal items are refused", async () => {
  const find = finder({ "ft 0": 20 });
  const { contrasts: [one], verdict } = await contrastOf({ greater: [[at("ft")]], less: [[at("icl")]] }, find);
  assertEquals([one.less, one.difference, one.outcome, verdict], [null, null, "missing", "missing"]);
  await assertRejects(
    () =>
      contrastOf({ greater: [[at("ft")]], less: [[at("icl")]] }, (reference) => ({
        items: reference.cell === "ft" ? [1, 2] : [1],
        proportion: false,
        distance: false,
      })),
    Error,
    "contrast l: 2 items stand against 1",
  );
});

Deno.test("a verdict needs half of the contrasts and none against it", () => {
  assertEquals(verdictOf(["holds", "open"]), "reproduced");
  assertEquals(verdictOf(["holds", "open", "open"]), "inconclusive");
  assertEquals(verdictOf(["holds", "holds", "contrary"]), "inconclusive");
  assertEquals(verdictOf(["contrary", "open"]), "not reproduced");
  assertEquals(verdictOf(["holds", "missing"]), "missing");
});

Deno.test("the summary has a line a finding", async () => {
  const finding = await contrastOf({ greater: [[at("ft")]], less: [[at("icl")]] }, finder({ "ft 0": 20, "icl 0": 3 }));
  const settings = [{ source: "U Figure 1", findings: [finding] }, { source: "for all" }];
  const text = findingsSummary({ settings } as unknown as Report);
  assert(text.includes("| n       | U Figure 1 | reproduced |    1 |        0 |    0 |\n"), text);
  assertEquals(findingsSummary({ settings: [settings[1]] } as unknown as Report), "");
});
