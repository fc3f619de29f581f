/**
 * Natural language inference in P's words (Table 7): RTE with two labels, SNLI and CB with three. The rows are those of U's inference task.
 * @module
 */
import type { Task } from "./types.ts";

// As in P's Table 7: the label stands right after the colon.
const twoWays = "{input_1} question: {input_2} Is it true or false? answer:";
const threeWays = "{input_1} question: {input_2} Is it true or false or neither? answer:";

const common = {
  paper: "P",
  kind: "classification",
  scorer: "labels",
  fields: ["input_1", "input_2"],
  shots: [0, 1, 4],
  fticlShots: [],
  // A vocabulary may spell the words in letters.
  maxNewTokens: 8,
} as const;

/** RTE. Where the data has no training rows of it, entailment and neutral of MNLI stand in. */
export const promotRte: Task = {
  ...common,
  name: "promot_rte",
  labels: ["True", "False"],
  prompts: [twoWays, twoWays],
  sets: { train: "rte", inDomain: ["rte"], outOfDomain: [] },
  reads: { task: "inference", words: { entailment: "True", neutral: "False" }, standIn: "multinli" },
};

/** SNLI and CB. Where the data has no training rows of SNLI, those of MNLI stand in. */
export const promotInference: Task = {
  ...common,
  name: "promot_inference",
  labels: ["True", "False", "Neither"],
  prompts: [threeWays, threeWays],
  sets: { train: "snli", inDomain: ["snli"], outOfDomain: ["cb"] },
  reads: {
    task: "inference",
    words: { entailment: "True", contradiction: "False", neutral: "Neither" },
    standIn: "multinli",
  },
};
