/**
 * Natural language inference: MNLI, RTE, GPTNLI, SNLI, CB in U's label words; and P's RTE, SNLI and CB in P's.
 * @module
 */
import { label, matched, text } from "./cells.ts";
import type { Dataset, Layout } from "./dataset.ts";

/** A label word for each relation. */
type Words = Readonly<Record<"entailment" | "neutral" | "contradiction" | "not_entailment", string>>;

// U writes RTE's not_entailment as neutral.
const wordsOfU: Words = {
  entailment: "entailment",
  neutral: "neutral",
  contradiction: "contradiction",
  not_entailment: "neutral",
};
const wordsOfP: Words = { entailment: "True", neutral: "Neither", contradiction: "False", not_entailment: "False" };

const pair = (first: string, second: string) => ({ input_1: text(first), input_2: text(second) });

/** Three relations by name; rows on which the annotators did not agree are `-` and are left out. */
const byName = (column: string, { entailment, neutral, contradiction }: Words) =>
  label(column, { entailment, neutral, contradiction, "-": null });

/** Three relations as Hugging Face counts them in most sets. */
const byNumber = (column: string, { entailment, neutral, contradiction }: Words) =>
  label(column, { 0: entailment, 1: neutral, 2: contradiction, "-1": null });

function largeNli(publisher: string, hub: string, words: Words): Layout[] {
  return [
    { about: publisher, fields: pair("sentence1", "sentence2"), output: byName("gold_label", words) },
    { about: hub, fields: pair("premise", "hypothesis"), output: byNumber("label", words) },
  ];
}

function rte(words: Words): Layout[] {
  const named = { entailment: words.entailment, not_entailment: words.not_entailment };
  // Hugging Face writes 0 and 1, SuperGLUE and GLUE the names.
  const either = label("label", { ...named, 0: words.entailment, 1: words.not_entailment, "-1": null });
  const both = /^sentence 1: (.*)\nsentence 2: .*$/s;
  const valid = "sentence 1: TEXT, line end, sentence 2: TEXT";
  return [
    { about: "GLUE", fields: pair("sentence1", "sentence2"), output: either },
    { about: "SuperGLUE", fields: pair("premise", "hypothesis"), output: either },
    {
      about: "O-LoRA's RTE",
      fields: {
        input_1: matched("sentence", both, valid),
        input_2: matched("sentence", /\nsentence 2: (.*)$/s, valid),
      },
      output: label("label", { entailment: words.entailment, contradiction: words.not_entailment }),
    },
  ];
}

function cb(words: Words): Layout[] {
  const { entailment, neutral, contradiction } = words;
  return [{
    about: "SuperGLUE",
    fields: pair("premise", "hypothesis"),
    // In CB contradiction comes before neutral.
    output: label("label", {
      entailment,
      neutral,
      contradiction,
      0: entailment,
      1: contradiction,
      2: neutral,
      "-1": null,
    }),
  }];
}

const mnli = largeNli("MultiNLI, GLUE", "Hugging Face nyu-mll/multi_nli", wordsOfU);
const snli = (words: Words) => largeNli("SNLI", "Hugging Face stanfordnlp/snli", words);

const ofU = { task: "inference", labels: ["entailment", "neutral", "contradiction"] } as const;
const ofP = { task: "promot_inference", labels: ["True", "False", "Neither"] } as const;
const tabs = { plain: { kind: "tsv" } } as const;

/** The sets of the inference tasks. */
export const nliDatasets: readonly Dataset[] = [
  { ...ofU, ...tabs, name: "multinli", title: "MNLI matched", set: "multinli", layouts: mnli },
  { ...ofU, ...tabs, name: "multinli2", title: "MNLI mismatched", set: "multinli2", layouts: mnli },
  { ...ofU, name: "rte", title: "RTE", set: "rte", layouts: rte(wordsOfU) },
  {
    ...ofU,
    name: "gptnli",
    title: "GPTNLI",
    set: "gptnli",
    layouts: [{
      about: "Hugging Face pietrolesci/gpt3_nli",
      fields: pair("text_a", "text_b"),
      output: byNumber("label", wordsOfU),
    }],
  },
  { ...ofU, ...tabs, name: "snli", title: "SNLI", set: "snli", layouts: snli(wordsOfU) },
  { ...ofU, name: "cb", title: "CB", set: "cb", layouts: cb(wordsOfU) },
  {
    ...ofP,
    labels: ["True", "False"],
    name: "promot_rte",
    title: "RTE, P's words",
    set: "rte",
    layouts: rte(wordsOfP),
  },
  { ...ofP, ...tabs, name: "promot_snli", title: "SNLI, P's words", set: "snli", layouts: snli(wordsOfP) },
  { ...ofP, name: "promot_cb", title: "CB, P's words", set: "cb", layouts: cb(wordsOfP) },
];
