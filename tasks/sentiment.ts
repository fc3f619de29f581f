/**
 * Sentiment classification: trained on Amazon reviews.
 * @module
 */
import type { Task } from "./types.ts";

/** Prompts, label words, shot counts and set roles of U's sentiment task. */
export const sentiment: Task = {
  name: "sentiment",
  paper: "U",
  kind: "classification",
  scorer: "labels",
  fields: ["input"],
  labels: ["positive", "negative"],
  prompts: [
    "### Input:\n{input}\n### Sentiment:",
    "Analyze the sentiment of the following text:{input}\nSentiment:",
  ],
  shots: [0, 2, 4, 6],
  fticlShots: [2, 4],
  maxNewTokens: 5,
  sets: { train: "amazon", inDomain: ["amazon", "amazonfood"], outOfDomain: ["sst2", "yelp"] },
};
