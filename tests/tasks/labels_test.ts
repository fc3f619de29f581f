import { assertEquals, assertThrows } from "@std/assert";
import { labelTokens, renderPrompt, type Task, tasks } from "../../tasks/mod.ts";

const context = renderPrompt(tasks.sentiment, 1, { id: "0", fields: { input: "Good." }, output: "positive" });

/** Greedy longest-match tokens over a vocabulary; other characters are their code points. */
function encoder(vocabulary: readonly string[]): (text: string) => number[] {
  const longestFirst = [...vocabulary].sort((a, b) => b.length - a.length);
  return (text) => {
    const ids: number[] = [];
    for (let at = 0; at < text.length;) {
      const piece = longestFirst.find((p) => text.startsWith(p, at)) ?? text[at];
      ids.push(vocabulary.includes(piece) ? 1000 + vocabulary.indexOf(piece) : piece.charCodeAt(0));
      at += piece.length;
    }
    return ids;
  };
}

Deno.test("a label's token is the first one after the prompt, in label order", () => {
  assertEquals(labelTokens(tasks.sentiment, 1, encoder(["negative", "pos"]), context), [1001, 1000]);
});

Deno.test("a token that merges the prompt's end with the label is the label's", () => {
  const task: Task = { ...tasks.sentiment, prompts: ["{input}: ", "{input}: "] };
  assertEquals(labelTokens(task, 2, encoder([" posit", " neg"]), "Good.: "), [1000, 1001]);
});

Deno.test("two labels that begin with the same token are an error that names both", () => {
  const task: Task = { ...tasks.sentiment, labels: ["good", "great", "bad"] };
  assertThrows(
    () => labelTokens(task, 2, encoder([]), context),
    Error,
    'task sentiment: prompt 2: labels "good" and "great" begin with the same token 103; ' +
      "valid: label words whose first tokens differ",
  );
});

Deno.test("a label that adds no token is an error", () => {
  assertThrows(
    () => labelTokens(tasks.sentiment, 1, () => [1, 2], context),
    Error,
    'task sentiment: prompt 1: label "positive" adds no token of its own',
  );
});
