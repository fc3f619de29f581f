/**
 * Summaries in P's words (Table 7): XSum and WikiLingua. The rows are those of U's summary task; P trains nothing on it, and reports ROUGE-2.
 * @module
 */
import type { Task } from "./types.ts";

const prompt = "Article: {input} One sentence summary:";

/** Prompt, shot counts and sets of P's summary task. */
export const promotSummary: Task = {
  name: "promot_summary",
  paper: "P",
  kind: "generation",
  scorer: "rouge",
  fields: ["input"],
  labels: [],
  prompts: [prompt, prompt],
  shots: [0, 1, 4],
  fticlShots: [],
  maxNewTokens: 60,
  sets: { train: null, inDomain: [], outOfDomain: ["xsum", "wikilingua"] },
  reads: { task: "summary" },
};
