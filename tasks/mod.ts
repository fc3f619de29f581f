/**
 * The tasks: prompts, label words, datasets and scoring. A new task is a file of its own and its name in the list
 * below.
 * @module
 */
import { sentiment } from "./sentiment.ts";
import { summary } from "./summary.ts";
import type { Task } from "./types.ts";

/** All tasks by name, in the papers' order. */
export const tasks: Readonly<Record<"summary" | "sentiment", Task> & Record<string, Task>> = { summary, sentiment };

/** The task of a name; an unknown name is an error that lists the valid ones. */
export function findTask(name: string): Task {
  if (!Object.hasOwn(tasks, name)) {
    throw new Error(`no task "${name}"; valid: ${Object.keys(tasks).join(", ")}`);
  }
  return tasks[name];
}

export type { DatasetRow, ItemStatistics, Metric, PromptFormat, Task, TaskKind } from "./types.ts";
export { renderContext, renderPrompt } from "./prompt.ts";
export { postprocess } from "./postprocess.ts";
export { labelTokens } from "./labels.ts";
export { type ClassificationScore, meanValue, metricsOf, scoreClassification, scoreGeneration } from "./scoring.ts";
export { listSets, readFewShot, readTest, readTrain, type SetFiles } from "./datasets/u_layout.ts";
