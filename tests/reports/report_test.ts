import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { reportMarkdown } from "../../reports/markdown.ts";
import type { Report } from "../../reports/model.ts";
import { writeReport } from "../../reports/report.ts";
import { csvTable, markdownTable } from "../../reports/tables.ts";
import { fixed } from "../../reports/text.ts";
import { madeUpRun, setSamples, withRun, writable, writeRun } from "./made_up_run.ts";

const SNAPSHOT = new URL("./made_up_report.md.txt", import.meta.url);

async function report(directory: string): Promise<Report> {
  return JSON.parse(await Deno.readTextFile(`${directory}/report.json`));
}

/** A run with everything in it: two seeds, a failed and a missing cell. */
function fullRun() {
  const run = madeUpRun();
  const failed = structuredClone(run.cells.bb);
  writable(failed.factors).trainSize = 64;
  failed.result = {
    ...failed.result!,
    cell: "dd",
    factors: failed.factors,
    status: "failed",
    reason: "loss is not finite at step 3",
    train: null,
    evaluations: [],
  };
  const missing = structuredClone(failed);
  writable(missing.factors).trainSize = 128;
  missing.result = null;
  run.cells.dd = failed;
  run.cells.ee = missing;
  const plan = writable(run.plan);
  plan.cells = [...plan.cells, { id: "dd", factors: failed.factors }, { id: "ee", factors: missing.factors }];
  const setting = writable(plan.settings[0]);
  const table = writable(setting.tables[0]);
  table.rows = [...table.rows, "FT 64", "FT 128"];
  const entry = (row: string, cell: string) => ({
    row,
    column: "home",
    reference: { cell, set: "home", format: 1 as const, shots: 0, metric: "rougeL" },
    paper: null,
  });
  table.entries = [...table.entries, entry("FT 64", "dd"), entry("FT 64", "bb"), entry("FT 128", "ee")];
  return run;
}

Deno.test("report.md of a made-up run is the committed text", async () => {
  await withRun(fullRun(), async (directory) => {
    const written = await writeReport(directory);
    assertEquals([written.incomplete, written.failed], [1, 1]);
    const markdown = await Deno.readTextFile(written.markdownPath);
    if (Deno.args.includes("--update")) await Deno.writeTextFile(SNAPSHOT, markdown);
    assertEquals(markdown, await Deno.readTextFile(SNAPSHOT));
  });
});

Deno.test("a report says after how many words input texts were cut, and how to do it again", async () => {
  const run = madeUpRun();
  writable(run.plan).inputWords = 7;
  await withRun(run, async (directory) => {
    const { markdownPath } = await writeReport(directory);
    const markdown = await Deno.readTextFile(markdownPath);
    assertStringIncludes(markdown, "; input texts cut after 7 words\n");
    assertStringIncludes(markdown, " --operands 12bit --input-words 7\n");
    assertEquals((await report(directory)).inputWords, 7);
  });
});

Deno.test("a report has the same bytes twice, whatever the order in which cells were written", async () => {
  const first = await writeRun(madeUpRun());
  const second = await writeRun(madeUpRun(), ["cc", "aa", "bb"]);
  try {
    const a = await writeReport(first);
    const b = await writeReport(second);
    assertEquals(a.reportSha256, b.reportSha256);
    for (const name of ["report.json", "report.md", "report.csv"]) {
      const text = await Deno.readTextFile(`${first}/${name}`);
      assertEquals(text, await Deno.readTextFile(`${second}/${name}`));
      assert(text.endsWith("\n") && !text.includes("\r"));
      assert(!text.includes(first) && !text.includes("tmp"), `${name} names a path`);
    }
    assertEquals((await writeReport(first)).reportSha256, a.reportSha256);
    assertEquals(reportMarkdown(await report(first)), await Deno.readTextFile(`${first}/report.md`));
  } finally {
    for (const directory of [first, second]) await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("seeds are averaged item by item; a value with a missing member is withheld", async () => {
  await withRun(fullRun(), async (directory) => {
    await writeReport(directory);
    const { settings, cells } = await report(directory);
    const [table] = settings[0].tables;
    const entry = (row: string, column: string) => table.entries.find((e) => e.row === row && e.column === column)!;

    const mean = entry("FT 32", "home");
    const members = [cells[1], cells[2]].map(({ evaluations }) => evaluations[0].metrics[0].value);
    assertEquals(mean.value, fixed((Number(members[0]) + Number(members[1])) / 2, 4));
    assertEquals(mean.range, [members[0], members[1]]);
    assertEquals([mean.members, mean.present, mean.n], [2, 2, [20]]);
    assert(Number(mean.low) < Number(mean.value) && Number(mean.value) < Number(mean.high));

    const partial = entry("FT 64", "home");
    assertEquals([partial.value, partial.present, partial.members], [null, 1, 2]);
    assertEquals(partial.reason, "failed: loss is not finite at step 3");
    assertEquals(entry("FT 128", "home").reason, "missing");
  });
});

Deno.test("rates have Wilson's interval, other means the bootstrap's; items are carried compactly", async () => {
  await withRun(madeUpRun(), async (directory) => {
    await writeReport(directory);
    const { evaluations } = (await report(directory)).cells[0];
    const [rouge] = evaluations[0].metrics;
    const [accuracy] = evaluations[2].metrics;
    assertEquals([rouge.interval, accuracy.interval], ["bootstrap", "wilson"]);
    assertEquals(accuracy.value, "50.0000");
    // Wilson, 10 of 20.
    assertEquals([accuracy.low, accuracy.high], ["29.9298", "70.0702"]);
    assertEquals(rouge.items.fields, ["lcs", "predicted", "target"]);
    assert(rouge.items.values.startsWith("2/10/12 3/10/12 "));
    assertEquals(accuracy.items, { fields: ["correct"], values: "1 1 0 0 1 1 0 0 1 1 0 0 1 1 0 0 1 1 0 0" });
  });
});

Deno.test("a result whose samples do not give its value is refused", async () => {
  const run = madeUpRun();
  writable(run.cells.aa.result!.evaluations[0].metrics[0]).value = "99.0000";
  await withRun(run, async (directory) => {
    await assertRejects(
      () => writeReport(directory),
      Error,
      `${directory}/cells/aa/samples.jsonl: summary/home, format 1, 0 shots, metric rougeL: its samples' mean is 36.3636, result.json says 99.0000`,
    );
    assertEquals(await exists(`${directory}/report.json`), false);
  });
});

Deno.test("a cell without samples of an evaluation is refused", async () => {
  const run = madeUpRun();
  run.cells.bb.samples.splice(3, 1);
  await withRun(run, async (directory) => {
    await assertRejects(
      () => writeReport(directory),
      Error,
      "cells/bb/samples.jsonl: has 19 samples of summary/home, format 1, 0 shots, result.json says n = 20",
    );
  });
});

Deno.test("a cell that evaluates nothing needs no samples", async () => {
  const run = madeUpRun();
  setSamples(run.cells.aa, []);
  writable(run.plan).settings = [];
  await withRun(run, async (directory) => {
    assertEquals((await writeReport(directory)).failed, 0);
  });
});

Deno.test("a report that cannot be written names its path and leaves no temporary file", async () => {
  await withRun(madeUpRun(), async (directory) => {
    // A folder of that name stands in the way of the rename, for any user.
    await Deno.mkdir(`${directory}/report.json/x`, { recursive: true });
    await assertRejects(() => writeReport(directory), Error, `cannot write ${directory}/report.json: `);
    assertEquals(await exists(`${directory}/report.json.tmp`), false);
  });
});

Deno.test("a full disk is an error that names the path, and leaves nothing behind", async () => {
  const open = Deno.open;
  await withRun(madeUpRun(), async (directory) => {
    Deno.open = async (path, options) => {
      const file = await open(path, options);
      file.write = () => Promise.reject(new Error("No space left on device (os error 28)"));
      return file;
    };
    try {
      await assertRejects(
        () => writeReport(directory),
        Error,
        `cannot write ${directory}/report.json: No space left on device (os error 28)`,
      );
    } finally {
      Deno.open = open;
    }
    assertEquals(await exists(`${directory}/report.json`), false);
    assertEquals(await exists(`${directory}/report.json.tmp`), false);
  });
});

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("Markdown tables are aligned in their source, numbers to the right, bars and line ends made safe", () => {
  const table = {
    header: ["set", "value"],
    rows: [["a|b", "1.00"], ["long\nname", "-12.50"]],
    right: (column: number) => column === 1,
  };
  assertEquals(
    markdownTable(table),
    "| set       |  value |\n| --------- | -----: |\n| a\\|b      |   1.00 |\n| long name | -12.50 |\n",
  );
  assertEquals(csvTable({ header: ["a", "b"], rows: [['say "x", y', "2"]] }), 'a,b\n"say ""x"", y",2\n');
});

Deno.test("fixed decimals have no minus before zero", () => {
  assertEquals([fixed(-0.001, 2), fixed(-0, 2), fixed(-0.005001, 2), fixed(-0.4, 0)], ["0.00", "0.00", "-0.01", "0"]);
});

Deno.test("the CSV has one line a value", async () => {
  await withRun(fullRun(), async (directory) => {
    await writeReport(directory);
    const csv = await Deno.readTextFile(`${directory}/report.csv`);
    assertEquals(csv.split("\n").length, 1 + 6 + 2 + 2 + 1);
    assertStringIncludes(csv, "in_domain,Summary,FT 64,home,,,,,,2,1,20,,failed: loss is not finite at step 3\n");
  });
});
