/**
 * Paraphrase detection: do two sentences say the same? Trained on PAWS. U's prompts and folders call it `detection`.
 * @module
 */
import type { Task } from "./types.ts";

/** Prompts, label words, shot counts and set roles of U's paraphrase task. */
export const paraphrase: Task = {
  name: "detection",
  paper: "U",
  kind: "classification",
  scorer: "labels",
  fields: ["input_1", "input_2"],
  labels: ["yes", "no"],
  prompts: [
    "### Input_1:\n{input_1}\n### Input_2:\n{input_2}\n### Paraphrase Classification:",
    "Let's compare the two sentences: Sentence_1:{input_1}\nSentence_2:{input_2}\nAre they paraphrasing?:",
  ],
  shots: [0, 2, 4, 6],
  fticlShots: [2, 4],
  maxNewTokens: 5,
  sets: { train: "paws", inDomain: ["paws"], outOfDomain: ["qqp", "stsb"] },
};
