/** Input texts that are cut after some words: as if the files had been cut. */
import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openData } from "../../benchmarks/data.ts";
import { describePlan } from "../../benchmarks/dry_run.ts";
import { withPlanner } from "../../benchmarks/planner.ts";
import { tasksOf } from "../../tasks/mod.ts";
import { planSmoke, withAllData } from "./world.ts";

/** A copy of a data folder with each input text cut to its first two words, each of which is followed by one space. */
async function cutCopy(from: string, to: string): Promise<void> {
  for (const { name, fields } of tasksOf("U")) {
    for (const folder of [name, `${name}/few_shot`]) {
      await Deno.mkdir(`${to}/${folder}`, { recursive: true });
      for await (const { name: file, isFile } of Deno.readDir(`${from}/${folder}`)) {
        if (!isFile) continue;
        const rows: Record<string, string>[] = JSON.parse(await Deno.readTextFile(`${from}/${folder}/${file}`));
        for (const row of rows) for (const field of fields) row[field] = row[field].split(" ").slice(0, 2).join(" ");
        await Deno.writeTextFile(`${to}/${folder}/${file}`, JSON.stringify(rows));
      }
    }
  }
}

Deno.test("Rows, demonstrations and validation rows have the first words of their inputs, and whole outputs", () =>
  withAllData(async (_, dataDir) => {
    const [whole, cut] = [openData(dataDir), openData(dataDir, 2)];
    assertEquals([whole.inputWords, cut.inputWords], [undefined, 2]);
    for (const task of tasksOf("U")) {
      const set = task.sets.train!;
      for (
        const read of [
          (data: typeof cut) => data.train(task, set, 16),
          (data: typeof cut) => data.test(task, set, 4),
          (data: typeof cut) => data.demonstrations(task, set, 3),
          (data: typeof cut) => data.validation(task, set, 5),
        ]
      ) {
        const [before, after] = [await read(whole), await read(cut)];
        assertNotEquals(after.sha256, before.sha256);
        assertEquals(
          after.rows,
          before.rows.map((row) => ({
            ...row,
            fields: Object.fromEntries(task.fields.map((name) => [name, row.fields[name].split(" ", 2).join(" ")])),
          })),
        );
      }
    }
  }));

Deno.test("Cells over cut texts are those over files that were cut", () =>
  withAllData(async (folder, dataDir) => {
    await cutCopy(dataDir, `${folder}/cut`);
    const cut = await planSmoke("", { run: { data: openData(dataDir, 2) } });
    const { plan: { inputWords, ...plan }, specs } = cut;
    const copy = await planSmoke(`${folder}/cut`);
    assertEquals(inputWords, 2);
    assertEquals([specs, plan], [copy.specs, copy.plan]);
    const whole = await planSmoke(dataDir);
    assertEquals("inputWords" in whole.plan, false);
    assert([...whole.specs.keys()].every((id) => !specs.has(id)));
  }));

Deno.test("Where no text has more words, cells are as they were", () =>
  withAllData(async (_, dataDir) => {
    const { plan: { inputWords, ...plan }, specs } = await planSmoke("", { run: { data: openData(dataDir, 100) } });
    assertEquals(inputWords, 100);
    const whole = await planSmoke(dataDir);
    assertEquals([specs, plan], [whole.specs, whole.plan]);
  }));

Deno.test("A dry run shows cut texts, and says after how many words", () =>
  withAllData(async (_, dataDir) => {
    const data = openData(dataDir, 2);
    const text = await describePlan(
      await planSmoke("", { run: { data, only: { task: "sentiment", set: "amazon" } } }),
      data,
    );
    assertStringIncludes(text, ", data test data, input texts cut after 2 words, operands ");
    assertStringIncludes(text, "\n### Input:\namazon demo\n### Sentiment:positive\n\n");
    assertStringIncludes(text, "\n### Input:\namazon test\n### Sentiment:\n--- answer\npositive\n");
  }));

Deno.test("Fewer than one word is refused", async () => {
  for (const inputWords of [0, 1.5, NaN]) {
    const options = { modelDir: "", dataDir: "", seeds: 1, only: {}, operands: "12bit" as const, inputWords };
    const plan = () => withPlanner(options, () => Promise.resolve());
    await assertRejects(plan, Error, `input words is ${inputWords}; valid: a whole number from 1`);
  }
});
