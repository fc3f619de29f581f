import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { ContrastPlan, EntryReference, FindingPlan, ValueReference } from "../../benchmarks/types.ts";
import { compareAll, type Found } from "../../reports/contrasts.ts";
import { reportFindings, verdictOf } from "../../reports/findings.ts";
import { comparisonText, findingsSection } from "../../reports/findings_markdown.ts";
import type { Outcome, Report } from "../../reports/model.ts";

const at = (cell: string, shots = 0): EntryReference => ({ cell, set: "home", format: 1, shots, metric: "rougeL" });

const finding = { id: "T1.0", name: "n", source: "U Figure 1", statement: "s" };

/** A contrast of which `change` says what is not the usual. */
function planned(change: Partial<ContrastPlan> & Pick<ContrastPlan, "first" | "second">): ContrastPlan {
  return { label: "l", claim: "greater", margin: 0, of: "best", paper: null, ...change };
}

/** Values of cells by name and shots, 40 items that vary alike in all of them. */
function finder(shift: Readonly<Record<string, number>>, change: Partial<Found> = {}) {
  return (reference: ValueReference): Promise<Found | null> => {
    const key = "shots" in reference ? `${reference.cell} ${reference.shots}` : "none";
    if (shift[key] === undefined) return Promise.resolve(null);
    const items = Array.from({ length: 40 }, (_, i) => shift[key] + (i % 7) + (i * key.length % 3));
    return Promise.resolve({ kind: "metric", items, proportion: false, ...change });
  };
}

async function contrastOf(contrast: Parameters<typeof planned>[0], find: ReturnType<typeof finder>) {
  const [made] = await reportFindings([{ ...finding, contrasts: [planned(contrast)] }], find);
  return made;
}

Deno.test("a side enters with its best alternative, and the difference is paired", async () => {
  const find = finder({ "ft 0": 20, "ft 12": 10, "icl 0": 3, "icl 12": 12 });
  const { contrasts: [one], verdict } = await contrastOf(
    { first: [[at("ft")], [at("ft", 12)]], second: [[at("icl")], [at("icl", 12)]] },
    find,
  );
  const mean = async (key: string, shots: number) => {
    const { items } = (await find(at(key, shots)))!;
    return items.reduce((a, b) => a + b) / items.length;
  };
  assertAlmostEquals(Number(one.first), await mean("ft", 0), 1e-4);
  assertAlmostEquals(Number(one.second), await mean("icl", 12), 1e-4);
  assertAlmostEquals(Number(one.difference), await mean("ft", 0) - await mean("icl", 12), 1e-4);
  assert(Number(one.low) < Number(one.difference) && Number(one.difference) < Number(one.high));
  assertEquals([one.outcome, verdict], ["holds", "reproduced"]);
});

Deno.test("the other way round it is contrary, and without a difference open", async () => {
  const find = finder({ "ft 0": 20, "icl 0": 3, "me2 0": 20.01 });
  const contrary = await contrastOf({ first: [[at("icl")]], second: [[at("ft")]] }, find);
  assertEquals([contrary.contrasts[0].outcome, contrary.verdict], ["contrary", "not reproduced"]);
  const open = await contrastOf({ first: [[at("ft")]], second: [[at("ft")]] }, find);
  assertEquals([open.contrasts[0].outcome, open.contrasts[0].p, open.verdict], ["open", "1.000", "inconclusive"]);
});

Deno.test("an untrained model stands against every seed; seeds that disagree leave it open", async () => {
  const find = finder({ "s1 0": 30, "s2 0": 30.5, "s3 0": 31, "t1 0": 40, "t2 0": 8, "t3 0": 22, "icl 0": 20 });
  const sides = (seeds: string[]) => ({ first: [seeds.map((cell) => at(cell))], second: [[at("icl")]] });
  assertEquals((await contrastOf(sides(["s1", "s2", "s3"]), find)).verdict, "reproduced");
  const torn = await contrastOf(sides(["t1", "t2", "t3"]), find);
  assertEquals([torn.contrasts[0].outcome, torn.verdict], ["open", "inconclusive"]);
});

Deno.test("rates of single runs get McNemar's exact p, corrected by Holm over the table", async () => {
  const rates: Record<string, number[]> = { a: [100, 100, 100, 100, 100, 100, 0], b: [0, 0, 0, 0, 0, 0, 0] };
  const find = (reference: ValueReference) =>
    Promise.resolve({
      kind: "metric" as const,
      items: rates["cell" in reference ? reference.cell : ""],
      proportion: true,
    });
  const contrast = planned({ first: [[at("a")]], second: [[at("b")]] });
  const [one] = await compareAll([contrast], find);
  assertEquals([one.report.p, one.report.outcome], ["0.03125", "holds"]);
  const two = await compareAll([contrast, contrast], find);
  assertEquals(two.map(({ report }) => [report.p, report.outcome]), Array(2).fill(["0.06250", "open"]));
  // Findings are corrected each by itself.
  const alone = { ...finding, contrasts: [contrast] };
  assertEquals((await reportFindings([alone, alone], find)).map(({ verdict }) => verdict), Array(2).fill("reproduced"));
});

Deno.test("rates against a half are tested by the exact binomial", async () => {
  const find = (reference: ValueReference) =>
    Promise.resolve({
      kind: "metric" as const,
      items: "constant" in reference ? [reference.constant] : [100, 100, 100, 100, 100, 100, 0],
      proportion: true,
    });
  const [one] = await compareAll([planned({ first: [[at("a")]], second: [[{ constant: 50 }]] })], find);
  assertEquals([one.report.p, one.report.second], [(2 * (1 + 7) / 2 ** 7).toPrecision(4), "50.0000"]);
});

Deno.test("claims other than greater are decided by where the interval lies against the margin", async () => {
  const find = finder({ "me 0": 20, "near 0": 21.5, "far 0": 40, "below 0": 2 });
  const outcome = async (first: string, claim: ContrastPlan["claim"], margin: number) => {
    const contrast = planned({ first: [[at(first)]], second: [[at("me")]], claim, margin });
    const [{ report }] = await compareAll([contrast], find);
    assertEquals(report.p, null);
    return report.outcome;
  };
  const claims = ["at least", "at most", "equal"] as const;
  const all = async (first: string, margin: number) => {
    const found = [];
    for (const claim of claims) found.push(await outcome(first, claim, margin));
    return found;
  };
  assertEquals(await all("near", 5), ["holds", "holds", "holds"]);
  assertEquals(await all("far", 5), ["holds", "contrary", "contrary"]);
  assertEquals(await all("below", 5), ["contrary", "holds", "contrary"]);
  // A margin inside the interval decides nothing.
  const [{ report }] = await compareAll([planned({ first: [[at("near")]], second: [[at("me")]] })], find);
  assertEquals(await outcome("near", "at most", Number(report.difference)), "open");
  assertEquals(await outcome("near", "equal", Number(report.difference)), "open");
});

Deno.test("a spread over shot counts is the best less the worst, item by item", async () => {
  const find = finder({ "ft 0": 20, "ft 12": 50, "icl 0": 20, "icl 12": 25 });
  const sides = { first: [[at("ft")], [at("ft", 12)]], second: [[at("icl")], [at("icl", 12)]] };
  const [{ report }] = await compareAll([planned({ ...sides, of: "spread" })], find);
  assertAlmostEquals(Number(report.first), 30, 1.1);
  assertAlmostEquals(Number(report.second), 5, 1.1);
  assertEquals(report.outcome, "holds");
});

Deno.test("weight distances need several seeds", async () => {
  const reference = (cell: string) => ({ cell, distance: "overall.meanAbsolute" });
  const values: Record<string, number> = { f1: 2e-4, f2: 2.1e-4, f3: 1.9e-4, g1: 1e-4, g2: 1.05e-4, g3: 0.98e-4 };
  const find = (reference: ValueReference) =>
    Promise.resolve({
      kind: "distance" as const,
      items: [values["cell" in reference ? reference.cell : ""]],
      proportion: false,
    });
  const plan = (seeds: string[]): FindingPlan => ({
    ...finding,
    contrasts: [planned({
      first: [seeds.map((s) => reference(`f${s}`))],
      second: [seeds.map((s) => reference(`g${s}`))],
      paper: 1.97e-5,
    })],
  });
  const [single] = await reportFindings([plan(["1"])], find);
  assertEquals(single.contrasts[0], {
    label: "l",
    claim: "greater",
    margin: 0,
    paper: 1.97e-5,
    kind: "distance",
    first: "0.0002",
    second: "0.0001",
    difference: "0.0001",
    low: null,
    high: null,
    p: null,
    outcome: "open",
  });
  assertEquals(single.effect, {
    kind: "distance",
    contrasts: 1,
    value: "0.0001",
    low: null,
    high: null,
    paper: "0.0000197",
  });
  const [three] = await reportFindings([plan(["1", "2", "3"])], find);
  assertEquals([three.contrasts[0].outcome, three.verdict], ["holds", "reproduced"]);
});

Deno.test("an effect counts items once that several contrasts share, and leaves out other claims and constants", async () => {
  const find = finder({ "ft 0": 20, "me 0": 24, "icl 0": 10 });
  const contrasts = [
    planned({ label: "home, a", first: [[at("ft")]], second: [[at("icl")]], paper: 1 }),
    planned({ label: "home, b", first: [[at("me")]], second: [[at("icl")]], paper: 4 }),
    planned({ label: "c", first: [[at("me")]], second: [[at("icl")]], claim: "equal", margin: 5, paper: 100 }),
    planned({ label: "d", first: [[at("me")]], second: [[{ constant: 50 }]], paper: 100 }),
  ];
  const withConstant = (reference: ValueReference) =>
    "constant" in reference
      ? Promise.resolve({ kind: "metric" as const, items: [reference.constant], proportion: false })
      : find(reference);
  const [{ effect, contrasts: compared }] = await reportFindings([{ ...finding, contrasts }], withConstant);
  const differences = compared.slice(0, 2).map(({ difference }) => Number(difference));
  assertEquals([effect!.contrasts, effect!.paper], [2, "2.5000"]);
  assertAlmostEquals(Number(effect!.value), (differences[0] + differences[1]) / 2, 1e-4);
  // Both contrasts' own intervals are as wide as the mean's: the same 40 items, not 80.
  const width = ({ low, high }: { low: string | null; high: string | null }) => Number(high) - Number(low);
  assert(width(effect!) > 0.6 * Math.max(...compared.slice(0, 2).map(width)));
});

Deno.test("a missing value makes its finding missing; unequal items are refused", async () => {
  const find = finder({ "ft 0": 20 });
  const made = await contrastOf({ first: [[at("ft")]], second: [[at("icl")]] }, find);
  const [one] = made.contrasts;
  assertEquals([one.second, one.difference, one.outcome, made.verdict], [null, null, "missing", "missing"]);
  assertEquals([made.effect!.value, made.effect!.low], [null, null]);
  await assertRejects(
    () =>
      contrastOf({ first: [[at("ft")]], second: [[at("icl")]] }, (reference) =>
        Promise.resolve({
          kind: "metric",
          items: "cell" in reference && reference.cell === "ft" ? [1, 2, 3] : [1, 2],
          proportion: false,
        })),
    Error,
    "contrast l: 3 items stand against 2",
  );
});

Deno.test("a verdict needs half of the contrasts and none against it", () => {
  const verdict = (...outcomes: Outcome[]) => verdictOf(outcomes.map((outcome) => ({ claim: "greater", outcome })));
  assertEquals(verdict("holds", "open"), "reproduced");
  assertEquals(verdict("holds", "open", "open"), "inconclusive");
  assertEquals(verdict("holds", "holds", "contrary"), "inconclusive");
  assertEquals(verdict("contrary", "open"), "not reproduced");
  assertEquals(verdict("holds", "missing"), "missing");
});

Deno.test("claims of a difference and claims of none must both hold", () => {
  const verdict = (greater: Outcome[], equal: Outcome[]) =>
    verdictOf([
      ...greater.map((outcome) => ({ claim: "greater" as const, outcome })),
      ...equal.map((outcome) => ({ claim: "equal" as const, outcome })),
    ]);
  assertEquals(verdict(["holds"], ["holds", "open"]), "reproduced");
  // Models that are all alike.
  assertEquals(verdict(["open"], ["holds", "holds", "holds"]), "inconclusive");
  assertEquals(verdict(["holds", "holds"], ["contrary"]), "not reproduced");
  assertEquals(verdict(["contrary"], ["holds"]), "not reproduced");
});

Deno.test("the section has a line a finding with the paper's value and ours, then each contrast", async () => {
  const contrast = { first: [[at("ft")]], second: [[at("icl")]], paper: 2.6 };
  const made = await contrastOf(contrast, finder({ "ft 0": 20, "icl 0": 3 }));
  const text = findingsSection({ findings: [made] } as unknown as Report);
  assert(
    /\| T1.0 \| n {7}\| U Figure 1 \| {2}2.60 \| 17.00 \(16.74 to 17.26\) \| reproduced \| {4}1 \|/.test(text),
    text,
  );
  assert(/### T1.0: n\n\ns\n\n/.test(text), text);
  assert(/\| l {8}\| +2\d.\d\d \| greater \|/.test(text), text);
  assertEquals(findingsSection({ findings: [] } as unknown as Report), "");
});

Deno.test("a comparison says which side is higher, and claims nothing", async () => {
  const find = finder({ "ft 0": 20, "icl 0": 3 });
  const sides = [
    planned({ first: [[at("ft")]], second: [[at("icl")]] }),
    planned({ first: [[at("icl")]], second: [[at("ft")]] }),
  ];
  const contrasts = (await compareAll(sides, find)).map(({ report }) => report);
  const text = comparisonText({ title: "t", unit: "u", sides: ["FT", "ICL"], contrasts, notes: ["A note."] });
  assert(/\| higher \|\n.*\| lower {2}\|\n/.test(text), text);
  assert(text.endsWith("- A note.\n"), text);
});
