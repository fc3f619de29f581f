import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { listSets, readFewShot, readTest, readTrain, type Task, tasks, tasksOf } from "../../tasks/mod.ts";

const { summary, question, sentiment, detection, inference } = tasks;

/** Runs a body on a temporary data folder with the given files; values that are not bytes or text become JSON. */
async function withData(files: Record<string, unknown>, body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${dir}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      if (content instanceof Uint8Array) await Deno.writeFile(path, content);
      else await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content));
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function messageOf(work: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(work, Error);
  return error.message;
}

const rows = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ idx: 10 + i, input: `text ${i}`, output: "positive" }));

Deno.test("rows come in file order, with the row's idx or its place as the id", async () => {
  const file = [{ idx: 7, input: "a", output: "positive", stars: 5 }, { input: "", output: "negative" }];
  await withData({ "sentiment/amazon_test_2.json": "\ufeff" + JSON.stringify(file) }, async (dir) => {
    assertEquals(await readTest(dir, sentiment, "amazon"), [
      { id: "7", fields: { input: "a" }, output: "positive" },
      { id: "1", fields: { input: "" }, output: "negative" },
    ]);
  });
});

Deno.test("every malformed file is one line that names file, row and field, and what is valid", async () => {
  const good = { input: "a", output: "positive" };
  const at = (row: unknown) => [good, row];
  const cases: [Task, unknown, string][] = [
    [sentiment, "[]", "holds no rows; valid: a JSON array of at least one row"],
    [sentiment, {}, "holds an object; valid: a JSON array of rows"],
    [sentiment, "null", "holds null; valid: a JSON array of rows"],
    [sentiment, "3", "holds the number 3; valid: a JSON array of rows"],
    [sentiment, new Uint8Array([0x5b, 0xff, 0x5d]), "not UTF-8; valid: a UTF-8 JSON file of rows"],
    [sentiment, at("x"), 'row 1: is the text "x"; valid: an object with the text fields "input", "output"'],
    [sentiment, at(null), 'row 1: is null; valid: an object with the text fields "input", "output"'],
    [sentiment, at([]), 'row 1: is an array; valid: an object with the text fields "input", "output"'],
    [sentiment, at({ output: "positive" }), 'row 1: field "input" is missing; valid: text'],
    [sentiment, at({ input: "a" }), 'row 1: field "output" is missing; valid: text'],
    [sentiment, at({ input: 3, output: "positive" }), 'row 1: field "input" is the number 3; valid: text'],
    [sentiment, at({ input: null, output: "positive" }), 'row 1: field "input" is null; valid: text'],
    [sentiment, at({ input: ["a"], output: "positive" }), 'row 1: field "input" is an array; valid: text'],
    [sentiment, at({ input: "a", output: true }), 'row 1: field "output" is the boolean true; valid: text'],
    [sentiment, at({ input: "a", output: "" }), 'row 1: field "output" is empty; valid: "positive", "negative"'],
    [summary, at({ input: "a", output: " \n" }), 'row 1: field "output" is empty; valid: text'],
    [
      sentiment,
      at({ input: "a", output: "Positive" }),
      'row 1: field "output" is "Positive"; valid: "positive", "negative"',
    ],
    [sentiment, at({ input: "a", output: "-" }), 'row 1: field "output" is "-"; valid: "positive", "negative"'],
    [
      sentiment,
      at({ input: "a", output: "a\nlong answer ".repeat(9) }),
      'row 1: field "output" is "a\\nlong answer a\\nlong answer a\\nlong answe..."; valid: "positive", "negative"',
    ],
    [
      { ...sentiment, toleratedGold: ["-"] },
      at({ input: "a", output: "?" }),
      'row 1: field "output" is "?"; valid: "positive", "negative", "-"',
    ],
    [
      sentiment,
      at({ ...good, idx: 1.5 }),
      'row 1: field "idx" is the number 1.5; valid: text, a whole number, or no such field',
    ],
    [
      sentiment,
      at({ ...good, idx: "" }),
      'row 1: field "idx" is the text ""; valid: text, a whole number, or no such field',
    ],
    [
      sentiment,
      [{ ...good, idx: 4 }, good, { ...good, idx: "4" }],
      'row 2: field "idx" gives the id "4", which row 0 has; valid: an id of its own',
    ],
  ];
  for (const [task, content, expected] of cases) {
    const name = `${task.name}/few_shot/set_few_shot.json`;
    await withData({ [name]: content }, async (dir) => {
      assertEquals(await messageOf(() => readFewShot(dir, task, "set")), `${dir}/${name}: ${expected}`);
    });
  }
});

Deno.test("a file that is no JSON is one line with the parser's reason", async () => {
  for (const text of ["", "[", '[{"input": "a",\n}]', "[1] [2]"]) {
    await withData({ "summary/xsum_test_1.json": text }, async (dir) => {
      const message = await messageOf(() => readTest(dir, summary, "xsum"));
      assertMatch(message, /^[^\n]*\/xsum_test_1\.json: not valid JSON \([^\n]+\); valid: a JSON array of rows$/);
    });
  }
});

Deno.test("gold labels outside the labels pass where the task tolerates them", async () => {
  await withData({ "sentiment/amazon_test_1.json": [{ input: "a", output: "-" }] }, async (dir) => {
    assertEquals((await readTest(dir, { ...sentiment, toleratedGold: ["-"] }, "amazon"))[0].output, "-");
  });
});

Deno.test("a training size comes from its own file, else from the next larger one that has so many rows", async () => {
  const files = {
    "sentiment/amazon_train_4.json": rows(5).slice(1),
    "sentiment/amazon_train_8.json": rows(6),
    "sentiment/amazon_train_10.json": rows(9),
    "sentiment/amazon_train_x.json": "not looked at",
  };
  await withData(files, async (dir) => {
    const ids = async (size: number) =>
      (await readTrain(dir, sentiment, "amazon", size)).map((row) => Number(row.id) - 10);
    assertEquals(await ids(4), [1, 2, 3, 4]);
    assertEquals(await ids(3), [1, 2, 3]);
    assertEquals(await ids(6), [0, 1, 2, 3, 4, 5]);
    assertEquals(await ids(7), [0, 1, 2, 3, 4, 5, 6]);
    assertEquals((await ids(8)).length, 6);
    assertEquals((await ids(10)).length, 9);
    assertEquals(
      await messageOf(() => ids(11)),
      `${dir}/sentiment/amazon_train_11.json: no such file, and no larger training file of the set; valid: a size up to 10`,
    );
  });
  await withData({ "sentiment/amazon_train_8.json": rows(3) }, async (dir) => {
    assertEquals(
      await messageOf(() => readTrain(dir, sentiment, "amazon", 5)),
      `${dir}/sentiment/amazon_train_5.json: no such file, and no larger one holds 5 rows; valid: a size up to 3`,
    );
  });
});

Deno.test("the file of a size is cut to that size where it holds more", async () => {
  await withData({ "sentiment/amazon_train_2.json": rows(3) }, async (dir) => {
    assertEquals((await readTrain(dir, sentiment, "amazon", 2)).length, 2);
  });
});

Deno.test("missing files and bad sizes are errors that say what there is", async () => {
  const files = {
    "sentiment/amazon_train_2.json": rows(2),
    "sentiment/yelp_test_2.json": rows(2),
    "sentiment/few_shot/sst2_few_shot.json": rows(2),
  };
  await withData(files, async (dir) => {
    const cases: [() => Promise<unknown>, string][] = [
      [
        () => readTrain(dir, sentiment, "yelp", 2),
        `${dir}/sentiment/yelp_train_2.json: no such file, and no larger training file of the set; ` +
        "valid: one of the sets there, amazon",
      ],
      [
        () => readTest(dir, sentiment, "amazon"),
        `${dir}/sentiment/amazon_test_<n>.json: no such file; valid: one of the sets there, yelp`,
      ],
      [
        () => readTest(dir, summary, "xsum"),
        `${dir}/summary/xsum_test_<n>.json: no such file; valid: a folder that has such files of summary`,
      ],
      [
        () => readFewShot(dir, sentiment, "amazon", 1),
        `${dir}/sentiment/few_shot/amazon_few_shot.json: no such file; valid: one of the sets there, sst2`,
      ],
      [
        () => readFewShot(dir, sentiment, "sst2", 4),
        `${dir}/sentiment/few_shot/sst2_few_shot.json: holds 2 rows, 4 were asked for; valid: at most 2`,
      ],
      [
        () => readTest(`${dir}/no`, sentiment, "yelp"),
        `${dir}/no: no such folder; valid: a folder that holds sentiment/`,
      ],
      [() => readTrain(dir, sentiment, "amazon", 0), "training size of amazon is 0; valid: a whole number from 1"],
      [() => readTrain(dir, sentiment, "amazon", 1.5), "training size of amazon is 1.5; valid: a whole number from 1"],
      [
        () => readFewShot(dir, sentiment, "sst2", -1),
        "demonstration count of sst2 is -1; valid: a whole number from 0",
      ],
    ];
    for (const [work, expected] of cases) assertEquals(await messageOf(work), expected);
    assertEquals(await readFewShot(dir, sentiment, "amazon", 0), []);
    assertEquals((await readFewShot(dir, sentiment, "sst2", 1)).length, 1);
  });
});

Deno.test("a set's largest test file is its test set", async () => {
  await withData({ "summary/xsum_test_9.json": rows(2), "summary/xsum_test_10.json": rows(3) }, async (dir) => {
    assertEquals((await readTest(dir, summary, "xsum")).length, 3);
  });
});

Deno.test("the sets of a folder are listed by name with what each has", async () => {
  const files = {
    "summary/xsum_train_20.json": [],
    "summary/xsum_train_3.json": [],
    "summary/big_cnn_test_5.json": [],
    "summary/few_shot/xsum_few_shot.json": [],
    "summary/README.md": "",
    "summary/xsum_train_03.json": [],
  };
  await withData(files, async (dir) => {
    assertEquals(await listSets(dir, summary), [
      { set: "big_cnn", train: [], test: [5], fewShot: false },
      { set: "xsum", train: [3, 20], test: [], fewShot: true },
    ]);
    assertEquals(await listSets(dir, sentiment), []);
  });
});

testWithSharedData("the U repository's own files are read whole", "ft-llm", async (dir) => {
  assertEquals((await listSets(dir, summary)).map((f) => [f.set, [...f.train], [...f.test], f.fewShot]), [
    ["cnn", [], [500], true],
    ["pdfs", [], [500], true],
    ["xlsum", [], [500], true],
    ["xsum", [2000], [500], true],
  ]);
  const sizes: [Task, Record<string, number>][] = [
    [summary, { xsum: 500, xlsum: 500, pdfs: 500, cnn: 382 }],
    [question, { socialqa: 500, tweetqa: 500, sciqa: 500 }],
    [sentiment, { amazon: 500, amazonfood: 500, sst2: 500, yelp: 500 }],
    [detection, { paws: 500, qqp: 500, stsb: 500 }],
    [inference, { multinli: 500, multinli2: 500, rte: 500, gptnli: 500 }],
  ];
  assertEquals(sizes.map(([task]) => task), tasksOf("U"));
  for (const [task, tests] of sizes) {
    assertEquals([...task.sets.inDomain, ...task.sets.outOfDomain], Object.keys(tests));
    for (const [set, size] of Object.entries(tests)) {
      assertEquals((await readTest(dir, task, set)).length, size, set);
      const demonstrations = task === summary || set === "tweetqa" ? 4 : 8;
      assertEquals((await readFewShot(dir, task, set)).length, demonstrations, set);
      assertEquals((await readFewShot(dir, task, set, task.shots.at(-1))).length, task.shots.at(-1), set);
    }
  }
  const xsum = await readTrain(dir, summary, "xsum", 2000);
  assertEquals([xsum.length, xsum[0].id, xsum[178].fields.input], [2000, "0", ""]);
  const whole = await readTrain(dir, sentiment, "amazon", 6000);
  assertEquals([whole.length, whole[0].id, whole.at(-1)?.id], [5999, "500", "6498"]);
  for (const size of [5999, 4000, 3000, 2000, 7]) {
    assertEquals(await readTrain(dir, sentiment, "amazon", size), whole.slice(0, size));
  }
  assertMatch(
    await messageOf(() => readTrain(dir, summary, "xsum", 4000)),
    /xsum_train_4000\.json: no such file, and no larger training file of the set; valid: a size up to 2000$/,
  );
  assertMatch(
    await messageOf(() => readFewShot(dir, summary, "cnn", 6)),
    /cnn_few_shot\.json: holds 4 rows, 6 were asked for; valid: at most 4$/,
  );
});

testWithSharedData(
  "the U repository's training files have the sizes published, whatever their names say",
  "ft-llm",
  async (dir) => {
    const sizes: [Task, string, number[]][] = [
      [summary, "xsum", [2000]],
      [question, "socialqa", [2000, 4000, 6000]],
      [sentiment, "amazon", [2000, 4000, 5999]],
      [detection, "paws", [2000, 4000, 5986]],
      [inference, "multinli", [2000, 4000, 6000]],
    ];
    for (const [task, set, found] of sizes) {
      const nominal = [2000, 4000, 6000].slice(0, found.length);
      const read = await Promise.all(nominal.map((size) => readTrain(dir, task, set, size)));
      assertEquals(read.map((rows) => rows.length), found, set);
    }
  },
);

testWithSharedData("every file of the U repository is read, and its irregular rows with it", "ft-llm", async (dir) => {
  const irregular: Record<string, number> = {};
  let files = 0;
  for (const task of tasksOf("U")) {
    for (const { set, train, test, fewShot } of await listSets(dir, task)) {
      const rows = test.length > 0 ? await readTest(dir, task, set) : [];
      files += train.length + test.length + Number(fewShot);
      const count = (what: string, n: number) => {
        if (n > 0) irregular[`${set} ${what}`] = n;
      };
      count("undecided", rows.filter((row) => row.output === "-").length);
      count("empty", rows.filter((row) => Object.values(row.fields).includes("")).length);
    }
  }
  assertEquals(irregular, {
    "tweetqa empty": 20,
    "gptnli empty": 6,
    "multinli undecided": 8,
    "multinli2 undecided": 16,
    "snli undecided": 7,
  });
  assertEquals(files, 50);
});

testWithSharedData(
  "the shares of the labels among the 250 rows U scores are those of its figures",
  "ft-llm",
  async (dir) => {
    const counts: [Task, string, Record<string, number>][] = [
      [detection, "paws", { yes: 118, no: 132 }],
      [detection, "qqp", { yes: 109, no: 141 }],
      [detection, "stsb", { yes: 90, no: 160 }],
      [inference, "multinli", { entailment: 96, contradiction: 79, neutral: 73, "-": 2 }],
      [inference, "multinli2", { entailment: 87, neutral: 82, contradiction: 75, "-": 6 }],
      [inference, "rte", { entailment: 136, neutral: 114 }],
      [inference, "gptnli", { contradiction: 94, entailment: 83, neutral: 73 }],
    ];
    for (const [task, set, expected] of counts) {
      const found: Record<string, number> = {};
      for (const { output } of (await readTest(dir, task, set)).slice(0, 250)) found[output] = (found[output] ?? 0) + 1;
      assertEquals(found, expected, set);
    }
  },
);

testWithSharedData("undecided rows are an error where a task does not tolerate them", "ft-llm", async (dir) => {
  assertMatch(
    await messageOf(() => readTest(dir, { ...inference, toleratedGold: [] }, "multinli")),
    /multinli_test_500\.json: row \d+: field "output" is "-"; valid: "entailment", "neutral", "contradiction"$/,
  );
});

Deno.test("a bad row of a task of several fields is named by its field", async () => {
  const cases: [Task, Record<string, unknown>, string][] = [
    [question, { input: "a", output: "b?" }, 'field "answer" is missing; valid: text'],
    [detection, { input_1: "a", output: "yes" }, 'field "input_2" is missing; valid: text'],
    [detection, { input_1: "a", input_2: "b", output: 1 }, 'field "output" is the number 1; valid: text'],
    [
      inference,
      { input_1: "a", input_2: "b", output: "not_entailment" },
      'field "output" is "not_entailment"; valid: "entailment", "neutral", "contradiction", "-"',
    ],
    [tasks.word_sense, { input_1: "a", input_2: "b", output: "True" }, 'field "word" is missing; valid: text'],
    [
      tasks.multiple_choice,
      { input: "q", a: "1", b: "2", c: "3", d: "4", output: "E" },
      'field "output" is "E"; valid: "A", "B", "C", "D"',
    ],
  ];
  for (const [task, row, expected] of cases) {
    const name = `${task.name}/set_test_1.json`;
    await withData({ [name]: [row] }, async (dir) => {
      assertEquals(await messageOf(() => readTest(dir, task, "set")), `${dir}/${name}: row 0: ${expected}`);
    });
  }
});
