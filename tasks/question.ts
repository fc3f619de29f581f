/**
 * Question generation: given a text and an answer, the question. Trained on SocialIQA. `sciqa` is SciQ.
 * @module
 */
import type { Task } from "./types.ts";

/** Prompts, shot counts and set roles of U's question task. */
export const question: Task = {
  name: "question",
  paper: "U",
  kind: "generation",
  scorer: "rouge",
  fields: ["input", "answer"],
  labels: [],
  prompts: [
    "### Input:\n{input}\n### Answer:\n{answer}\n### Question:",
    "Given the context:{input}\nAnd the answer:{answer}\nGenerate a suitable question:",
  ],
  shots: [0, 1, 2, 4],
  fticlShots: [1, 2],
  maxNewTokens: 60,
  sets: { train: "socialqa", inDomain: ["socialqa"], outOfDomain: ["tweetqa", "sciqa"] },
};
