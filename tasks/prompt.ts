/**
 * From rows to prompt text.
 * @module
 */
import type { DatasetRow, PromptFormat, Task } from "./types.ts";

/**
 * The prompt of one row in one format. Placeholders are filled in one pass, so braces or `$` in the data stay as they
 * are.
 *
 * @throws where the row lacks a field that the prompt names.
 */
export function renderPrompt(task: Task, format: PromptFormat, row: DatasetRow): string {
  return task.prompts[format - 1].replace(/\{(\w+)\}/g, (_, field: string) => {
    if (!Object.hasOwn(row.fields, field)) {
      throw new Error(`task ${task.name}: prompt ${format} names {${field}}, which row ${row.id} lacks`);
    }
    return row.fields[field];
  });
}

/**
 * The whole text put before the answer: each demonstration's prompt, its output and a blank line, then the row's own
 * prompt. The same for few-shot evaluation and for FTICL training, as in the U code; no space parts a prompt from its
 * output.
 */
export function renderContext(
  task: Task,
  format: PromptFormat,
  demonstrations: readonly DatasetRow[],
  row: DatasetRow,
): string {
  const shown = demonstrations.map((demo) => `${renderPrompt(task, format, demo)}${demo.output}\n\n`);
  return shown.join("") + renderPrompt(task, format, row);
}
