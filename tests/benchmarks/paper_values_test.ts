import { assert, assertEquals } from "@std/assert";
import {
  crossTaskScore,
  figure1,
  figure2,
  figure3,
  figures4To7,
  inContextPanel,
  type PaperCurves,
  paperScore,
  section53,
} from "../../benchmarks/paper_values.ts";
import { tasksOf } from "../../tasks/mod.ts";
import { testWithSharedData } from "../shared_data.ts";

/** Names of the sets as the digitised tables write them. */
const names: Record<string, string> = {
  xsum: "XSum (R-L) | 0/1/2/4",
  xlsum: "XLSum | 0/1/2/4",
  socialqa: "Socialqa | 0/1/2/4",
  amazon: "Amazon | 0/2/4/6",
  amazonfood: "AmazonFood | 0/2/4/6",
  paws: "PAWS (acc) | 0/2/4/6",
  multinli: "MNLI-1 | 0/3/5/7",
  multinli2: "MNLI-2 | 0/3/5/7",
  pdfs: "PeerRead 0/1/2/4",
  cnn: "CNN/DM 0/1/2/4",
  tweetqa: "Tweetqa 0/1/2/4",
  sciqa: "Sciqa 0/1/2/4",
  sst2: "SST-2 0/2/4/6",
  yelp: "Yelp 0/2/4/6",
  qqp: "QQP 0/2/4/6",
  stsb: "STS-B 0/2/4/6",
  rte: "RTE 0/3/5/7",
  gptnli: "GPTNLI 0/3/5/7",
};

function curvesIn(text: string): (number | null)[] {
  // Bold and `~` (a hidden marker) are marks of the table.
  const values = text.replace(/[*~]/g, "").split("/").map((value) => value.trim());
  return values.map((value) => value === "–" ? null : Math.round(Number(value) * 1000) / 10);
}

testWithSharedData("The paper's curves are those of the digitised figures", "../reference/papers.md", async (path) => {
  const lines = (await Deno.readTextFile(path)).split("\n");
  for (const [set, curves] of Object.entries({ ...figure1, ...figure2 }) as [string, PaperCurves][]) {
    const line = lines.find((text) => text.startsWith(`| ${names[set]} |`))!;
    assertEquals(line.split("|").slice(1, -1).slice(-4).map(curvesIn), curves.bySize.map((curve) => [...curve]), set);
  }
});

/** Short names of sets in the tables of Figures 3 to 7. */
const short: Record<string, string> = {
  xsum: "XSum",
  socialqa: "Socialqa",
  amazon: "Amazon",
  multinli: "MNLI-1",
  paws: "PAWS",
  pdfs: "PeerRead",
  sciqa: "Sciqa",
  sst2: "SST-2",
  stsb: "STS-B",
  rte: "RTE",
};

testWithSharedData("Figure 3 is that of the digitised table", "../reference/papers.md", async (path) => {
  const lines = (await Deno.readTextFile(path)).split("\n");
  const sources = ["none", "xsum", "socialqa", "amazon", "multinli", "paws"];
  for (const [set, formats] of Object.entries(figure3)) {
    formats.forEach(({ panel, shots, byTrainSet }, f) => {
      const line = lines.find((text) => text.startsWith(`| (${panel}) ${short[set]} p${f + 1} |`))!;
      const [, , head, ...columns] = line.split("|").map((text) => text.trim());
      assertEquals(head, shots.join("/"));
      sources.forEach((source, i) => {
        const text = columns[i];
        const found = text === "–" ? undefined : text === "~0" ? shots.map(() => 0) : curvesIn(text);
        assertEquals(byTrainSet[source], found, `${panel} ${source}`);
      });
    });
  }
});

testWithSharedData("Figures 4 to 7 are those of the digitised table", "../reference/papers.md", async (path) => {
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(figures4To7.length, 21);
  const percent = (text: string) => Math.round(Number(text) * 1000) / 10;
  for (const { panel, train, test, icl, fticl, ft } of figures4To7) {
    const line = lines.find((text) => text.startsWith(`| ${panel} |`))!;
    const [, , way, bars, small, large, plain] = line.split("|").map((text) => text.trim());
    assertEquals(way, `${short[train].replace("MNLI-1", "MNLI")} → ${short[test]}`);
    const counts = [...bars.matchAll(/B(\d) (\.\d+)/g)].map(([, k, score]) => [Number(k), percent(score)]);
    assertEquals([...icl], counts as [number, number][]);
    assertEquals(
      [...fticl],
      [small, large].map((text) => {
        const [, k, score] = /^FC(\d) (\S+)/.exec(text)!;
        return [Number(k), percent(score)];
      }),
    );
    assertEquals(ft, percent(plain.split(" ")[0]));
  }
});

Deno.test("Every set of each of U's tasks has its curves, at the task's own shot counts", () => {
  for (const task of tasksOf("U")) {
    for (const set of task.sets.inDomain) assertEquals(figure1[set].shots, task.shots);
    for (const set of task.sets.outOfDomain) assertEquals(figure2[set].shots, task.shots);
  }
  for (const { ft, fticl } of Object.values(section53)) assert(fticl < ft);
});

Deno.test("paperScore is null for what the paper does not give", () => {
  assertEquals(paperScore(figure1, "xsum", 0, 1), 32.6);
  assertEquals(paperScore(figure1, "xsum", 0, 0), null);
  assertEquals(paperScore(figure1, "xsum", 3, 1), null);
  assertEquals(paperScore(figure1, "nowhere", 0, 1), null);
});

Deno.test("crossTaskScore and inContextPanel know what the figures have, and no more", () => {
  assertEquals(crossTaskScore("xsum", 2, "amazon", 4), 16.7);
  assertEquals(crossTaskScore("xsum", 1, "amazon", 0), null);
  assertEquals(crossTaskScore("xsum", 1, "xsum", 1), null);
  assertEquals(crossTaskScore("cnn", 1, "none", 1), null);
  assertEquals(inContextPanel("xsum", "pdfs")?.panel, "4b");
  assertEquals(inContextPanel("pdfs", "xsum"), undefined);
});
