/** Readers on made-up files in the publishers' layouts, and on malformed ones. */
import { assertEquals, assertRejects } from "@std/assert";
import { findTask, tasks } from "../../tasks/mod.ts";
import { datasets } from "../../tasks/datasets/list.ts";
import { dataset, readAll, withFiles } from "./datasets_files.ts";
import { choicesParquet, labelsParquet, translationParquet } from "./datasets_parquet.ts";

const json = JSON.stringify;

/** Dataset, files in their order, and the rows that come of them: the fields in the task's order, then the output. */
const good: [string, Record<string, string | Uint8Array>, string[][], Record<string, number>?][] = [
  ["xsum", {
    "1.summary": "[SN]URL[SN]\nu\n\n[SN]TITLE[SN]\nt\n\n[SN]FIRST-SENTENCE[SN]\ns.\n\n[SN]RESTBODY[SN]\na\nb\n",
  }, [
    ["a\nb", "s."],
  ]],
  ["xsum", { "a.jsonl": `{"document":"d","summary":"s","id":"1"}\n\n{"document":"","summary":"s","id":"2"}\n` }, [[
    "d",
    "s",
  ]], {
    "no input": 1,
  }],
  ["xlsum", { "english_train.jsonl": `{"id":"1","url":"u","title":"t","summary":"s","text":"d\\u2028e"}` }, [[
    "d\u2028e",
    "s",
  ]]],
  ["pdfs", { "a.pdf.json": json({ name: "a.pdf", metadata: { title: "T", abstractText: "A." } }) }, [["A.", "T ."]]],
  ["pdfs", {
    "a.json": json({ title: "T", abstract: "A.", reviews: [] }),
    "b.json": json({ title: null, abstract: "B." }),
  }, [
    ["A.", "T ."],
  ], { "no output": 1 }],
  ["cnn", { "a.jsonl": json({ article: "a", highlights: "h .\ni .", id: "1" }) }, [["a", "h .\ni ."]]],
  ["cnn", { "a.story": "one\n\ntwo\n\n@highlight\n\nh\n\n@highlight\n\ni\n" }, [["one\n\ntwo", "h .\ni ."]]],
  [
    "wikilingua",
    {
      "test.json": json([{ source: "a", target: "t", source_language: "en", target_language: "en" }, {
        source: "b",
        target: "u",
        source_language: "es",
        target_language: "en",
      }]),
    },
    [["a", "t"]],
    { "source_language other than en": 1 },
  ],
  ["wikilingua", { "a.jsonl": json({ url: "u", article: { document: ["a", "b"], summary: ["s", "t"] } }) }, [[
    "a b",
    "s t",
  ]]],
  ["socialqa", {
    "train.jsonl": `{"context":"c","question":"q?","answerA":"1","answerB":"2","answerC":"3"}\n`,
    "train-labels.lst": "2\n",
  }, [["c", "2", "q?"]]],
  ["socialqa", {
    "a.json": json([{ context: "c", question: "q?", answerA: "1", answerB: "2", answerC: "3", label: "3" }]),
  }, [
    ["c", "3", "q?"],
  ]],
  [
    "sciqa",
    {
      "train.json": json([
        { question: "q?", distractor1: "x", correct_answer: "a", support: "s" },
        { question: "r?", distractor1: "x", correct_answer: "b", support: "" },
      ]),
    },
    [["s", "a", "q?"]],
    { "no input": 1 },
  ],
  ["amazon", {
    "dataset_en_train.json":
      `{"stars":"4","review_body":"b","language":"en"}\n{"stars":"3","review_body":"c","language":"en"}\n`,
  }, [
    ["b", "positive"],
    ["c", "negative"],
  ]],
  ["amazon", { "train.jsonl": `{"id":"1","text":"t","label":3}` }, [["t", "positive"]]],
  ["amazonfood", {
    "finefoods.txt": new Uint8Array([
      ...new TextEncoder().encode("product/productId: 1\nreview/score: 5.0\nreview/text: caf"),
      0xe9,
      ...new TextEncoder().encode("\nau lait: yes\n\nreview/score: 1.0\nreview/text: bad"),
    ]),
  }, [["café\nau lait: yes", "positive"], ["bad", "negative"]]],
  ["amazonfood", { "Reviews.csv": 'Id,Score,Summary,Text\r\n1,5,"a ""b"", c","good,\r\nreally"\r\n2,2,,bad\r\n' }, [
    ["good,\nreally", "positive"],
    ["bad", "negative"],
  ]],
  ["sst2", { "train.tsv": "sentence\tlabel\nit 's good \t1\nbad \t0\n" }, [["it 's good ", "positive"], [
    "bad ",
    "negative",
  ]]],
  ["sst2", { "train.parquet": labelsParquet }, [["good", "positive"], ["bad", "negative"]], { "no label": 1 }],
  ["yelp", { "yelp_academic_dataset_review.json": `{"stars":4.0,"text":"t"}\n{"stars":3.5,"text":"u"}` }, [
    ["t", "positive"],
    ["u", "negative"],
  ]],
  ["yelp", { "train.jsonl": `{"label":2,"text":"t"}` }, [["t", "negative"]]],
  ["yelp", { "train.csv": '"5","dr. ""g"" is, well, good"\n"2","no"\n' }, [['dr. "g" is, well, good', "positive"], [
    "no",
    "negative",
  ]]],
  ["paws", { "train.tsv": 'id\tsentence1\tsentence2\tlabel\n1\tSay "a\tb" it\t1\n' }, [['Say "a', 'b" it', "yes"]]],
  ["qqp", {
    "train.tsv": 'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\t"Say ""a""?"\tb?\t0\n4\t5\t6\tshort\n',
  }, [
    ['Say "a"?', "b?", "no"],
  ], { "another number of cells than columns": 1 }],
  ["qqp", { "a.jsonl": `{"question1":"a?","question2":"b?","label":1,"idx":0}` }, [["a?", "b?", "yes"]]],
  ["stsb", { "sts-train.csv": "main-captions\tMSRvid\t2012test\t0001\t3.500\tA, a.\tB.\nx\ty\tz\t2\t3.501\tC\tD\n" }, [
    ["A, a.", "B.", "no"],
    ["C", "D", "yes"],
  ]],
  ["stsb", { "a.jsonl": `{"sentence1":"a","sentence2":"b","label":4.2,"idx":0}` }, [["a", "b", "yes"]]],
  ["multinli", {
    "multinli_1.0_dev_matched.jsonl":
      `{"gold_label":"neutral","sentence1":"a","sentence2":"b"}\n{"gold_label":"-","sentence1":"a","sentence2":"b"}`,
  }, [
    ["a", "b", "neutral"],
  ], { "no label": 1 }],
  ["multinli2", {
    "dev_mismatched.tsv": "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\ta\tb\tneutral\tcontradiction\n",
  }, [
    ["a", "b", "contradiction"],
  ]],
  ["multinli", { "multinli_1.0_train.txt": "gold_label\tsentence1\tsentence2\nentailment\ta\tb\n" }, [[
    "a",
    "b",
    "entailment",
  ]]],
  ["multinli", { "a.jsonl": `{"premise":"a","hypothesis":"b","label":2}` }, [["a", "b", "contradiction"]]],
  ["rte", { "dev.tsv": "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n" }, [["a", "b", "neutral"]]],
  ["rte", { "a.jsonl": `{"sentence1":"a","sentence2":"b","label":0,"idx":0}` }, [["a", "b", "entailment"]]],
  ["rte", { "train.jsonl": `{"premise":"a","hypothesis":"b","label":"not_entailment","idx":0}` }, [[
    "a",
    "b",
    "neutral",
  ]]],
  ["gptnli", { "a.jsonl": `{"text_a":"a","text_b":"b","label":1,"guid":7}` }, [["a", "b", "neutral"]]],
  ["snli", { "snli_1.0_test.jsonl": `{"gold_label":"contradiction","sentence1":"a","sentence2":"b"}` }, [[
    "a",
    "b",
    "contradiction",
  ]]],
  ["snli", {
    "a.jsonl": `{"premise":"a","hypothesis":"b","label":1}\n{"premise":"a","hypothesis":"b","label":-1}`,
  }, [
    ["a", "b", "neutral"],
  ], { "no label": 1 }],
  ["cb", { "train.jsonl": `{"premise":"a","hypothesis":"b","label":"neutral","idx":0}` }, [["a", "b", "neutral"]]],
  [
    "cb",
    { "a.jsonl": `{"premise":"a","hypothesis":"b","label":1}\n{"premise":"a","hypothesis":"b","label":2}` },
    [
      ["a", "b", "contradiction"],
      ["a", "b", "neutral"],
    ],
  ],
  ["enfr", { "train.parquet": translationParquet }, [
    ["The house is old.", "English", "French", "La maison est vieille."],
    ["Élan, it says.", "English", "French", "Élan, dit-il."],
  ], { "no input": 1 }],
  ["enfr", { "t.en": "a\u2028b\nc\n", "t.fr": "d\ne\n" }, [["a\u2028b", "English", "French", "d"], [
    "c",
    "English",
    "French",
    "e",
  ]]],
  ["ende", { "a.jsonl": `{"translation":{"en":"a","de":"b"}}` }, [["a", "English", "German", "b"]]],
  ["triviaqa", {
    "web-dev.json": json({ Data: [{ Question: "q?", Answer: { Value: "v", Aliases: ["w"] } }], Version: 1 }),
  }, [["q?", "v"]]],
  ["triviaqa", { "a.jsonl": json({ question: "q?", answer: { value: "v", aliases: [] } }) }, [["q?", "v"]]],
  ["webquestions", {
    "webquestions.examples.train.json": json([
      { url: "u", targetValue: '(list (description "Jazmyn Bieber") (description Jaxon))', utterance: "q?" },
      { url: "u", targetValue: "(list (description Fauvism))", utterance: "r?" },
    ]),
  }, [["q?", "Jazmyn Bieber"], ["r?", "Fauvism"]]],
  ["webquestions", { "a.jsonl": json({ question: "q?", answers: ["x", "y"] }) }, [["q?", "x"]]],
  ["wic", { "train.jsonl": `{"word":"w","sentence1":"a","sentence2":"b","label":true,"idx":0}` }, [[
    "a",
    "b",
    "w",
    "True",
  ]]],
  ["wic", { "a.jsonl": `{"word":"w","sentence1":"a","sentence2":"b","label":0,"idx":0}` }, [["a", "b", "w", "False"]]],
  ["wic", { "dev.data.txt": "w\tN\t0-1\ta\tb\nv\tV\t0-1\tc\td\n", "dev.gold.txt": "F\nT\n" }, [
    ["a", "b", "w", "False"],
    ["c", "d", "v", "True"],
  ]],
  ["openbookqa", {
    "train.jsonl": json({
      id: "1",
      question: { stem: "q", choices: ["w", "x", "y", "z"].map((text, i) => ({ text, label: "ABCD"[i] })) },
      answerKey: "C",
    }),
  }, [["q", "w", "x", "y", "z", "C"]]],
  ["openbookqa", { "train.parquet": choicesParquet }, [
    ["Which is hot?", "ice", "fire", "snow", "rain", "B"],
    ["Which is wet?", "water", "sand", "dust", "ash", "A"],
    ["Which flies?", "cow", "pig", "owl", "cat", "C"],
  ]],
];

for (const [name, files, expected, reasons = {}] of good) {
  Deno.test(`${name} is read from ${Object.keys(files).join(" and ")}, expecting ${expected[0].at(-1)}`, async () => {
    await withFiles(files, async (folder) => {
      const { rows, leftOut } = await readAll(name, Object.keys(files).map((file) => `${folder}/${file}`));
      assertEquals(rows.map(({ fields, output }) => [...Object.values(fields), output]), expected);
      assertEquals(leftOut, reasons);
    });
  });
}

const gzipped = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );

Deno.test("a packed file is unpacked, and a folder stands for its files", async () => {
  const line = (text: string) => json({ document: text, summary: "s" });
  await withFiles({ "b.jsonl.gz": await gzipped(line("b")), "a.jsonl": line("a") }, async (folder) => {
    const { rows } = await readAll("xsum", [`${folder}/`]);
    assertEquals(rows.map(({ id, fields }) => [id, fields.input]), [["a.jsonl:0", "a"], ["b.jsonl.gz:0", "b"]]);
  });
});

Deno.test("objects may stand one after another over several lines", async () => {
  await withFiles(
    { "a.json": '{\n "document": "a}",\n "summary": "{\\"" } {"document":"b",\n"summary":"s"}\n' },
    async (folder) => {
      const { rows } = await readAll("xsum", [`${folder}/a.json`]);
      assertEquals(rows.map(({ fields, output }) => [fields.input, output]), [["a}", '{"'], ["b", "s"]]);
    },
  );
});

/** Dataset, files, the message after the folder's name. */
const bad: [string, Record<string, string | Uint8Array>, string][] = [
  ["sst2", { "a.tsv": "good\t1\nbad\t2\n" }, 'a.tsv: line 2: field "label" is the text "2"; valid: "0", "1", "-1"'],
  ["sst2", { "a.tsv": "good\t1\nbad\n" }, "a.tsv: line 2: holds 1 cells; valid: 2, as sentence, label"],
  [
    "sst2",
    { "a.tsv": "a\tb\tc\n" },
    "a.tsv: has the columns a, b, c; valid: sentence, label (no header needed) [GLUE, Hugging Face stanfordnlp/sst2]",
  ],
  [
    "sst2",
    { "a.txt": "good\t1\n" },
    "a.txt: of no known format; valid: a name that ends in .json, .jsonl, .tsv, .csv or .parquet, or those and .gz",
  ],
  [
    "sst2",
    { "a.tsv": new Uint8Array([0x67, 0xff]) },
    "a.tsv: cannot be decoded (The encoded data is not valid); valid: UTF-8 text",
  ],
  [
    "sst2",
    { "a.parquet": "PAR0 no parquet PAR0" },
    "a.parquet: not a readable Parquet file (parquet file invalid (footer != PAR1)); valid: a Parquet file",
  ],
  [
    "xsum",
    { "a.parquet": labelsParquet },
    "a.parquet: has the columns sentence, label, idx; valid: document, summary [Hugging Face EdinburghNLP/xsum]; or RESTBODY, FIRST-SENTENCE [XSum's .summary files]",
  ],
  [
    "xsum",
    { "a.summary": "[SN]RESTBODY[SN]\nx" },
    'a.summary: section "FIRST-SENTENCE" is missing; valid: [SN]FIRST-SENTENCE[SN]',
  ],
  ["cnn", { "a.story": "text" }, 'a.story: no line "@highlight"; valid: a story and its highlights'],
  [
    "xlsum",
    { "a.jsonl": '{"text":"a","summary":"s"}\n{"text":1,"summary":"s"}' },
    'a.jsonl: line 2: field "text" is the number 1; valid: text',
  ],
  [
    "xlsum",
    { "a.jsonl": '{"text":"a","summary":"s"}\n{"text":"b"}' },
    'a.jsonl: line 2: field "summary" is missing; valid: text',
  ],
  ["xlsum", { "a.jsonl": '{"text":"a","summary":"s"}\n"x"' }, 'a.jsonl: line 2: is the text "x"; valid: a JSON object'],
  [
    "xlsum",
    { "a.jsonl": '{"text":"a","summary":"s"}\n{"text":"b",\n' },
    "a.jsonl: line 2: a JSON value that does not end; valid: a JSON object",
  ],
  ["xlsum", { "a.json": '[{"text":"a","summary":"s"}, 3]' }, "a.json: row 1: is the number 3; valid: a JSON object"],
  [
    "pdfs",
    { "a.json": '{"metadata":null}' },
    'a.json: line 1: field "metadata" is null; valid: an object with the field "abstractText"',
  ],
  [
    "tweetqa",
    { "a.json": '[{"Tweet":"t","Question":"q","Answer":"a"}]' },
    'a.json: row 0: field "Answer" is the text "a"; valid: a list of texts',
  ],
  [
    "tweetqa",
    { "a.json": '[{"Tweet":"t","Question":"q","Answer":[1]}]' },
    'a.json: row 0: field "Answer" holds the number 1; valid: a list of texts',
  ],
  [
    "socialqa",
    { "x-labels.lst": "1\n" },
    "x-labels.lst: stands alone; valid: right after the file whose labels it holds",
  ],
  ["socialqa", {
    "a.jsonl": '{"context":"c","question":"q","answerA":"1","answerB":"2","answerC":"3"}\n',
    "a.lst": "4\n",
  }, 'a.jsonl: line 1: field "label" is the text "4"; valid: "1", "2", "3"'],
  [
    "yelp",
    { "a.jsonl": '{"stars":6,"text":"t"}' },
    'a.jsonl: line 1: field "stars" is the number 6; valid: a number from 0 to 5',
  ],
  ["yelp", { "a.csv": '5,"x\ny' }, "a.csv: line 1: a quotation mark that is not closed; valid: a pair of them"],
  [
    "yelp",
    { "a.csv": '5,ok\n4,"x"y\n' },
    "a.csv: line 2: cell 2 goes on after its closing quotation mark; valid: a comma there",
  ],
  [
    "amazonfood",
    { "a.txt": "nonsense\n" },
    'a.txt: line 1: is the text "nonsense"; valid: a line such as review/score: 5.0',
  ],
  [
    "rte",
    { "a.json": '[{"sentence":"x","label":"entailment"}]' },
    'a.json: row 0: field "sentence" is the text "x"; valid: sentence 1: TEXT, line end, sentence 2: TEXT',
  ],
  [
    "rte",
    { "a.tsv": "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tneutral\n" },
    'a.tsv: line 2: field "label" is the text "neutral"; valid: "0", "1", "entailment", "not_entailment", "-1"',
  ],
  [
    "openbookqa",
    { "a.jsonl": '{"question":{"stem":"q","choices":[{"text":"a"}]},"answerKey":"A"}' },
    'a.jsonl: line 1: field "question.choices" does not hold the texts of four choices; valid: four choices',
  ],
  [
    "webquestions",
    { "a.json": '[{"utterance":"q","targetValue":"x"}]' },
    'a.json: row 0: field "targetValue" is the text "x"; valid: a list such as (list (description "Jamaican English"))',
  ],
];

for (const [name, files, message] of bad) {
  Deno.test(`a malformed file is refused: ${message.slice(0, 110)}`, async () => {
    await withFiles(files, async (folder) => {
      const paths = Object.keys(files).map((file) => `${folder}/${file}`);
      const error = await assertRejects(() => readAll(name, paths), Error);
      assertEquals(error.message, `${folder}/${message}`);
    });
  });
}

Deno.test("two files that go together have as many lines, and stand in their order", async () => {
  await withFiles({ "t.en": "a\nb\n", "t.fr": "c\n", "u.fr": "c\nd\ne\n" }, async (folder) => {
    const [en, fr, more] = ["t.en", "t.fr", "u.fr"].map((name) => `${folder}/${name}`);
    const cases: [string[], string][] = [
      [[en, fr], `${fr}: ends after 1 lines, ${en} goes on; valid: as many as there`],
      [[en, more], `${en}: ends after 2 rows, ${more} goes on; valid: as many as there`],
      [[fr, en], `${fr}: stands before ${en}; valid: the file in "en", then the one in "fr"`],
      [[en], `${en}: stands alone; valid: pairs of text files, "en" and then "fr"`],
      [[`${folder}/none.jsonl`], `${folder}/none.jsonl: no such file; valid: a file of the dataset`],
      [[`${folder}/none.parquet`], `${folder}/none.parquet: no such file; valid: a file of the dataset`],
    ];
    for (const [paths, message] of cases) {
      assertEquals((await assertRejects(() => readAll("enfr", paths), Error)).message, message);
    }
  });
});

Deno.test("every dataset gives its task's fields and label words", () => {
  for (const { name, task, labels, layouts } of datasets) {
    for (const { fields } of layouts) assertEquals(Object.keys(fields), [...findTask(task).fields], name);
    assertEquals(labels, [...findTask(task).labels], name);
  }
});

Deno.test("every set that a task names has a reader", () => {
  for (const task of Object.values(tasks)) {
    for (const set of [...task.sets.inDomain, ...task.sets.outOfDomain]) {
      assertEquals(datasets.filter((each) => each.task === task.name && each.set === set).length, 1, set);
    }
  }
  assertEquals(new Set(datasets.map(({ name }) => name)).size, datasets.length);
  assertEquals(dataset("xsum").title, "XSum");
});
