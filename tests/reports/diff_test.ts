import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { CellResult } from "../../benchmarks/types.ts";
import { diff } from "../../reports/diff/mod.ts";
import type { DiffResult } from "../../reports/diff/types.ts";
import { writeReport } from "../../reports/report.ts";
import {
  type MadeUpRun,
  madeUpRun,
  sentimentSamples,
  setSamples,
  summarySamples,
  writable,
  writeRun,
} from "./made_up_run.ts";

const OPTIONS = { format: "json", samples: false, failOn: "regression" } as const;

/** Writes two runs, compares them, removes them. */
async function compared(
  a: MadeUpRun,
  b: MadeUpRun,
  options: Partial<Parameters<typeof diff>[2]> = {},
): Promise<{ result: DiffResult; text: string; exitCode: number }> {
  const directories = [await writeRun(a), await writeRun(b)];
  try {
    const { text, exitCode } = await diff(directories[0], directories[1], { ...OPTIONS, ...options });
    const json = options.format === undefined ? JSON.parse(text) : null;
    return { result: json, text: text.replaceAll(directories[0], "A").replaceAll(directories[1], "B"), exitCode };
  } finally {
    for (const directory of directories) await Deno.remove(directory, { recursive: true });
  }
}

function rows(result: DiffResult, label: string) {
  return result.cells.find((cell) => cell.label.startsWith(label))!.rows;
}

/** Moves a run to another adapter: comparisons become statistical. */
function otherAdapter(run: MadeUpRun): MadeUpRun {
  for (const cell of Object.values(run.cells)) {
    writable(cell.result!.identity).numericSignature = "fedcba9876543210".repeat(4);
  }
  return run;
}

Deno.test("equal runs are equal: exit code 0", async () => {
  const { result, exitCode } = await compared(madeUpRun(), madeUpRun());
  // Three cells with four values each, two of them with weights.
  assertEquals(result.counts, { "=": 14, "+": 0, "-": 0, "~": 0, "x": 0, "?": 0 });
  assertEquals([exitCode, result.verdict], [0, "no change"]);
  assertEquals(result.cells.map(({ mode }) => mode), ["exact", "exact", "exact"]);
});

Deno.test("exact mode names the first differing step and sample, and marks by direction", async () => {
  const b = madeUpRun();
  const cell = b.cells.bb;
  writable(cell.steps[2]).loss = "1.51";
  const samples = structuredClone(cell.samples);
  writable(samples[3].statistics.rougeL).lcs -= 1;
  writable(samples[3]).output = "worse";
  writable(samples.find(({ set }) => set === "away")!.statistics.rougeL).lcs += 1;
  setSamples(cell, samples);
  writable(cell.result!.train!).weightsSha256 = "ee".repeat(32);

  const { result, exitCode } = await compared(madeUpRun(), b);
  assertEquals([exitCode, result.verdict], [1, "regression in 1 of 14 compared"]);
  assertEquals(result.counts, { "=": 11, "+": 1, "-": 1, "~": 1, "x": 0, "?": 0 });
  const [weights, home, away] = rows(result, "ft, summary/home, 32 rows, 0 shots, seed 1");
  assertEquals([weights.mark, weights.notes], ["~", [
    "weights differ",
    'first differing step 3: loss "1.5" -> "1.51"',
  ]]);
  assertEquals([home.mark, home.difference, home.p], ["-", "-0.4545", null]);
  assertEquals(home.notes, ['first differing sample "home-3" (row 4): output "text 3 1" -> "worse"']);
  assertEquals(away.mark, "+");
  assertEquals(away.notes, [
    'first differing sample "away-0" (row 1): rougeL {"lcs":2,"predicted":10,"target":12} -> {"lcs":3,"predicted":10,"target":12}',
  ]);
});

Deno.test("exact mode sees a margin that moved while no value did; only --fail-on any minds", async () => {
  const b = madeUpRun();
  writable(b.cells.aa.samples[0]).margin = "0.2500001";
  const { result, exitCode } = await compared(madeUpRun(), b);
  assertEquals([exitCode, result.verdict, result.counts["~"]], [0, "no regression", 1]);
  assertEquals(rows(result, "icl")[0].notes, ['first differing sample "home-0" (row 1): margin "0.25" -> "0.2500001"']);
  const strict = await compared(madeUpRun(), b, { failOn: "any" });
  assertEquals([strict.exitCode, strict.result.verdict], [1, "difference in 1 of 14 compared"]);
});

Deno.test("a metric of which less is better turns the marks round", async () => {
  const b = madeUpRun();
  const samples = structuredClone(b.cells.aa.samples);
  for (const sample of samples.filter(({ task }) => task === "sentiment")) {
    writable(sample.statistics.off_label_rate).off_label = 0;
  }
  setSamples(b.cells.aa, samples);
  const { result, exitCode } = await compared(madeUpRun(), b);
  const row = rows(result, "icl").find(({ what }) => what === "off_label_rate")!;
  assertEquals([row.mark, row.difference, exitCode], ["+", "-15.0000", 0]);
});

Deno.test("an improvement is a difference for --fail-on any only", async () => {
  const b = madeUpRun();
  setSamples(
    b.cells.aa,
    b.cells.aa.samples.map((sample) =>
      sample.set === "home" ? { ...sample, statistics: { rougeL: { lcs: 10, predicted: 10, target: 12 } } } : sample
    ),
  );
  assertEquals((await compared(madeUpRun(), b)).exitCode, 0);
  assertEquals((await compared(madeUpRun(), b, { failOn: "any" })).exitCode, 1);
});

for (
  const [what, change] of [
    ["base model weights", (result: CellResult) => writable(result.identity).modelWeights = "ff".repeat(32)],
    ["base model config", (result: CellResult) => writable(result.identity).modelConfig = "ff".repeat(32)],
    ["tokenizer", (result: CellResult) => writable(result.identity).tokenizer = "ff".repeat(32)],
  ] as const
) {
  Deno.test(`cells whose ${what} differs are not compared`, async () => {
    const b = madeUpRun();
    change(b.cells.aa.result!);
    const { result, exitCode } = await compared(madeUpRun(), b);
    const [row, ...others] = rows(result, "icl");
    assertEquals([exitCode, others.length, row.mark, row.what, row.notes.length], [2, 0, "x", "cell", 1]);
    assert(
      row.notes[0].startsWith(`different ${what}: `) && row.notes[0].endsWith(" and ffffffffffffffff"),
      row.notes[0],
    );
  });
}

for (
  const [what, field] of [
    ["training rows", "rowsSha256"],
    ["training demonstrations", "demonstrationsSha256"],
    ["training prompt", "prompt"],
  ] as const
) {
  Deno.test(`cells whose ${what} differ are not compared`, async () => {
    const b = madeUpRun();
    writable(b.cells.bb.spec.train!)[field] = "other";
    const { result, exitCode } = await compared(madeUpRun(), b);
    const [row] = rows(result, "ft, summary/home, 32 rows, 0 shots, seed 1");
    const before = b.cells.cc.spec.train![field];
    assertEquals([exitCode, row.mark, row.notes], [2, "x", [`different ${what}: ${before} and other`]]);
  });
}

for (
  const [what, field] of [
    ["prompt", "prompt"],
    ["data rows", "rows"],
    ["demonstrations", "demonstrations"],
    ["input tokens", "inputTokens"],
  ] as const
) {
  Deno.test(`evaluations whose ${what} differ are not compared`, async () => {
    const b = madeUpRun();
    const { hashes } = b.cells.aa.result!.evaluations[0];
    const before = hashes[field];
    writable(hashes)[field] = "other";
    const { result, exitCode } = await compared(madeUpRun(), b);
    const [row, next] = rows(result, "icl");
    assertEquals([exitCode, row.mark, row.what, row.evaluation], [
      2,
      "x",
      "evaluation",
      "summary/home, format 1, 0 shots",
    ]);
    assertEquals(row.notes, [`different ${what}: ${before} and other`]);
    assertEquals(next.mark, "=");
  });
}

Deno.test("a metric whose scorer differs is not compared", async () => {
  const b = madeUpRun();
  writable(b.cells.aa.result!.evaluations[2].metrics[0]).signature = "accuracy|made-up:2";
  const { result, exitCode } = await compared(madeUpRun(), b);
  const row = rows(result, "icl")[2];
  assertEquals([exitCode, row.mark, row.what], [2, "x", "accuracy"]);
  assertEquals(row.notes, ["different scorer: accuracy|made-up:1 and accuracy|made-up:2"]);
});

Deno.test("what one side lacks is marked ? with the reason, and the exit code is 2", async () => {
  const b = madeUpRun();
  b.cells.aa.result = null;
  const failed = b.cells.bb;
  failed.result = { ...failed.result!, status: "failed", reason: "device lost", train: null, evaluations: [] };
  const c = b.cells.cc;
  setSamples(
    c,
    c.samples.filter(({ set }) => set !== "away").map((sample) => {
      const { off_label_rate: _, ...statistics } = sample.statistics;
      return { ...sample, statistics };
    }),
  );
  const { result, exitCode } = await compared(madeUpRun(), b);
  assertEquals([exitCode, result.verdict], [2, "0 not comparable, 4 missing on a side"]);
  assertEquals(rows(result, "icl").map(({ mark, notes }) => [mark, ...notes]), [["?", "no result in B"]]);
  assertEquals(rows(result, "ft, summary/home, 32 rows, 0 shots, seed 1")[0].notes, ["failed in B: device lost"]);
  assertEquals(
    rows(result, "ft, summary/home, 32 rows, 0 shots, seed 2").map(({ mark, what, notes }) => [mark, what, ...notes]),
    [["=", "weights"], ["=", "rougeL"], ["?", "evaluation", "not in B"], ["=", "accuracy"], [
      "?",
      "off_label_rate",
      "not in B",
    ]],
  );
});

Deno.test("cells that only one side plans are marked ?, in A's order, then B's", async () => {
  const [a, b] = [madeUpRun(), madeUpRun()];
  delete b.cells.cc;
  writable(b.plan).settings = [];
  writable(b.plan).cells = b.plan.cells.filter(({ id }) => id !== "cc");
  const { result } = await compared(a, b);
  assertEquals(rows(result, "ft, summary/home, 32 rows, 0 shots, seed 2")[0].notes, ["not in B"]);
  const back = await compared(b, a);
  assertEquals(back.result.cells.at(-1)!.rows[0].notes, ["not in A"]);
  writable(a.plan).settings = [];
  writable(a.plan).cells = [];
  assertEquals((await compared(a, a)).result.verdict, "nothing to compare");
  assertEquals((await compared(a, a)).exitCode, 2);
});

Deno.test("on another adapter equal items are equal, and differences are tested in pairs", async () => {
  const a = madeUpRun(40);
  const b = otherAdapter(madeUpRun(40));
  // icl: 9 of 40 answers lost, none won; ROUGE of one set slightly moved both ways.
  setSamples(b.cells.aa, [
    ...summarySamples("home", 40, 0).map((sample, i) => {
      const lcs = sample.statistics.rougeL.lcs + (i % 2 === 0 ? 1 : -1);
      return { ...sample, statistics: { rougeL: { ...sample.statistics.rougeL, lcs } } };
    }),
    ...summarySamples("away", 40, 0),
    ...sentimentSamples("stars", 40, (i) => i % 4 < 2 && i >= 18),
  ]);
  const { result, exitCode } = await compared(a, b);
  const [home, away, accuracy] = rows(result, "icl");
  assertEquals([home.mark, home.difference, home.test, home.adjusted], ["~", "0.0000", "paired bootstrap", "1.0000"]);
  assertEquals([away.mark, away.test], ["=", null]);
  // 10 discordant pairs, all lost: p = 2 / 2^10.
  assertEquals([accuracy.mark, accuracy.test, accuracy.discordant], ["-", "McNemar exact", [10, 0]]);
  assertEquals([accuracy.difference, accuracy.p, accuracy.adjusted, accuracy.n], ["-25.0000", "0.0020", "0.0020", 40]);
  assert(Number(accuracy.low) < -25 && Number(accuracy.high) > -25 && Number(accuracy.high) < 0);
  assertEquals(exitCode, 1);
  assertEquals(result.cells[0].notes, ["different numeric signature: 0123456789abcdef and fedcba9876543210"]);
});

Deno.test("Holm's correction is over a task and metric: what is significant alone may not be in a family", async () => {
  // Each cell loses 6 of 6 discordant answers: p = 2 / 2^6 = 0.03125 each, times 3, 2, 1 with a running maximum.
  const lose = (run: MadeUpRun, ids: string[]) => {
    for (const id of ids) {
      const cell = run.cells[id];
      let lost = 0;
      setSamples(
        cell,
        cell.samples.map((sample) => {
          if (sample.task !== "sentiment" || sample.statistics.accuracy.correct === 0 || lost === 6) return sample;
          lost++;
          return { ...sample, statistics: { ...sample.statistics, accuracy: { correct: 0 } } };
        }),
      );
    }
    return run;
  };
  const alone = await compared(madeUpRun(), lose(otherAdapter(madeUpRun()), ["aa"]));
  const first = rows(alone.result, "icl")[2];
  assertEquals([first.mark, first.p, first.adjusted, alone.exitCode], ["-", "0.0313", "0.0313", 1]);
  const family = await compared(madeUpRun(), lose(otherAdapter(madeUpRun()), ["aa", "bb", "cc"]));
  const second = rows(family.result, "icl")[2];
  assertEquals([second.mark, second.p, second.adjusted, family.exitCode], ["~", "0.0313", "0.0938", 0]);
});

Deno.test("other hyper-parameters or operands are compared by paired tests, other kernels exactly; all are named", async () => {
  const b = madeUpRun();
  writable(b.cells.bb.spec).method = {
    ...b.cells.bb.spec.method,
    learningRate: 0.002,
  } as typeof b.cells.bb.spec.method;
  for (const id of ["aa", "cc"] as const) writable(b.cells[id].result!.identity).kernels = "beef".repeat(16);
  writable(b.cells.cc.result!.identity).operands = "f32";
  const { result, exitCode } = await compared(madeUpRun(), b);
  assertEquals(result.cells.map(({ mode }) => mode), ["exact", "statistical", "statistical"]);
  assertEquals(result.cells[0].notes, ["different kernels: cafecafecafecafe and beefbeefbeefbeef"]);
  assertEquals(result.cells[1].notes, ["different learningRate: 0.001 and 0.002"]);
  assertEquals(result.cells[2].notes, [
    "different kernels: cafecafecafecafe and beefbeefbeefbeef",
    "different operands: 12bit and f32",
  ]);
  assertEquals(exitCode, 0);
});

Deno.test("--samples lists the items that differ, with texts and margins", async () => {
  const b = madeUpRun();
  const samples = structuredClone(b.cells.aa.samples);
  writable(samples[3].statistics.rougeL).lcs -= 1;
  writable(samples[3]).output = "worse";
  setSamples(b.cells.aa, samples);
  const { result } = await compared(madeUpRun(), b, { samples: true });
  assertEquals(rows(result, "icl")[0].flips, [{
    id: "home-3",
    a: "45.45",
    b: "36.36",
    outputs: ["text 3 0", "worse"],
    margins: ["0.25", "0.25"],
  }]);
  const { text } = await compared(madeUpRun(), b, { samples: true, format: "text" });
  assertStringIncludes(text, '      home-3: 45.45 -> 36.36; "text 3 0" -> "worse"; margin 0.25 -> 0.25\n');
});

Deno.test("text and Markdown show what differs and count what does not", async () => {
  const b = madeUpRun();
  const samples = structuredClone(b.cells.aa.samples);
  writable(samples[3].statistics.rougeL).lcs -= 1;
  setSamples(b.cells.aa, samples);
  const { text } = await compared(madeUpRun(), b, { format: "text" });
  assertEquals(
    text,
    `A  A: suite 0.1.0, smoke, model mini, operands 12bit, kernels cafecafecafecafe, signature 0123456789abcdef
B  B: suite 0.1.0, smoke, model mini, operands 12bit, kernels cafecafecafecafe, signature 0123456789abcdef
3 cells compared exactly: same numeric signature, operands and hyper-parameters.

icl on summary and sentiment
  - summary/home, format 1, 0 shots: rougeL  36.36 -> 35.91  -0.45, n 20
      first differing sample "home-3" (row 4): rougeL {"lcs":5,"predicted":10,"target":12} -> {"lcs":4,"predicted":10,"target":12}
  = 3 equal
= ft, summary/home, 32 rows, 0 shots, seed 1: all 5 equal
= ft, summary/home, 32 rows, 0 shots, seed 2: all 5 equal

= 13  + 0  - 1  ~ 0  x 0  ? 0  regression in 1 of 14 compared
`,
  );
  const md = (await compared(madeUpRun(), b, { format: "md" })).text;
  assertStringIncludes(md, "| mark | what                                    | A -> B         | difference  | notes");
  assertStringIncludes(md, "3 equal.\n");
  assertStringIncludes(md, "**= 13  + 0  - 1  ~ 0  x 0  ? 0  regression in 1 of 14 compared**\n");
});

Deno.test("report files can be compared without the runs' folders, exactly and in pairs", async () => {
  const a = madeUpRun();
  const b = madeUpRun();
  const samples = structuredClone(b.cells.aa.samples);
  writable(samples[3].statistics.rougeL).lcs -= 1;
  setSamples(b.cells.aa, samples);
  const folders = [await writeRun(a), await writeRun(b), await writeRun(otherAdapter(b))];
  try {
    for (const folder of folders) await writeReport(folder);
    const exact = await diff(`${folders[0]}/report.json`, `${folders[1]}/report.json`, { ...OPTIONS, samples: true });
    const [row] = rows(JSON.parse(exact.text), "icl");
    assertEquals([row.mark, row.notes], ["-", ["first differing item row 4: lcs/predicted/target 5/10/12 -> 4/10/12"]]);
    assertEquals(row.flips, [{ id: "row 4", a: "45.45", b: "36.36", outputs: null, margins: null }]);
    const paired = await diff(folders[0], `${folders[2]}/report.json`, OPTIONS);
    const [tested] = rows(JSON.parse(paired.text), "icl");
    assertEquals([tested.mark, tested.test, paired.exitCode], ["~", "paired bootstrap", 0]);
    // The same bytes every time.
    assertEquals((await diff(folders[0], `${folders[2]}/report.json`, OPTIONS)).text, paired.text);
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("git revisions name the golden reports committed at them", async () => {
  const repository = await Deno.makeTempDir({ prefix: "tunemark_git_" });
  const git = async (...args: string[]) => {
    const identity = [
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.org",
      "-c",
      "commit.gpgsign=false",
      "-c",
      "core.hooksPath=/dev/null",
    ];
    const { success, stderr } = await new Deno.Command("git", { args: ["-C", repository, ...identity, ...args] })
      .output();
    assert(success, new TextDecoder().decode(stderr));
  };
  const changed = madeUpRun();
  const samples = structuredClone(changed.cells.aa.samples);
  writable(samples[3].statistics.rougeL).lcs -= 1;
  setSamples(changed.cells.aa, samples);
  const folders = [await writeRun(madeUpRun()), await writeRun(otherAdapter(madeUpRun())), await writeRun(changed)];
  try {
    for (const folder of folders) await writeReport(folder);
    await git("init", "-q");
    await git("commit", "-q", "--allow-empty", "-m", "nothing");
    await git("tag", "empty");
    await Deno.mkdir(`${repository}/reports/golden`, { recursive: true });
    const golden = `${repository}/reports/golden/0123456789abcdef.json`;
    await Deno.copyFile(`${folders[0]}/report.json`, golden);
    await git("add", ".");
    await git("commit", "-q", "-m", "one");
    await git("tag", "one");
    // The other adapter's sorts first once its name does; the pair is chosen by signature all the same.
    await Deno.copyFile(`${folders[1]}/report.json`, `${repository}/reports/golden/0000000000000000.json`);
    await Deno.copyFile(`${folders[2]}/report.json`, golden);
    await git("add", ".");
    await git("commit", "-q", "-m", "two");

    const options = { ...OPTIONS, repository };
    const byRevision = await diff("one", "HEAD", options);
    const result: DiffResult = JSON.parse(byRevision.text);
    assertEquals(result.b.name, "HEAD:reports/golden/0123456789abcdef.json");
    assertEquals([byRevision.exitCode, result.cells[0].mode, result.counts["-"]], [1, "exact", 1]);
    const byPath = await diff("one:reports/golden/0123456789abcdef.json", folders[0], options);
    assertEquals(byPath.exitCode, 0);

    await assertRejects(
      () => diff("empty", "one", options),
      Error,
      "revision empty has no golden report: no reports/golden/*.json",
    );
    await assertRejects(() => diff("one:nowhere.json", "one", options), Error, "revision one has no file nowhere.json");
    for (const wrong of ["nowhere", "--all", ":x", ""]) {
      const error = await assertRejects(
        () => diff(wrong, "one", options),
        Error,
        `"${wrong}" is no run's folder, report file or git revision (REV or REV:PATH)`,
      );
      assertEquals(error.name, "UsageError");
    }
    await assertRejects(
      () => diff(repository, "one", options),
      Error,
      `${repository} is no run's folder: it has no plan.json`,
    );
  } finally {
    for (const folder of [repository, ...folders]) await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("untrained cells put to different tasks have the same factors, and are paired by their tests", async () => {
  const run = (ids: Record<string, "summary" | "sentiment">) => {
    const made = madeUpRun();
    writable(made.plan).settings = [];
    const { aa } = made.cells;
    made.cells = Object.fromEntries(
      Object.entries(ids).map(([id, task]) => {
        const cell = { ...aa, result: { ...aa.result!, cell: id } };
        setSamples(cell, aa.samples.filter((sample) => sample.task === task));
        return [id, cell];
      }),
    );
    writable(made.plan).cells = Object.keys(ids).map((id) => ({ id, factors: aa.factors }));
    return made;
  };
  const a = run({ s1: "summary", t1: "sentiment" });
  const same = await compared(a, run({ t2: "sentiment", s2: "summary" }));
  assertEquals([same.result.verdict, same.result.cells.map(({ label }) => label)], ["no change", [
    "icl on summary",
    "icl on sentiment",
  ]]);
  const less = await compared(run({ s1: "summary" }), run({ t2: "sentiment" }));
  assertEquals(less.result.cells.map(({ rows }) => rows[0].notes), [["not in B"], ["not in A"]]);
});
