/**
 * The tasks: prompts, label words, datasets and scoring. A new task is a file of its own and its name in the list
 * below.
 * @module
 */
import { closedBookQa } from "./closed_book_qa.ts";
import { multipleChoice } from "./multiple_choice.ts";
import { nli } from "./nli.ts";
import { paraphrase } from "./paraphrase.ts";
import { promotInference, promotRte } from "./promot_inference.ts";
import { promotSummary } from "./promot_summary.ts";
import { question } from "./question.ts";
import { sentiment } from "./sentiment.ts";
import { summary } from "./summary.ts";
import { translation } from "./translation.ts";
import type { Paper, Task } from "./types.ts";
import { wordSense } from "./word_sense.ts";

const all = [
  summary,
  question,
  sentiment,
  paraphrase,
  nli,
  translation,
  closedBookQa,
  wordSense,
  multipleChoice,
];

/** All tasks that have a folder, by name, in the papers' order: U's five, then P's. */
export const tasks: Readonly<Record<string, Task>> = Object.fromEntries(all.map((task) => [task.name, task]));

/**
 * P's tasks, in its order: those it fine-tunes on and those it shows in context. Some are tasks of U in P's words, which have no folder of
 * their own and are in no other list.
 */
export const promotTasks: readonly Task[] = [
  promotRte,
  promotInference,
  wordSense,
  closedBookQa,
  translation,
  promotSummary,
  multipleChoice,
];

/** The tasks that have a folder, of a paper, in its order. */
export function tasksOf(paper: Paper): readonly Task[] {
  return all.filter((task) => task.paper === paper);
}

/** The task of a name; an unknown name is an error that lists the valid ones. */
export function findTask(name: string): Task {
  const inPsWords = promotTasks.find((task) => task.name === name && task.reads !== undefined);
  if (inPsWords !== undefined) return inPsWords;
  if (!Object.hasOwn(tasks, name)) {
    throw new Error(`no task "${name}"; valid: ${Object.keys(tasks).join(", ")}`);
  }
  return tasks[name];
}

/** The set a task trains on. Throws where nothing is trained on it. */
export function trainingSet(task: Task): string {
  if (task.sets.train === null) {
    const valid = all.filter(({ sets }) => sets.train !== null).map(({ name }) => name).join(", ");
    throw new Error(`task ${task.name} has no training set; valid: ${valid}`);
  }
  return task.sets.train;
}

export type { DatasetRow, ItemStatistics, Metric, Paper, PromptFormat, Scorer, Task, TaskKind } from "./types.ts";
export { renderContext, renderPrompt } from "./prompt.ts";
export { postprocess } from "./postprocess.ts";
export { firstWords } from "./white_space.ts";
export { labelTokens, longestLabel } from "./labels.ts";
export { type ClassificationScore, meanValue, metricsOf, scoreClassification, scoreGeneration } from "./scoring.ts";
export { listSets, readFewShot, readTest, readTrain, type SetFiles } from "./datasets/u_layout.ts";
