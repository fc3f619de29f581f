/**
 * Paraphrases: PAWS, QQP, STS-B. A similarity of more than 3.5 is a paraphrase.
 * @module
 */
import { above, label, text, unquoted } from "./cells.ts";
import type { Dataset } from "./dataset.ts";

const common = { task: "detection", labels: ["yes", "no"] } as const;
const yesOrNo = { 0: "no", 1: "yes", "-1": null } as const;
const sentences = { input_1: text("sentence1"), input_2: text("sentence2") };
const similar = (column: string) => above(column, 3.5, { yes: "yes", no: "no" });

/** The sets of the paraphrase task. */
export const paraphraseDatasets: readonly Dataset[] = [
  {
    ...common,
    name: "paws",
    title: "PAWS",
    set: "paws",
    layouts: [{
      about: "PAWS-Wiki, Hugging Face google-research-datasets/paws",
      fields: sentences,
      output: label("label", yesOrNo),
    }],
  },
  {
    ...common,
    name: "qqp",
    title: "Quora Question Pairs",
    set: "qqp",
    layouts: [
      {
        about: "GLUE, quora_duplicate_questions.tsv",
        fields: { input_1: unquoted("question1"), input_2: unquoted("question2") },
        output: label("is_duplicate", yesOrNo),
        shortRows: true,
      },
      {
        about: "Hugging Face nyu-mll/glue",
        fields: { input_1: text("question1"), input_2: text("question2") },
        output: label("label", yesOrNo),
      },
    ],
  },
  {
    ...common,
    name: "stsb",
    title: "STS-B",
    set: "stsb",
    layouts: [
      {
        about: "GLUE, stsb-en-train.csv",
        fields: sentences,
        output: similar("score"),
        headerless: ["sentence1", "sentence2", "score"],
      },
      {
        about: "STS benchmark, sts-train.csv",
        fields: sentences,
        output: similar("score"),
        headerless: ["genre", "file", "year", "number", "score", "sentence1", "sentence2"],
      },
      { about: "Hugging Face nyu-mll/glue", fields: sentences, output: similar("label") },
    ],
  },
];
