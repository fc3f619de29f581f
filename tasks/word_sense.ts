/**
 * Word sense: does a word have the same sense in two sentences? WiC (Words in Context). P trains nothing on it.
 * @module
 */
import type { Task } from "./types.ts";

// As in P's Table 7, with its missing space and its capital letter: the label stands right after the colon.
const prompt =
  "{input_1} {input_2} question: The word {word} is used in the same way in the two sentences.Is it true or False? answer:";

/** Prompt, label words, shot counts and sets of P's word sense task. */
export const wordSense: Task = {
  name: "word_sense",
  paper: "P",
  kind: "classification",
  scorer: "labels",
  fields: ["input_1", "input_2", "word"],
  labels: ["True", "False"],
  prompts: [prompt, prompt],
  shots: [0, 1, 4],
  fticlShots: [],
  maxNewTokens: 5,
  sets: { train: null, inDomain: [], outOfDomain: ["wic"] },
};
