import { assertEquals, assertRejects } from "@std/assert";
import { openData } from "../../benchmarks/data.ts";
import { findTask, promotTasks, renderContext, tasks } from "../../tasks/mod.ts";

const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;
const data = openData(dataDir);
const [rte, inference] = promotTasks;
const summary = findTask("promot_summary");

Deno.test("P's words for U's rows: prompts of Table 7, labels for relations, the same texts", async () => {
  const [row] = (await data.test(rte, "rte", 1)).rows;
  const [ofU] = (await data.test(tasks.inference, "rte", 1)).rows;
  assertEquals(row, { ...ofU, output: ofU.output === "entailment" ? "True" : "False" });
  assertEquals(
    renderContext(rte, 1, [], row),
    `${row.fields.input_1} question: ${row.fields.input_2} Is it true or false? answer:`,
  );
  const words = new Set((await data.test(inference, "cb", 500)).rows.map(({ output }) => output));
  assertEquals(words, new Set(inference.labels));
  assertEquals((await data.demonstrations(inference, "cb", 4)).rows.length, 4);
  assertEquals(
    (await data.test(summary, "wikilingua", 5)).rows,
    (await data.test(tasks.summary, "wikilingua", 5)).rows,
  );
  assertEquals((await data.sets(summary)).present.map(({ set }) => set), ["xsum", "wikilingua"]);
});

Deno.test("P's tasks in U's folders are found by name, and are in no list of folders", () => {
  for (const task of promotTasks) {
    assertEquals(findTask(task.name), task);
    assertEquals(Object.hasOwn(tasks, task.name), task.reads === undefined);
    assertEquals(task.paper, "P");
  }
});

Deno.test("Where a training set has no rows another stands in, of whose rows only those that fit the labels count", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    await Deno.mkdir(`${folder}/inference/few_shot`, { recursive: true });
    const relations = ["contradiction", "entailment", "neutral"];
    const rows = (n: number) =>
      JSON.stringify(
        Array.from({ length: n }, (_, i) => ({ input_1: `p ${i}`, input_2: `h ${i}`, output: relations[i % 3] })),
      );
    await Deno.writeTextFile(`${folder}/inference/multinli_train_9.json`, rows(9));
    await Deno.writeTextFile(`${folder}/inference/few_shot/multinli_few_shot.json`, rows(3));
    const own = openData(folder);
    assertEquals(await own.trainingSet(rte), "multinli");
    assertEquals((await own.train(rte, "multinli", 6)).rows.map(({ output }) => output).slice(0, 3), [
      "True",
      "False",
      "True",
    ]);
    assertEquals((await own.validation(rte, "multinli", 2)).rows.map(({ id }) => id), ["7", "8"]);
    assertEquals((await own.demonstrations(rte, "multinli", 1)).rows[0].fields.input_1, "p 1");
    await assertRejects(() => own.train(rte, "multinli", 7), Error, "holds 6 rows of promot_rte, 7 were asked for");
    await assertRejects(
      () => own.demonstrations(rte, "multinli", 3),
      Error,
      "holds 2 rows of promot_rte, 3 were asked",
    );
    assertEquals([await own.holds(rte), await own.holds(inference)], [false, false]);
    await Deno.writeTextFile(`${folder}/inference/cb_test_3.json`, rows(3));
    assertEquals([await own.holds(rte), await own.holds(inference)], [false, true]);
    assertEquals(await own.sets(inference), {
      present: [{ set: "cb", relation: "out-of-domain" }],
      absent: ["snli"],
    });
    await Deno.writeTextFile(`${folder}/inference/rte_train_3.json`, rows(3).replaceAll("contradiction", "neutral"));
    assertEquals(await openData(folder).trainingSet(rte), "rte");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
