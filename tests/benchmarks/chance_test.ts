import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { chanceEntries, chanceLabels, chanceOf } from "../../benchmarks/chance.ts";
import { tasks } from "../../tasks/mod.ts";
import { stream } from "../../training/random.ts";
import { planSmoke } from "./world.ts";

const dataDir = new URL("../../fixtures/data", import.meta.url).pathname;

function rows(...outputs: string[]) {
  return outputs.map((output, i) => ({ id: String(i), fields: {}, output }));
}

Deno.test("The best constant label and labels drawn at their rates are what simulated answers reach", () => {
  const { labels } = tasks.inference;
  const gold = [...Array(6).fill(labels[0]), ...Array(3).fill(labels[1]), labels[2]];
  const found = chanceOf(tasks.inference, rows(...gold));
  assertEquals(found.constant, 60);
  assertAlmostEquals(found.drawn, 100 * (0.36 + 0.09 + 0.01), 1e-9);
  const random = stream(3, "chance");
  let right = 0;
  for (let i = 0; i < 20_000; i++) if (random.pick(gold) === gold[i % gold.length]) right++;
  assertAlmostEquals(100 * right / 20_000, found.drawn, 1.5);
});

Deno.test("A row whose answer is no label is right for neither", () => {
  const [yes, no] = tasks.detection.labels;
  assertEquals(chanceOf(tasks.detection, rows(yes, no, "-", "-")), { constant: 25, drawn: 25 });
  assertEquals(chanceOf(tasks.detection, rows("-")), { constant: 0, drawn: 0 });
});

Deno.test("Only accuracies have it", () => {
  const chance = { constant: 60, drawn: 46 };
  const at = (row: string) => ({ row, column: "c" });
  assertEquals(chanceEntries(chance, "off_label_rate", at), []);
  assertEquals(chanceEntries(undefined, "accuracy", at), []);
  assertEquals(
    chanceEntries(chance, "free_accuracy", at).map(({ row, reference }) => [row, reference]),
    [["best constant label", { constant: 60 }], ["labels drawn at their rates", { constant: 46 }]],
  );
});

Deno.test("Every table of label scores has both beside it, and stands beside generated labels and the rate of others", async () => {
  const settings = [
    "in_domain",
    "cross_task",
    "fticl_classification",
    "promot_supervised",
    "promot_nli",
    "promot_ablations",
  ];
  const { plan } = await planSmoke(dataDir, { settings });
  const isAccuracy = (metric: string) => metric === "accuracy" || metric === "free_accuracy";
  for (const { name, tables } of plan.settings) {
    const found = new Set<string>();
    for (const { title, entries } of tables) {
      const metrics = new Set(entries.flatMap(({ reference }) => "metric" in reference ? [reference.metric] : []));
      for (const metric of metrics) found.add(metric);
      const places = (label: string) => entries.filter(({ row, column }) => row === label || column === label).length;
      const [constant, drawn] = Object.values(chanceLabels).map(places);
      assertEquals(constant, drawn, title);
      // P's own tables have sets of all metrics: their label answers have tables of their own.
      if (metrics.has("accuracy") || (isAccuracy([...metrics][0]) && !name.startsWith("promot"))) {
        assert(constant > 0, `${name}: ${title}`);
      }
    }
    for (const metric of ["accuracy", "free_accuracy", "off_label_rate"]) {
      assert(found.has(metric), `${name}: ${metric}`);
    }
  }
});
