/** The list of settings as text. */
import { assert, assertEquals } from "@std/assert";
import { listingText, roughly, secondsFor } from "../../benchmarks/listing.ts";
import { nothing } from "../../benchmarks/work.ts";

Deno.test("Durations are as fine as an estimate is", () => {
  const said: [number, string][] = [
    [0, "5 s"],
    [12, "10 s"],
    [54, "55 s"],
    [56, "1 min"],
    [439, "7 min"],
    [3590, "1 h 0 min"],
    [7860, "2 h 10 min"],
    [40_000, "11 h"],
    [200_000, "2 days"],
  ];
  for (const [seconds, text] of said) assertEquals(roughly(seconds), text);
});

Deno.test("Work takes the sum of its units' times", () => {
  const work = { ...nothing, steps: 10, trainedTokens: 1000 };
  assertEquals(secondsFor(work, { ...nothing, steps: 0.5, trainedTokens: 0.001, calls: 9 }), 6);
});

Deno.test("A list has two lines a run, times where there are rates, and says why something cannot run", () => {
  const runs = [
    {
      name: "in_domain",
      source: "U Figure 1",
      description: "ICL and FT.",
      amounts: { smoke: { cells: 20, work: { ...nothing, steps: 60 } }, paper: { reason: "no file" } },
    },
    {
      name: "all",
      source: "",
      description: "Every setting.",
      amounts: { smoke: { cells: 1, work: nothing }, paper: { cells: 0, work: nothing } },
    },
  ];
  const rates = { ...nothing, steps: 2 };
  assertEquals(
    listingText({ runs, rates, about: ["About."] }),
    [
      "setting    source      smoke            paper",
      "in_domain  U Figure 1  20 cells, 2 min  cannot run",
      "    ICL and FT.",
      "all                    1 cell, 5 s      no cells",
      "    Every setting.",
      "",
      "About.",
      "in_domain at profile paper cannot run: no file",
      "",
    ].join("\n"),
  );
  const untimed = listingText({ runs, rates: null, about: [] });
  assert(untimed.includes("\nin_domain  U Figure 1  20 cells  cannot run\n"), untimed);
});
