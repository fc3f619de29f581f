import { assertEquals, assertRejects } from "@std/assert";
import { readRun, readSamples, readTrainSteps } from "../../reports/read_run.ts";
import { madeUpRun, withRun, writable } from "./made_up_run.ts";

/** Replaces the value at a dotted path of a JSON text; undefined removes it. */
function changed(text: string, path: string, value: unknown): string {
  const root = JSON.parse(text);
  const keys = path.split(".");
  let at = root;
  for (const key of keys.slice(0, -1)) at = at[key];
  if (value === undefined) delete at[keys.at(-1)!];
  else at[keys.at(-1)!] = value;
  return JSON.stringify(root);
}

const CASES: readonly (readonly [file: string, path: string, value: unknown, message: string])[] = [
  ["plan.json", "schema", "tunemark.plan/2", 'field "schema" must be "tunemark.plan/1", found "tunemark.plan/2"'],
  ["plan.json", "schema", undefined, 'field "schema" must be "tunemark.plan/1", found nothing'],
  ["plan.json", "profile", "huge", 'field "profile" must be "smoke" or "quick" or "paper", found "huge"'],
  ["plan.json", "seeds", 1, 'field "seeds" must be a list, found 1'],
  ["plan.json", "seeds.0", -1, 'field "seeds[0]" must be a non-negative integer, found -1'],
  [
    "plan.json",
    "cells.1.factors.trainSize",
    "32",
    'field "cells[1].factors.trainSize" must be a non-negative integer, found "32"',
  ],
  ["plan.json", "settings.0.title", undefined, 'field "settings[0].title" must be text, found nothing'],
  ["plan.json", "settings.0.cells.0", "zz", 'field "settings[0].cells" names cell "zz", which "cells" lacks'],
  [
    "plan.json",
    "settings.0.tables.0.entries.0.reference.cell",
    "zz",
    'field "settings[0].tables[0].entries[0].reference.cell" names cell "zz", which "cells" lacks',
  ],
  [
    "plan.json",
    "settings.0.tables.0.entries.0.row",
    "no",
    'field "settings[0].tables[0].entries[0].row" is "no", which is no row of its table',
  ],
  [
    "plan.json",
    "settings.0.tables.0.entries.0.column",
    "no",
    'field "settings[0].tables[0].entries[0].column" is "no", which is no column of its table',
  ],
  [
    "plan.json",
    "settings.0.tables.0.entries.0.reference.format",
    3,
    'field "settings[0].tables[0].entries[0].reference.format" must be 1 or 2, found 3',
  ],
  [
    "plan.json",
    "settings.0.tables.2.entries.0.reference.distance",
    null,
    'field "settings[0].tables[2].entries[0].reference.distance" must be text, found null',
  ],
  ["cells/bb/result.json", "schema", "other", 'field "schema" must be "tunemark.result/1", found "other"'],
  ["cells/bb/result.json", "cell", "aa", `field "cell" must be "bb", the folder's name, found "aa"`],
  ["cells/bb/result.json", "status", "done", 'field "status" must be "ok" or "failed", found "done"'],
  [
    "cells/bb/result.json",
    "identity.numericSignature",
    undefined,
    'field "identity.numericSignature" must be text, found nothing',
  ],
  ["cells/bb/result.json", "factors.seed", 7, 'field "factors.seed" must be 1, as in plan.json, found 7'],
  ["cells/bb/result.json", "train.finalLoss", "NaN", 'field "train.finalLoss" must be a number as text, found "NaN"'],
  ["cells/bb/result.json", "train.finalLoss", 1.5, 'field "train.finalLoss" must be a number as text, found 1.5'],
  [
    "cells/bb/result.json",
    "train.weightDistance.layers.1.l2",
    "",
    'field "train.weightDistance.layers[1].l2" must be a number as text, found ""',
  ],
  [
    "cells/bb/result.json",
    "train.weightDistance.groups.mlp",
    3,
    'field "train.weightDistance.groups.mlp" must be an object, found 3',
  ],
  [
    "cells/bb/result.json",
    "evaluations.0.n",
    2.5,
    'field "evaluations[0].n" must be a non-negative integer, found 2.5',
  ],
  ["cells/bb/result.json", "evaluations.0.hashes", [], 'field "evaluations[0].hashes" must be an object, found []'],
  [
    "cells/bb/result.json",
    "evaluations.0.metrics.0.better",
    "more",
    'field "evaluations[0].metrics[0].better" must be "higher" or "lower", found "more"',
  ],
  [
    "cells/bb/result.json",
    "evaluations.0.metrics.0.statistics.lcs",
    "3",
    'field "evaluations[0].metrics[0].statistics.lcs" must be a number, found "3"',
  ],
  [
    "cells/bb/spec.json",
    "schema",
    "tunemark.cell/9",
    'field "schema" must be "tunemark.cell/1", found "tunemark.cell/9"',
  ],
  ["cells/bb/spec.json", "train.rowsSha256", undefined, 'field "train.rowsSha256" must be text, found nothing'],
];

for (const [file, path, value, message] of CASES) {
  Deno.test(`${file} with ${path} = ${JSON.stringify(value)} is refused, by name`, async () => {
    await withRun(madeUpRun(), async (directory) => {
      const at = `${directory}/${file}`;
      await Deno.writeTextFile(at, changed(await Deno.readTextFile(at), path, value));
      const error = await assertRejects(() => readRun(directory), Error);
      assertEquals(error.message, `${at}: ${message}`);
    });
  });
}

Deno.test("files that are no JSON, or not there, are refused by name", async () => {
  await withRun(madeUpRun(), async (directory) => {
    const message = async () => (await assertRejects(() => readRun(directory), Error)).message;
    await Deno.writeTextFile(`${directory}/cells/bb/result.json`, '{"schema": ');
    assertEquals(await message(), `${directory}/cells/bb/result.json: is not JSON`);
    await Deno.writeTextFile(`${directory}/cells/bb/result.json`, "[]");
    assertEquals(
      await message(),
      `${directory}/cells/bb/result.json: field "schema" must be "tunemark.result/1", found nothing`,
    );
    await Deno.remove(`${directory}/cells/bb/result.json`);
    await Deno.remove(`${directory}/cells/cc/spec.json`);
    assertEquals(
      await message(),
      `${directory}/cells/cc/spec.json: does not exist; a cell with a result.json must have it`,
    );
    await Deno.remove(`${directory}/plan.json`);
    assertEquals(await message(), `${directory}/plan.json: does not exist; a run's folder must have it`);
  });
});

Deno.test("a cell without a result is there, with none; a folder that the plan lacks is left alone", async () => {
  const run = madeUpRun();
  run.cells.bb.result = null;
  await withRun(run, async (directory) => {
    await Deno.mkdir(`${directory}/cells/old`);
    await Deno.writeTextFile(`${directory}/cells/old/result.json`, "not JSON");
    const { cells } = await readRun(directory);
    assertEquals(cells.map(({ id, result }) => [id, result !== null]), [["aa", true], ["bb", false], ["cc", true]]);
  });
});

Deno.test("lines of samples and steps are checked one by one", async () => {
  await withRun(madeUpRun(), async (directory) => {
    const path = `${directory}/cells/bb/samples.jsonl`;
    const lines = (await Deno.readTextFile(path)).split("\n");
    const message = async (line: string) => {
      await Deno.writeTextFile(path, [lines[0], line, ...lines.slice(2)].join("\n"));
      return (await assertRejects(() => readSamples(directory, "bb"), Error)).message;
    };
    assertEquals(await message("{"), `${path}: line 2: is not JSON`);
    assertEquals(await message("3"), `${path}: line 2: field "(whole file)" must be an object, found 3`);
    assertEquals(await message(changed(lines[1], "id", 3)), `${path}: line 2: field "id" must be text, found 3`);
    assertEquals(
      await message(changed(lines[1], "statistics.rougeL.lcs", null)),
      `${path}: line 2: field "statistics.rougeL.lcs" must be a number, found null`,
    );
    await Deno.writeTextFile(path, lines.slice(0, 2).join("\n"));
    const cut = await assertRejects(() => readSamples(directory, "bb"), Error);
    assertEquals(cut.message, `${path}: line 2 has no end: the file is cut short`);

    assertEquals((await readTrainSteps(directory, "bb")).length, 4);
    assertEquals(await readTrainSteps(directory, "aa"), []);
  });
});

Deno.test("an entry that names what its cell was not evaluated on has no value, and says so", async () => {
  const { buildReport } = await import("../../reports/build.ts");
  const run = madeUpRun();
  const [first, second] = run.plan.settings[0].tables;
  writable(first.entries[0].reference as { metric: string }).metric = "bleu";
  writable(second).entries = [{
    row: "ICL",
    column: "stars",
    reference: { cell: "aa", distance: "overall.l2" },
    paper: null,
  }];
  await withRun(run, async (directory) => {
    const { settings } = await buildReport(await readRun(directory));
    assertEquals(settings[0].tables[0].entries[0].reason, "the cell has no bleu of home, format 1, 0 shots");
    assertEquals(settings[0].tables[1].entries[0].reason, 'the cell has no weight distance "overall.l2"');
  });
});
