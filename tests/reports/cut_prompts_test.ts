import { assertEquals } from "@std/assert";
import { cutPromptsSection } from "../../reports/cut_prompts.ts";
import type { ReportCell, ReportEvaluation } from "../../reports/model.ts";

function cell(...evaluations: [set: string, shots: number, truncated: number][]): ReportCell {
  return {
    evaluations: evaluations.map(([set, shots, truncated]) => ({
      task: "summary",
      set,
      format: 1,
      shots,
      n: 10,
      truncated,
    } as ReportEvaluation)),
  } as unknown as ReportCell;
}

Deno.test("Prompts that lost tokens are told by set and shots, once for cells that agree", () => {
  assertEquals(cutPromptsSection({ cells: [cell(["xsum", 0, 0], ["xsum", 4, 0]), cell()] }), "");
  const text = cutPromptsSection({
    cells: [cell(["xsum", 0, 0], ["xsum", 4, 7], ["cnn", 4, 10]), cell(["xsum", 4, 7], ["cnn", 4, 9])],
  });
  assertEquals(text.split("\n").filter((line) => line.startsWith("|")), [
    "| set          | format | shots | prompts cut       |",
    "| ------------ | -----: | ----: | ----------------- |",
    "| summary/xsum |      1 |     4 | 7 of 10           |",
    "| summary/cnn  |      1 |     4 | 10 of 10, 9 of 10 |",
  ]);
});
