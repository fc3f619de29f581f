import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { blankLineToken, encodeExamples, encodePrompt, tokensSha256 } from "../../benchmarks/examples.ts";
import type { TextTokenizer } from "../../models/tokenizer.ts";
import { tasks } from "../../tasks/mod.ts";

const BOS = 1, EOS = 2;

/** A tokenizer of single characters that takes `:p` as one token, as some byte-pair vocabularies do. */
function characters(change: Partial<TextTokenizer> = {}): TextTokenizer {
  return {
    encode: (text) => (text.match(/:p|[^]/g) ?? []).map((piece) => piece === ":p" ? 3 : piece.codePointAt(0)!),
    decode: (ids) => String.fromCodePoint(...ids),
    vocabSize: 1000,
    bosId: BOS,
    eosId: EOS,
    tokenToId: () => null,
    sha256: "",
    ...change,
  };
}

const row = (input: string, output: string) => ({ id: "0", fields: { input }, output });

Deno.test("A training example is BOS once, prompt, output, EOS; the target is output and EOS", () => {
  const { examples, truncated } = encodeExamples(characters(), tasks.summary, 1, [], [row("ab", "xy")], 100);
  const prompt = "### Input:\nab\n### Summary:";
  assertEquals(examples[0].tokens, [BOS, ...[...`${prompt}xy`].map((c) => c.codePointAt(0)!), EOS]);
  assertEquals(examples[0].targetStart, 1 + prompt.length);
  assertEquals(truncated, 0);
});

Deno.test("Where prompt and output share a token, the target begins with that token", () => {
  const { examples } = encodeExamples(characters(), tasks.sentiment, 1, [], [row("ab", "positive")], 100);
  const { tokens, targetStart } = examples[0];
  assertEquals(tokens.slice(targetStart, targetStart + 2), [3, "o".codePointAt(0)!]);
});

Deno.test("Demonstrations stand before the example, and no target of theirs is trained on", () => {
  const demo = row("demo", "negative");
  const { examples } = encodeExamples(characters(), tasks.sentiment, 1, [demo], [row("ab", "negative")], 200);
  const context = "### Input:\ndemo\n### Sentiment:negative\n\n### Input:\nab\n### Sentiment:";
  assertEquals(examples[0].targetStart, 1 + context.length);
  assertEquals(examples[0].tokens.filter((id) => id === BOS).length, 1);
});

Deno.test("What is longer than maxLength loses its tail, and is counted", () => {
  const rows = [row("ab", "xy"), row("ab", "x"), row("a".repeat(30), "x")];
  const { examples, truncated } = encodeExamples(characters(), tasks.summary, 1, [], rows, 30);
  assertEquals(examples.map(({ tokens }) => tokens.length), [30, 29, 30]);
  assertEquals(truncated, 1);
  const cut = encodeExamples(characters(), tasks.summary, 1, [], rows, 29);
  assertEquals(cut.truncated, 2);
  assertEquals(cut.examples[2].targetStart, 29);
});

Deno.test("A tokenizer without an end-of-text token cannot train", () => {
  const without = characters({ eosId: null });
  assertThrows(() => encodeExamples(without, tasks.summary, 1, [], [row("a", "b")], 9), Error, "no end-of-text token");
});

Deno.test("A prompt that does not fit keeps BOS and its end", () => {
  assertEquals(encodePrompt(characters(), "abcdef", 7), { tokens: [BOS, ..."abcdef"].map(code), truncated: false });
  assertEquals(encodePrompt(characters(), "abcdef", 4), { tokens: [BOS, ..."def"].map(code), truncated: true });
  assertEquals(encodePrompt(characters({ bosId: null }), "abcdef", 4).tokens, [..."cdef"].map(code));
});

function code(item: string | number): number {
  return typeof item === "number" ? item : item.codePointAt(0)!;
}

Deno.test("The hash of input tokens tells apart where prompts begin", () => {
  const of = (...prompts: number[][]) => tokensSha256(prompts.map((tokens) => ({ tokens, truncated: false })));
  assertEquals(of([1, 2], [3]), of([1, 2], [3]));
  assertNotEquals(of([1, 2], [3]), of([1], [2, 3]));
});

Deno.test("A blank-line token is found as the vocabulary spells it, plain or byte-level", () => {
  assertEquals(blankLineToken(characters()), null);
  const plain = characters({ tokenToId: (t) => t === "\n\n" ? 9 : null, decode: () => "\n\n" });
  assertEquals(blankLineToken(plain), 9);
  const bytes = characters({ tokenToId: (t) => t === "ĊĊ" ? 8 : null, decode: () => "\n\n" });
  assertEquals(blankLineToken(bytes), 8);
  const other = characters({ tokenToId: (t) => t === "ĊĊ" ? 8 : null, decode: () => "ĊĊ" });
  assertEquals(blankLineToken(other), null);
});
