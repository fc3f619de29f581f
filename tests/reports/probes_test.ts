import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { ProbeReference, ProbeResult, TablePlan, ValueReference } from "../../benchmarks/types.ts";
import { buildReport } from "../../reports/build.ts";
import { diff } from "../../reports/diff/mod.ts";
import type { DiffResult } from "../../reports/diff/types.ts";
import { valueText } from "../../reports/findings_markdown.ts";
import type { ReportCell } from "../../reports/model.ts";
import { readRun } from "../../reports/read_run.ts";
import { BOOTSTRAP } from "../../reports/model.ts";
import { bootstrapInterval, twoLevelInterval } from "../../reports/statistics.ts";
import { reportTable } from "../../reports/table_values.ts";
import { finder, lookUp } from "../../reports/values.ts";
import { type MadeUpRun, madeUpRun, writable, writeRun } from "./made_up_run.ts";

const hashes = { prompt: "p", rows: "r", demonstrations: "d", inputTokens: "t" };

function divergence(set: string, values: readonly number[]): ProbeResult {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return {
    probe: "forward_kl",
    task: "summary",
    set,
    relation: "in-domain",
    format: 1,
    shots: 0,
    n: values.length,
    hashes,
    truncated: 0,
    values: { divergence: String(Math.fround(mean)) },
    items: { of: "divergence", values: values.map(String) },
  };
}

const alignment: ProbeResult = {
  probe: "gradient_alignment",
  task: "summary",
  set: "home",
  relation: "training",
  format: 1,
  shots: 0,
  n: 16,
  hashes,
  truncated: 0,
  values: { "overall.cosine": "-0.25", "overall.norm": "3.5", "head.cosine": null, loss: "1.5" },
};

/** Two trained cells of the made-up run with probes; `bb` and its second seed. */
function probedRun(): MadeUpRun {
  const run = madeUpRun();
  const [first, second] = Object.keys(run.cells).filter((id) => run.cells[id].result!.train !== null);
  const put = (id: string, probes: ProbeResult[]) => run.cells[id].result = { ...run.cells[id].result!, probes };
  put(first, [divergence("home", [0.5, 0.25, 0, 1]), divergence("away", [0.125, 0.25]), alignment]);
  put(second, [
    divergence("home", [0.75, 0.5, 0.25, 0.5]),
    divergence("away", [1, 2]),
    { ...alignment, values: { ...alignment.values, "overall.cosine": "0.75" } },
  ]);
  return run;
}

const ids = Object.keys(madeUpRun().cells).filter((id) => madeUpRun().cells[id].result!.train !== null);

async function reported(run: MadeUpRun): Promise<ReadonlyMap<string, ReportCell>> {
  const directory = await writeRun(run);
  try {
    const { cells } = await buildReport(await readRun(directory));
    return new Map(cells.map((cell) => [cell.cell, cell]));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const at = (cell: string, set: string): ProbeReference => ({
  cell,
  probe: "forward_kl",
  set,
  format: 1,
  shots: 0,
  value: "divergence",
});
const cosine = (cell: string, value = "overall.cosine"): ProbeReference => ({
  ...at(cell, "home"),
  probe: "gradient_alignment",
  value,
});

function tableOf(references: readonly ValueReference[]): TablePlan {
  return {
    title: "t",
    unit: "u",
    rowHeader: "r",
    rows: ["one"],
    columns: ["c"],
    entries: references.map((reference) => ({ row: "one", column: "c", reference, paper: null })),
    notes: [],
  };
}

Deno.test("A divergence has the bootstrap interval of its rows, and over seeds that over seeds and rows", async () => {
  const cells = await reported(probedRun());
  const { entries: [one] } = await reportTable(tableOf([at(ids[0], "home")]), cells);
  const rows = [0.5, 0.25, 0, 1];
  const mean = (positions: ArrayLike<number>) => Array.from(positions, (i) => rows[i]).reduce((a, b) => a + b) / 4;
  const { low, high } = await bootstrapInterval(4, mean, BOOTSTRAP);
  assertEquals([one.value, one.low, one.high, one.n, one.kind], [
    "0.4375",
    String(low),
    String(high),
    [4],
    "divergence",
  ]);

  const { entries: [both] } = await reportTable(tableOf(ids.map((id) => at(id, "home"))), cells);
  const expected = await twoLevelInterval([rows, [0.75, 0.5, 0.25, 0.5]]);
  assertEquals([Number(both.value), Number(both.high)], [expected.mean, expected.high]);
  assertEquals(both.low, String(Math.max(0, expected.low)));
  assertEquals(both.range, ["0.4375", "0.5"]);
});

Deno.test("A mean of divergences over sets counts each set alike, and enters contrasts with all rows", async () => {
  const cells = await reported(probedRun());
  const mean = { mean: [at(ids[0], "home"), at(ids[0], "away")] };
  assertEquals(lookUp(mean, cells).text, String((0.4375 + 0.1875) / 2));
  const found = (await finder("", cells)(mean))!;
  assertEquals([found.items.length, found.kind, found.proportion], [6, "divergence", false]);
  assertAlmostEquals(found.items.reduce((a, b) => a + b) / 6, (0.4375 + 0.1875) / 2, 1e-12);
  assertEquals(await finder("", cells)({ mean: [at(ids[0], "home"), at(ids[0], "nowhere")] }), null);
});

Deno.test("A cosine has no interval within a cell, and one over seeds that stays within -1 and 1", async () => {
  const cells = await reported(probedRun());
  const { entries: [one] } = await reportTable(tableOf([cosine(ids[0])]), cells);
  assertEquals([one.value, one.low, one.high, one.kind], ["-0.25", null, null, "cosine"]);
  const { entries: [both] } = await reportTable(tableOf(ids.map((id) => cosine(id))), cells);
  assertEquals([both.value, both.low, both.high, both.range], ["0.25", "-1", "1", ["-0.25", "0.75"]]);
  assertEquals(lookUp(cosine(ids[0], "overall.norm"), cells).kind, "loss");
  assertEquals(
    [lookUp(cosine(ids[0], "head.cosine"), cells).reason, lookUp(cosine(ids[0], "tail.cosine"), cells).reason],
    ["head", "tail"].map((part) => `the cell has no ${part}.cosine of gradient_alignment on home`),
  );
});

Deno.test("A difference of scores is paired item by item, and may be negative", async () => {
  const cells = await reported(probedRun());
  const score = (cell: string, set: string) => ({ cell, set, format: 1 as const, shots: 0, metric: "rougeL" });
  const sets = cells.get(ids[0])!.evaluations.filter(({ task }) => task === "summary").map(({ set }) => set);
  const of = (cell: string) => ({ mean: sets.map((set) => score(cell, set)) });
  const difference = { difference: [of(ids[1]), of(ids[0])] as const };
  const [first, second] = [of(ids[1]), of(ids[0])].map((mean) => Number(lookUp(mean, cells).text));
  const value = lookUp(difference, cells);
  assertEquals([value.kind, value.text], ["points", (first - second).toFixed(4)]);
  const { entries: [entry] } = await reportTable(tableOf([difference]), cells);
  assert(Number(entry.low) <= Number(entry.value) && Number(entry.value) <= Number(entry.high));
  const back = { difference: [of(ids[0]), of(ids[1])] as const };
  const { entries: [negative] } = await reportTable(tableOf([back]), cells);
  assertAlmostEquals(Number(negative.low), -Number(entry.high), 1e-3);
  const missing = { difference: [of(ids[0]), score(ids[0], "nowhere")] as const };
  assert(lookUp(missing, cells).reason!.startsWith("the cell has no rougeL of nowhere"));
});

Deno.test("Values are shown by their kind", () => {
  assertEquals(
    [["0.00012345", "divergence"], ["1.23456", "divergence"], ["0", "divergence"], ["-0.04", "cosine"], [
      "-1.5",
      "points",
    ]]
      .map(([text, kind]) => valueText(text, kind as "cosine")),
    ["0.000123", "1.23", "0", "-0.040", "-1.50"],
  );
});

Deno.test("Rows that contradict their mean or their number, and values that are none, are errors that name the file", async () => {
  const refused = async (change: (probe: ProbeResult) => ProbeResult, message: string) => {
    const run = probedRun();
    const result = run.cells[ids[0]].result!;
    run.cells[ids[0]].result = { ...result, probes: result.probes!.map(change) };
    const directory = await writeRun(run);
    const error = await assertRejects(async () => await buildReport(await readRun(directory)), Error);
    assertEquals(error.message, `${directory}/cells/${ids[0]}/result.json: ${message}`);
    await Deno.remove(directory, { recursive: true });
  };
  const where = "forward_kl on summary/home, format 1, 0 shots";
  await refused(
    (probe) => probe.items ? { ...probe, values: { divergence: "0.5" } } : probe,
    `${where}: divergence is 0.5, the mean of its rows is 0.4375`,
  );
  await refused((probe) => ({ ...probe, n: 3 }), `${where}: has values of 4 rows, and n = 3`);
  await refused(
    (probe) => ({ ...probe, values: { divergence: "none" } }),
    'field "probes[0].values.divergence" must be a number as text, found "none"',
  );
  await refused(
    (probe) => ({ ...probe, probe: "backward_kl" as "forward_kl" }),
    'field "probes[0].probe" must be "gradient_alignment" or "forward_kl", found "backward_kl"',
  );
});

Deno.test("Probes of two runs are equal, differ, or cannot be compared", async () => {
  const compared = async (a: MadeUpRun, b: MadeUpRun) => {
    const directories = [await writeRun(a), await writeRun(b)];
    const { text } = await diff(directories[0], directories[1], {
      format: "json",
      samples: false,
      failOn: "regression",
    });
    for (const directory of directories) await Deno.remove(directory, { recursive: true });
    const { cells, exitCode }: DiffResult = JSON.parse(text);
    const rows = cells.flatMap(({ rows }) => rows).filter(({ what }) => /alignment|kl/.test(what));
    return { exitCode, rows: rows.map(({ mark, what, notes }) => [mark, what, ...notes]) };
  };
  const equal = await compared(probedRun(), probedRun());
  assertEquals(equal.rows.map(([mark]) => mark), ["=", "=", "=", "=", "=", "="]);
  assertEquals(equal.exitCode, 0);

  const other = probedRun();
  const [home, away, cosines] = other.cells[ids[0]].result!.probes!;
  writable(other.cells[ids[0]]).result = {
    ...other.cells[ids[0]].result!,
    probes: [
      divergence("home", [0.25, 0.5, 0, 1]),
      { ...away, hashes: { ...hashes, rows: "others" } },
      { ...cosines, values: { ...cosines.values, "overall.cosine": "0.5" } },
    ],
  };
  assertEquals(home.values, { divergence: "0.4375" });
  writable(other.cells[ids[1]]).result = {
    ...other.cells[ids[1]].result!,
    probes: [divergence("home", [0.75, 0.5, 0.25, 0.5])],
  };
  const { rows, exitCode } = await compared(probedRun(), other);
  assertEquals(rows, [
    ["~", "forward_kl", "the rows' values differ, their mean does not"],
    ["x", "forward_kl", "different data rows: r and others"],
    ["~", "gradient_alignment", "1 of 4 values differ, first overall.cosine: -0.25 and 0.5"],
    ["=", "forward_kl"],
    ["?", "forward_kl", "not in B"],
    ["?", "gradient_alignment", "not in B"],
  ]);
  assertEquals(exitCode, 2);
});
