import { assertEquals, assertThrows } from "@std/assert";
import { testWithSharedData } from "../shared_data.ts";
import { parseConfig } from "../../models/config.ts";
import { createTokenizer } from "../../models/tokenizer.ts";
import { openData } from "../../benchmarks/data.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { labelTokens, longestLabel, renderContext, renderPrompt, type Task, tasks } from "../../tasks/mod.ts";

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

Deno.test("the longest label is counted in tokens after the prompt", () => {
  assertEquals(longestLabel(tasks.sentiment, encoder(["negative", "positive"]), context), 1);
  assertEquals(longestLabel(tasks.sentiment, encoder(["negative", "pos"]), context), 6);
  assertEquals(longestLabel(tasks.summary, encoder([]), context), 0);
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

testWithSharedData("with Llama-2's tokenizer the label tokens are the ids in U's code", "tokenizers/llama2", (path) => {
  const json = (name: string) => JSON.parse(Deno.readTextFileSync(`${path}/${name}`));
  const config = parseConfig(
    {
      model_type: "llama",
      hidden_act: "silu",
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 11008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
      rope_scaling: null,
      tie_word_embeddings: false,
      bos_token_id: 1,
      eos_token_id: 2,
      initializer_range: 0.02,
    },
    "config.json",
  );
  const tokenizer = createTokenizer(json("tokenizer.json"), json("tokenizer_config.json"), config, "tokenizer.json");
  const fields = { input: "Good.", input_1: "Good.", input_2: "Bad.", word: "good", a: "b", b: "c", c: "d", d: "e" };
  const ids = (name: string, format: 1 | 2) =>
    labelTokens(
      tasks[name],
      format,
      tokenizer.encode,
      renderPrompt(tasks[name], format, { id: "0", fields, output: "x" }),
    );
  for (const format of [1, 2] as const) {
    assertEquals(ids("sentiment", format), [1066, 22198]);
    assertEquals(ids("detection", format), [3582, 1217]);
  }
  assertEquals(ids("inference", 1), [296, 17821, 9996]);
  // U's second prompt ends in a space, which is then the labels' own: other ids than the three written in U's code.
  assertEquals(ids("inference", 2), [875, 21104, 23949]);
  for (const name of ["word_sense", "multiple_choice"]) assertEquals(ids(name, 1), ids(name, 2));
});

/** Of every row at every shot count the same four tokens, each of which is the letter and nothing else. */
async function checkLetters(modelDir: string): Promise<void> {
  const { tokenizer, close } = await loadCheckpoint(modelDir);
  try {
    const task = tasks.multiple_choice;
    const data = openData(new URL("../../fixtures/data", import.meta.url).pathname);
    const { rows } = await data.test(task, "openbookqa", 25);
    const encode = (text: string) => tokenizer.encode(text);
    for (const shots of task.shots) {
      const demonstrations = (await data.demonstrations(task, "openbookqa", shots)).rows;
      for (const row of rows) {
        const context = renderContext(task, 1, demonstrations, row);
        const ids = labelTokens(task, 1, encode, context);
        assertEquals(ids.map((id) => tokenizer.decode([id])), ["A", "B", "C", "D"]);
        for (const [i, label] of task.labels.entries()) {
          assertEquals(encode(context + label), [...encode(context), ids[i]]);
        }
      }
    }
  } finally {
    close();
  }
}

Deno.test("the four letters of a multiple choice are four tokens of the embedded vocabulary, right after the colon", () =>
  checkLetters(new URL("../../fixtures/model", import.meta.url).pathname));

testWithSharedData("and of a small published vocabulary", "models/stories260K/hf", checkLetters);

Deno.test("a label that adds no token is an error", () => {
  assertThrows(
    () => labelTokens(tasks.sentiment, 1, () => [1, 2], context),
    Error,
    'task sentiment: prompt 1: label "positive" adds no token of its own',
  );
});
