/**
 * Multiple choice: trained on OpenbookQA. The answer is the letter of one of four choices.
 * @module
 */
import type { Task } from "./types.ts";

// As in P's Table 7. The table does not say what the answer is: here the choice's letter, right after the colon.
const prompt = "Q: {input} A) {a} B) {b} C) {c} D) {d} A:";

/** Prompt, label words, shot counts and set roles of P's multiple choice task. */
export const multipleChoice: Task = {
  name: "multiple_choice",
  paper: "P",
  kind: "classification",
  scorer: "labels",
  fields: ["input", "a", "b", "c", "d"],
  labels: ["A", "B", "C", "D"],
  prompts: [prompt, prompt],
  shots: [0, 1, 4],
  fticlShots: [],
  maxNewTokens: 5,
  sets: { train: "openbookqa", inDomain: ["openbookqa"], outOfDomain: [] },
};
