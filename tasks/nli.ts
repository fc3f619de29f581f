/**
 * Natural language inference: trained on MNLI. U's prompts and folders call it `inference`. `multinli` is MNLI matched,
 * `multinli2` MNLI mismatched; RTE has no contradictions, its `not_entailment` is written as `neutral`.
 * @module
 */
import type { Task } from "./types.ts";

/** Prompts, label words, shot counts and set roles of U's inference task. */
export const nli: Task = {
  name: "inference",
  paper: "U",
  kind: "classification",
  scorer: "labels",
  fields: ["input_1", "input_2"],
  labels: ["entailment", "neutral", "contradiction"],
  // MNLI's rows on which its annotators did not agree.
  toleratedGold: ["-"],
  prompts: [
    "### Input_1:\n{input_1}\n### Input_2:\n{input_2}\n### Inference:",
    // Ends in a space, as in U's code. Where a tokenizer takes that space into the label's first token, the ids scored
    // are those of that token; U scores the ones without a space after both prompts.
    "Consider the following texts: Text 1:{input_1}\nText 2:{input_2}\nThe relation is ",
  ],
  shots: [0, 3, 5, 7],
  fticlShots: [3, 5],
  maxNewTokens: 5,
  sets: { train: "multinli", inDomain: ["multinli", "multinli2"], outOfDomain: ["rte", "gptnli"] },
};
