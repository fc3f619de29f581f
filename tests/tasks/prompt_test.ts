import { assertEquals, assertThrows } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { type DatasetRow, findTask, renderContext, renderPrompt, tasks } from "../../tasks/mod.ts";

const row = (input: string, output = "x"): DatasetRow => ({ id: "0", fields: { input }, output });

Deno.test("rendered prompts are the U paper's strings byte for byte", () => {
  const cases: [string, 1 | 2, string][] = [
    ["summary", 1, "### Input:\nTHE TEXT\n### Summary:"],
    ["summary", 2, "Please read the following text:THE TEXT\nProvide a summary:"],
    ["sentiment", 1, "### Input:\nTHE TEXT\n### Sentiment:"],
    ["sentiment", 2, "Analyze the sentiment of the following text:THE TEXT\nSentiment:"],
  ];
  for (const [task, format, expected] of cases) {
    assertEquals(renderPrompt(tasks[task], format, row("THE TEXT")), expected);
  }
});

testWithSharedData("prompts equal the U repository's prompt_map.json", "ft-llm/prompt_map.json", (path) => {
  const map = JSON.parse(Deno.readTextFileSync(path)) as Record<string, string>[];
  for (const task of Object.values(tasks)) {
    assertEquals([...task.prompts], [map[0][task.name], map[1][task.name]]);
  }
});

Deno.test("braces, dollar signs and line ends in the data reach the prompt unchanged", () => {
  const input = "{input} $& $1 {output}\r\n\t{x} ";
  assertEquals(renderPrompt(tasks.sentiment, 1, row(input)), `### Input:\n${input}\n### Sentiment:`);
});

Deno.test("a context is each demonstration, its output and a blank line, then the prompt", () => {
  const demos = [row("good", "positive"), row("bad", "negative")];
  assertEquals(
    renderContext(tasks.sentiment, 1, demos, row("so so")),
    "### Input:\ngood\n### Sentiment:positive\n\n### Input:\nbad\n### Sentiment:negative\n\n### Input:\nso so\n### Sentiment:",
  );
  assertEquals(renderContext(tasks.sentiment, 2, [], row("a")), renderPrompt(tasks.sentiment, 2, row("a")));
});

Deno.test("a row that lacks a prompt's field is an error that names it", () => {
  assertThrows(
    () => renderPrompt(tasks.summary, 2, { id: "7", fields: { text: "a" }, output: "b" }),
    Error,
    "task summary: prompt 2 names {input}, which row 7 lacks",
  );
});

Deno.test("every task is whole: its prompts name its fields, its shots rise from zero, its labels fit its kind", () => {
  for (const [name, task] of Object.entries(tasks)) {
    assertEquals(task.name, name);
    for (const prompt of task.prompts) {
      assertEquals([...prompt.matchAll(/\{(\w+)\}/g)].map((match) => match[1]), [...task.fields]);
    }
    assertEquals([...task.shots], [...task.shots].sort((a, b) => a - b));
    assertEquals(task.shots[0], 0);
    assertEquals([...task.fticlShots], task.shots.slice(1, 3));
    assertEquals(task.labels.length > 0, task.kind === "classification");
    assertEquals(task.sets.inDomain[0], task.sets.train);
  }
});

Deno.test("an unknown task is an error that lists the valid ones", () => {
  assertEquals(findTask("summary"), tasks.summary);
  for (const name of ["sumary", "constructor", ""]) {
    assertThrows(() => findTask(name), Error, `no task "${name}"; valid: summary, sentiment`);
  }
});
