/** The README's table of datasets is held to the readers, the tasks and the embedded data. */
import { assertEquals } from "@std/assert";
import { datasets } from "../../tasks/datasets/list.ts";
import { promotTasks, tasksOf } from "../../tasks/mod.ts";

const root = new URL("../../", import.meta.url);

/** Rows of that table: role in U, role in P, set, name for `convert`. */
const rows = Deno.readTextFileSync(new URL("README.md", root)).split("\n## ")
  .find((section) => section.startsWith("Datasets\n"))!.split("\n")
  .filter((line) => line.startsWith("| ") && line.includes("`"))
  .map((line) => line.split("|").slice(2, 6).map((cell) => cell.trim().replaceAll("`", "")))
  .filter(([, , , name]) => name !== "convert");

Deno.test("the README has every dataset that convert reads, with its set, in the same order", () => {
  assertEquals(
    rows.map(([, , set, name]) => `${name} ${set}`),
    datasets.map(({ name, task, set }) => `${name} ${task}/${set}`),
  );
});

Deno.test("every set in the README has an embedded test file", () => {
  for (const [, , set] of rows) Deno.statSync(new URL(`fixtures/data/${set}_test_500.json`, root));
});

Deno.test("the roles in the README are those that the tasks give the sets", () => {
  for (const task of tasksOf("U")) {
    const { train, inDomain, outOfDomain } = task.sets;
    const role = (set: string) => rows.find(([, , path]) => path === `${task.name}/${set}`)?.[0];
    for (const set of inDomain) assertEquals(role(set), set === train ? "training" : "in-domain", set);
    for (const set of outOfDomain) assertEquals(role(set), "out-of-domain", set);
  }
  const ofP = new Map(rows.map(([, role, path]) => [path, role]));
  for (const { name, reads, sets } of promotTasks) {
    for (const set of new Set([...sets.inDomain, ...sets.outOfDomain])) {
      assertEquals(ofP.get(`${reads?.task ?? name}/${set}`), set === sets.train ? "training" : "evaluation", set);
    }
  }
  assertEquals(rows.filter(([u, p]) => u === "" && p === ""), []);
});
