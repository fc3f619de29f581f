/**
 * Prompts that did not fit the model's context: what their scores are worth.
 * @module
 */
import type { Report } from "./model.ts";
import { markdownTable } from "./tables.ts";

/** A section that names the evaluations whose prompts lost tokens, and how many did; empty where all fitted. */
export function cutPromptsSection({ cells }: Pick<Report, "cells">): string {
  const all = cells.flatMap(({ evaluations }) => evaluations);
  const rows = [...Map.groupBy(all, ({ task, set, format, shots }) => [`${task}/${set}`, format, shots].join(" "))]
    .filter(([, same]) => same.some(({ truncated }) => truncated > 0))
    .map(([key, same]) => {
      // Cells differ where one has a soft prompt before its prompts.
      const counts = [...new Set(same.map(({ truncated, n }) => `${truncated} of ${n}`))];
      return [...key.split(" "), counts.join(", ")];
    });
  if (rows.length === 0) return "";
  const table = markdownTable({
    header: ["set", "format", "shots", "prompts cut"],
    rows,
    right: (column) => column === 1 || column === 2,
  });
  return `## Prompts that did not fit

A prompt that leaves no room for its answer in the model's context loses its beginning, demonstrations first: what is scored here saw fewer
demonstrations than its shot count says, or a part of its own text.

${table}`;
}
