/** Medians and quartiles of windows. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { quantile, summarize } from "../../perf/statistics.ts";

Deno.test("quantile() is linear between neighbours, as numpy's default", () => {
  assertEquals(quantile([1, 2, 3, 4], 0.5), 2.5);
  assertEquals(quantile([1, 2, 3, 4], 0.25), 1.75);
  assertEquals([0, 1].map((share) => quantile([3, 5, 9], share)), [3, 9]);
  assertEquals(quantile([7], 0.9), 7);
});

Deno.test("summarize() sorts by value, counts windows, and one slow window does not move the median", () => {
  assertEquals(summarize([10, 9, 100]), { median: 10, low: 9.5, high: 55, windows: 3 });
  assertAlmostEquals(summarize([2, 1]).median, 1.5);
});

Deno.test("summarize() refuses an empty list", () => {
  assertThrows(() => summarize([]), Error, "at least one window");
});
