/** Readers on files as their publishers ship them. */
import { assertEquals } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { dataset, readAll } from "./datasets_files.ts";

/** Dataset, files, and how many rows each label has, or how many there are. */
const cases: [string, string[], number | Record<string, number>][] = [
  ["sst2", ["sst2/train.tsv"], { positive: 3610, negative: 3310 }],
  ["sst2", ["sst2/dev.tsv"], { positive: 444, negative: 428 }],
  ["sst2", ["sst2/test.tsv"], { positive: 909, negative: 912 }],
  ["stsb", ["stsb/stsb-en-train.csv"], { yes: 2006, no: 3743 }],
  ["stsb", ["stsb/stsb-en-dev.csv"], { yes: 388, no: 1112 }],
  ["stsb", ["stsb/stsb-en-test.csv"], { yes: 459, no: 920 }],
  ["stsb", ["hf-fixtures/STS-B/train.tsv", "hf-fixtures/STS-B/dev.tsv"], { yes: 10, no: 8 }],
  ["tweetqa", ["tweetqa/dev.json"], 1086],
  ["rte", ["olora/RTE/train.json"], { entailment: 1018, neutral: 982, contradiction: 0 }],
  ["rte", ["olora/RTE/dev.json"], { entailment: 146, neutral: 131, contradiction: 0 }],
  ["openbookqa", ["openbookqa/train.json"], { A: 1378, B: 1212, C: 1146, D: 1221 }],
  ["openbookqa", ["openbookqa/test.json"], { A: 138, B: 126, C: 132, D: 104 }],
  ["triviaqa", ["triviaqa/test_1000.jsonl"], 1000],
  ["triviaqa", ["triviaqa/official_format_sample.json"], 1],
  ["webquestions", ["webquestions/brmson/trainmodel.json"], 2834],
  ["webquestions", ["webquestions/brmson/val.json"], 755],
  ["webquestions", ["webquestions/brmson/devtest.json"], 189],
  ["webquestions", ["webquestions/brmson/test.json"], 2032],
  ["webquestions", ["webquestions/genread/webq-train.jsonl"], 3478],
  ["webquestions", ["webquestions/genread/webq-dev.jsonl"], 300],
  ["webquestions", ["webquestions/genread/webq-test.jsonl"], 2032],
  ["enro", ["wmt16_en_ro/train.json", "wmt16_en_ro/val.json", "wmt16_en_ro/test.json"], 47],
  ["enro", ["wmt16_en_ro/wmt16_sample.json"], 10],
  ["enro", ["flores101_devtest/test.en.txt", "flores101_devtest/test.ro.txt"], 1012],
  ["ende", ["flores101_devtest/test.en.txt", "flores101_devtest/test.de.txt"], 1012],
  ["ende", ["wmt_en_de_opennmt/src-train.txt", "wmt_en_de_opennmt/tgt-train.txt"], 9999],
  ["ende", ["wmt_en_de_opennmt/src-val.txt", "wmt_en_de_opennmt/tgt-val.txt"], 50],
  ["xsum", ["hf-fixtures/xsum_sample.json"], 10],
];

for (const [name, files, expected] of cases) {
  testWithSharedData(`${name} is read from ${files.join(" and ")}`, "datasets", async (folder) => {
    const { rows } = await readAll(name, files.map((file) => `${folder}/${file}`));
    const { labels } = dataset(name);
    const counts = Object.fromEntries(labels.map((word) => [word, rows.filter((row) => row.output === word).length]));
    assertEquals(labels.length > 0 ? counts : rows.length, expected);
    assertEquals(new Set(rows.map(({ id }) => id)).size, rows.length);
  });
}

testWithSharedData("rows have the publisher's texts in the task's fields", "datasets", async (folder) => {
  const row = async (name: string, index: number, ...files: string[]) =>
    (await readAll(name, files.map((file) => `${folder}/${file}`))).rows[index];
  assertEquals(await row("stsb", 0, "stsb/stsb-en-train.csv"), {
    id: "stsb-en-train.csv:0",
    fields: { input_1: "A plane is taking off.", input_2: "An air plane is taking off." },
    output: "yes",
  });
  assertEquals(await row("openbookqa", 3, "openbookqa/train.json"), {
    id: "train.json:3",
    fields: {
      input: "Stars are",
      a: "warm lights that float",
      b: "made out of nitrate",
      c: "great balls of gas burning billions of miles away",
      d: "lights in the sky",
    },
    output: "C",
  });
  assertEquals((await row("triviaqa", 0, "triviaqa/test_1000.jsonl")).fields, {
    input: 'Who wrote "A cauliflower is nothing but a cabbage with a college education"?',
  });
  assertEquals(await row("ende", 0, "wmt_en_de_opennmt/src-val.txt", "wmt_en_de_opennmt/tgt-val.txt"), {
    id: "src-val.txt:0",
    fields: {
      input: "Parliament Does Not Support Amendment Freeing Tymoshenko",
      source: "English",
      target: "German",
    },
    output: "Keine befreiende Novelle für Tymoshenko durch das Parlament",
  });
  assertEquals(await row("tweetqa", 0, "tweetqa/dev.json"), {
    id: "dev.json:0",
    fields: {
      input: "This forecast is deflated as much as New England Patriots footballs! I apologize. W NJ has the most to " +
        "lose. Dave Curren (@DaveCurren) January 27, 2015",
      answer: "w nj",
    },
    output: "who has the most to lose",
  });
});
