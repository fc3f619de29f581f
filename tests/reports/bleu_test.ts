import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bleuFields } from "../../reports/bleu.ts";
import { itemValue, itemValues, packItems, statisticsKind, valueOver } from "../../reports/items.ts";
import { bootstrapInterval } from "../../reports/statistics.ts";
import { bleu, bleuStatistics } from "../../tasks/metrics/bleu.ts";

const pairs = [
  ["le chat dort sur le tapis .", "le chat dort sur un tapis ."],
  ["il mange", "il mange une pomme rouge ."],
  ["la maison est grande .", "la maison est grande ."],
  ["", "rien ."],
  ["elle voit les enfants jouer dans le parc .", "elle regarde les enfants dans le parc ."],
];
const items = pairs.map(([prediction, reference]) => bleuStatistics(prediction, [reference]));
const all = items.map((_, i) => i);

Deno.test("BLEU of items, of one and of resampled ones is the metric's own", () => {
  assertEquals(Object.keys(items[0]).sort(), [...bleuFields]);
  assertEquals(statisticsKind(Object.keys(items[0])), "bleu");
  const over = valueOver(items);
  assertEquals(over(all), bleu.aggregate(items));
  assertEquals(over([4, 4, 0, 2, 1]), bleu.aggregate([4, 4, 0, 2, 1].map((i) => items[i])));
  for (const item of items) assertEquals(itemValue(item), bleu.value(item));
  assertThrows(() => statisticsKind(["matches_1", "predicted"]), Error, "or BLEU's counts");
});

Deno.test("The mean of items' values is corpus BLEU, and an item that helps has the more", () => {
  const values = itemValues(packItems(items));
  assertAlmostEquals(values.reduce((a, b) => a + b) / values.length, bleu.aggregate(items), 1e-9);
  assert(values[2] > values[3]);
  assertEquals(itemValues({ fields: [], values: "" }), []);
});

Deno.test("BLEU's interval is of corpora of resampled items", async () => {
  const { low, high } = await bootstrapInterval(items.length, valueOver(items), { resamples: 500, seed: "test" });
  const whole = bleu.aggregate(items);
  assert(low < whole && whole < high && low >= 0 && high <= 100);
});
