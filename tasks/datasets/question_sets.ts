/**
 * Question generation: SocialIQA, TweetQA, SciQ.
 * @module
 */
import { firstOf, named, text } from "./cells.ts";
import type { Dataset } from "./dataset.ts";

const common = { task: "question", labels: [] } as const;

/** The sets of the question task. */
export const questionDatasets: readonly Dataset[] = [
  {
    ...common,
    name: "socialqa",
    title: "SocialIQA",
    set: "socialqa",
    layouts: [{
      about: "SocialIQA's train.jsonl with train-labels.lst, Hugging Face allenai/social_i_qa",
      fields: {
        input: text("context"),
        answer: named("label", { 1: "answerA", 2: "answerB", 3: "answerC" }),
      },
      output: text("question"),
    }],
    partner: { ending: ".lst", column: "label" },
  },
  {
    ...common,
    name: "tweetqa",
    title: "TweetQA",
    set: "tweetqa",
    layouts: [{
      about: "TweetQA",
      fields: { input: text("Tweet"), answer: firstOf("Answer") },
      output: text("Question"),
    }],
  },
  {
    ...common,
    name: "sciqa",
    title: "SciQ",
    set: "sciqa",
    layouts: [{
      about: "SciQ, Hugging Face allenai/sciq",
      // Some questions have no text to go with them.
      fields: { input: text("support"), answer: text("correct_answer") },
      output: text("question"),
    }],
  },
];
