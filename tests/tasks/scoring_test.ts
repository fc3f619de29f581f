import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { meanValue, metricsOf, scoreClassification, scoreGeneration, type Task, tasks } from "../../tasks/mod.ts";
import { bestLabel } from "../../tasks/metrics/accuracy.ts";

Deno.test("each kind of task has its metrics in a fixed order, with signatures", () => {
  assertEquals(metricsOf(tasks.summary).map((m) => [m.name, m.better]), [
    ["rougeL", "higher"],
    ["rouge1", "higher"],
    ["rouge2", "higher"],
  ]);
  assertEquals(metricsOf(tasks.sentiment).map((m) => [m.signature, m.better]), [
    ["accuracy|labels:first-token-argmax|version:1", "higher"],
    ["free_accuracy|match:exact|version:1", "higher"],
    ["off_label_rate|match:exact|version:1", "lower"],
  ]);
});

Deno.test("a generation's metrics are its task's", () => {
  const names = (name: string) => metricsOf(tasks[name]).map((metric) => metric.name);
  assertEquals(names("question"), ["rougeL", "rouge1", "rouge2"]);
  assertEquals(names("translation"), ["bleu"]);
  assertEquals(names("closed_book_qa"), ["exact_match", "plain_exact_match"]);
  assertEquals(scoreGeneration(tasks.closed_book_qa, " the Nile.\n\nQ: Which", "Nile"), {
    exact_match: { correct: 1 },
    plain_exact_match: { correct: 0 },
  });
  const { bleu, ...rest } = scoreGeneration(tasks.translation, "le chat dort .\n\nTranslate", "le chat dort .");
  assertEquals(rest, {});
  assertAlmostEquals(meanValue(metricsOf(tasks.translation)[0], [bleu]), 100, 1e-9);
});

Deno.test("every task's scores carry exactly its metrics' names", () => {
  for (const task of Object.values(tasks)) {
    const statistics = task.kind === "generation"
      ? scoreGeneration(task, "some answer", "an answer")
      : scoreClassification(task, task.labels.map(() => 0), task.labels[0], task.labels[0]).statistics;
    assertEquals(Object.keys(statistics), metricsOf(task).map((metric) => metric.name));
  }
});

Deno.test("a generation is scored up to its first blank line", () => {
  const statistics = scoreGeneration(tasks.summary, "The cat sat.\n\n### Input: the mat", "the cat sat on the mat");
  assertEquals(statistics, {
    rougeL: { lcs: 3, predicted: 3, target: 6 },
    rouge1: { overlap: 3, predicted: 3, target: 6 },
    rouge2: { overlap: 2, predicted: 2, target: 5 },
  });
  assertEquals(Object.keys(statistics), metricsOf(tasks.summary).map((m) => m.name));
});

Deno.test("a classification is scored by label and by free generation", () => {
  const cases: [number[], string, string, string, number[]][] = [
    [[2, 1], "positive", "positive", "positive", [100, 100, 0]],
    [[1, 2], " positive\n\n### Input:", "positive", "negative", [0, 100, 0]],
    [[2, 1], "Positive", "positive", "positive", [100, 0, 100]],
    [[2, 1], "negative", "positive", "positive", [100, 0, 0]],
    [[1, 1], "", "negative", "positive", [0, 0, 100]],
    [[-3, -2], "negative.", "negative", "negative", [100, 0, 100]],
  ];
  for (const [scores, output, gold, label, values] of cases) {
    const scored = scoreClassification(tasks.sentiment, scores, output, gold);
    assertEquals(scored.label, label);
    assertEquals(metricsOf(tasks.sentiment).map((m) => m.value(scored.statistics[m.name])), values);
  }
});

Deno.test("a tolerated gold label is never met", () => {
  const task: Task = { ...tasks.sentiment, toleratedGold: ["-"] };
  const { statistics } = scoreClassification(task, [1, 0], "-", "-");
  assertEquals(statistics, {
    accuracy: { correct: 0 },
    free_accuracy: { correct: 0 },
    off_label_rate: { off_label: 1 },
  });
});

Deno.test("of equal label scores the first label wins, and bad scores are errors", () => {
  assertEquals(bestLabel(["a", "b", "c"], new Float32Array([1, 3, 3])), "b");
  assertEquals(bestLabel(["a", "b"], [0, -0]), "a");
  assertThrows(
    () => bestLabel(["a", "b"], [1]),
    Error,
    "1 label scores for 2 labels; valid: one score for each label",
  );
  for (const score of [NaN, Infinity]) {
    assertThrows(
      () => bestLabel(["a", "b"], [1, score]),
      Error,
      `the score of label "b" is ${score}; valid: a finite number`,
    );
  }
});

Deno.test("a mean is arithmetic, and needs items", () => {
  const [accuracy] = metricsOf(tasks.sentiment);
  const [rougeL] = metricsOf(tasks.summary);
  assertAlmostEquals(meanValue(accuracy, [{ correct: 1 }, { correct: 0 }, { correct: 1 }]), 200 / 3, 1e-12);
  assertEquals(meanValue(rougeL, [{ lcs: 1, predicted: 1, target: 3 }, { lcs: 0, predicted: 0, target: 3 }]), 25);
  assertThrows(() => meanValue(accuracy, []), Error, "accuracy: no items; valid: at least one");
});

Deno.test("a task of the other kind is an error", () => {
  assertThrows(
    () => scoreGeneration(tasks.sentiment, "a", "b"),
    Error,
    "task sentiment is a classification task; valid: a generation task",
  );
  assertThrows(
    () => scoreClassification(tasks.summary, [1], "a", "b"),
    Error,
    "task summary is a generation task; valid: a classification task",
  );
});
