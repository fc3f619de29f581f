/**
 * Closed-book question answering: TriviaQA and WebQuestions, the answer to be known without a text. P trains nothing on
 * it.
 * @module
 */
import type { Task } from "./types.ts";

// As in P's Table 7: the answer stands right after the colon.
const prompt = "Q: {input} A:";

/** Prompt, shot counts and sets of P's question answering task. */
export const closedBookQa: Task = {
  name: "closed_book_qa",
  paper: "P",
  kind: "generation",
  scorer: "exact_match",
  fields: ["input"],
  labels: [],
  prompts: [prompt, prompt],
  shots: [0, 1, 4],
  fticlShots: [],
  maxNewTokens: 20,
  sets: { train: null, inDomain: [], outOfDomain: ["triviaqa", "webquestions"] },
};
