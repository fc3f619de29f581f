/**
 * Natural language inference: MNLI, RTE, GPTNLI, SNLI, CB, in U's label words; P's formats read the same rows.
 * @module
 */
import { label, matched, text } from "./cells.ts";
import type { Dataset, Layout } from "./dataset.ts";

const byWord = { entailment: "entailment", neutral: "neutral", contradiction: "contradiction" } as const;

const pair = (first: string, second: string) => ({ input_1: text(first), input_2: text(second) });

/** Three relations by name; rows on which the annotators did not agree are `-` and are left out. */
const byName = (column: string) => label(column, { ...byWord, "-": null });

/** Three relations as Hugging Face counts them in most sets. */
const byNumber = (column: string) => label(column, { 0: "entailment", 1: "neutral", 2: "contradiction", "-1": null });

function largeNli(publisher: string, hub: string): Layout[] {
  return [
    { about: publisher, fields: pair("sentence1", "sentence2"), output: byName("gold_label") },
    { about: hub, fields: pair("premise", "hypothesis"), output: byNumber("label") },
  ];
}

/** U writes RTE's not_entailment as neutral. */
function rte(): Layout[] {
  const named = { entailment: "entailment", not_entailment: "neutral" };
  // Hugging Face writes 0 and 1, SuperGLUE and GLUE the names.
  const either = label("label", { ...named, 0: "entailment", 1: "neutral", "-1": null });
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
      output: label("label", { entailment: "entailment", contradiction: "neutral" }),
    },
  ];
}

function cb(): Layout[] {
  return [{
    about: "SuperGLUE",
    fields: pair("premise", "hypothesis"),
    // In CB contradiction comes before neutral.
    output: label("label", {
      ...byWord,
      0: "entailment",
      1: "contradiction",
      2: "neutral",
      "-1": null,
    }),
  }];
}

const mnli = largeNli("MultiNLI, GLUE", "Hugging Face nyu-mll/multi_nli");
const snli = largeNli("SNLI", "Hugging Face stanfordnlp/snli");

const ofU = { task: "inference", labels: ["entailment", "neutral", "contradiction"] } as const;
const tabs = { plain: { kind: "tsv" } } as const;

/** The sets of the inference tasks. */
export const nliDatasets: readonly Dataset[] = [
  { ...ofU, ...tabs, name: "multinli", title: "MNLI matched", set: "multinli", layouts: mnli },
  { ...ofU, ...tabs, name: "multinli2", title: "MNLI mismatched", set: "multinli2", layouts: mnli },
  { ...ofU, name: "rte", title: "RTE", set: "rte", layouts: rte() },
  {
    ...ofU,
    name: "gptnli",
    title: "GPTNLI",
    set: "gptnli",
    layouts: [{
      about: "Hugging Face pietrolesci/gpt3_nli",
      fields: pair("text_a", "text_b"),
      output: byNumber("label"),
    }],
  },
  { ...ofU, ...tabs, name: "snli", title: "SNLI", set: "snli", layouts: snli },
  { ...ofU, name: "cb", title: "CB", set: "cb", layouts: cb() },
];
