import { assertEquals, assertThrows } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import {
  type DatasetRow,
  findTask,
  renderContext,
  renderPrompt,
  tasks,
  tasksOf,
  trainingSet,
} from "../../tasks/mod.ts";

const row = (input: string, output = "x"): DatasetRow => ({ id: "0", fields: { input }, output });

const filled: Record<string, string> = {
  input: "TEXT",
  answer: "ANSWER",
  input_1: "ONE",
  input_2: "TWO",
  source: "English",
  target: "French",
  word: "WORD",
  a: "first",
  b: "second",
  c: "third",
  d: "fourth",
};

Deno.test("rendered prompts are the papers' strings byte for byte", () => {
  const cases: [string, 1 | 2, string][] = [
    ["summary", 1, "### Input:\nTEXT\n### Summary:"],
    ["summary", 2, "Please read the following text:TEXT\nProvide a summary:"],
    ["question", 1, "### Input:\nTEXT\n### Answer:\nANSWER\n### Question:"],
    ["question", 2, "Given the context:TEXT\nAnd the answer:ANSWER\nGenerate a suitable question:"],
    ["sentiment", 1, "### Input:\nTEXT\n### Sentiment:"],
    ["sentiment", 2, "Analyze the sentiment of the following text:TEXT\nSentiment:"],
    ["detection", 1, "### Input_1:\nONE\n### Input_2:\nTWO\n### Paraphrase Classification:"],
    [
      "detection",
      2,
      "Let's compare the two sentences: Sentence_1:ONE\nSentence_2:TWO\nAre they paraphrasing?:",
    ],
    ["inference", 1, "### Input_1:\nONE\n### Input_2:\nTWO\n### Inference:"],
    ["inference", 2, "Consider the following texts: Text 1:ONE\nText 2:TWO\nThe relation is "],
    ["translation", 1, "Translate English to French: TEXT\n"],
    ["closed_book_qa", 1, "Q: TEXT A:"],
    [
      "word_sense",
      1,
      "ONE TWO question: The word WORD is used in the same way in the two sentences.Is it true or False? answer:",
    ],
    ["multiple_choice", 1, "Q: TEXT A) first B) second C) third D) fourth A:"],
  ];
  for (const [task, format, expected] of cases) {
    assertEquals(renderPrompt(tasks[task], format, { id: "0", fields: filled, output: "x" }), expected);
  }
});

testWithSharedData("U's prompts equal the U repository's prompt_map.json", "ft-llm/prompt_map.json", (path) => {
  const map = JSON.parse(Deno.readTextFileSync(path)) as Record<string, string>[];
  assertEquals(tasksOf("U").map(({ name }) => name).sort(), Object.keys(map[0]).sort());
  for (const task of tasksOf("U")) assertEquals([...task.prompts], [map[0][task.name], map[1][task.name]]);
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
      assertEquals([...prompt.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort(), [...task.fields].sort());
    }
    assertEquals([...task.shots], [...task.shots].sort((a, b) => a - b));
    assertEquals(task.shots[0], 0);
    assertEquals([...task.fticlShots], task.paper === "U" ? task.shots.slice(1, 3) : []);
    assertEquals(task.labels.length > 0, task.kind === "classification");
    assertEquals(task.scorer === "labels", task.kind === "classification");
    assertEquals(task.sets.inDomain[0] ?? null, task.sets.train);
    assertEquals(new Set(task.labels).size, task.labels.length);
  }
});

Deno.test("an answer starts cleanly after every prompt: it ends in a colon or a line break, U's one exception aside", () => {
  const spaced = Object.values(tasks).flatMap((task) =>
    task.prompts.filter((prompt) => !/[:\n]$/.test(prompt)).map((prompt) => [task.name, prompt.slice(-4)])
  );
  assertEquals(spaced, [["inference", " is "]]);
});

Deno.test("the tasks are U's five, then P's four, and those without a training set say so", () => {
  assertEquals(tasksOf("U").map(({ name }) => name), ["summary", "question", "sentiment", "detection", "inference"]);
  const ofP = ["translation", "closed_book_qa", "word_sense", "multiple_choice"];
  assertEquals(tasksOf("P").map(({ name }) => name), ofP);
  assertEquals(Object.values(tasks), [...tasksOf("U"), ...tasksOf("P")]);
  assertEquals(trainingSet(tasks.inference), "multinli");
  const trained = "summary, question, sentiment, detection, inference, translation, multiple_choice";
  for (const name of ["closed_book_qa", "word_sense"]) {
    assertThrows(() => trainingSet(tasks[name]), Error, `task ${name} has no training set; valid: ${trained}`);
  }
});

Deno.test("an unknown task is an error that lists the valid ones", () => {
  assertEquals(findTask("summary"), tasks.summary);
  for (const name of ["sumary", "constructor", ""]) {
    assertThrows(() => findTask(name), Error, `no task "${name}"; valid: ${Object.keys(tasks).join(", ")}`);
  }
});
