import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { type LlamaConfig, parseConfig } from "../../models/config.ts";
import { createTokenizer, type TextTokenizer } from "../../models/tokenizer.ts";
import { testWithSharedData } from "../shared_data.ts";
import { type Json, tinyConfig, tinyTokenizer } from "./tiny_model.ts";

const CONFIG = parseConfig(tinyConfig(), "config.json");
const SETTINGS = { bos_token: "<s>", eos_token: { __type: "AddedToken", content: "</s>" } };
const tiny = (json: unknown = tinyTokenizer(), settings: unknown = SETTINGS, config: LlamaConfig = CONFIG) =>
  createTokenizer(json, settings, config, "m/tokenizer.json");

Deno.test("text becomes ids without special tokens, or after the first of all where asked", () => {
  const tokenizer = tiny();
  assertEquals(tokenizer.encode("ab ab"), [6, 7]);
  assertEquals(tokenizer.encode("ab ab", { bos: true }), [1, 6, 7]);
  assertEquals(tokenizer.encode(""), []);
  assertEquals(tokenizer.encode("", { bos: true }), [1]);
  assertEquals(tokenizer.encode("a</s>b"), [3, 2, 4]);
  assertEquals(tokenizer.encode("q"), [0]);
  assertEquals([tokenizer.vocabSize, tokenizer.bosId, tokenizer.eosId], [8, 1, 2]);
  assertEquals([tokenizer.tokenToId("Ġab"), tokenizer.tokenToId("</s>"), tokenizer.tokenToId("zz")], [7, 2, null]);
});

Deno.test("a model without a first token gets none", () => {
  const tokenizer = tiny(undefined, {}, { ...CONFIG, bosId: null });
  assertEquals(tokenizer.encode("a", { bos: true }), [3]);
  assertEquals(tokenizer.bosId, null);
});

Deno.test("the end is the tokenizer's own where the model ends on it, else the model's first", () => {
  const config = { ...CONFIG, eosIds: [7, 2] };
  assertEquals(tiny(undefined, SETTINGS, config).eosId, 2);
  assertEquals(tiny(undefined, {}, config).eosId, 7);
  assertEquals(tiny(undefined, SETTINGS, { ...CONFIG, eosIds: [] }).eosId, null);
});

Deno.test("ids become text: none, any kind of list, special tokens, and ids that only the embedding has", () => {
  const tokenizer = tiny(undefined, undefined, { ...CONFIG, vocabSize: 16 });
  assertEquals(tokenizer.decode([]), "");
  assertEquals(tokenizer.decode([1, 2]), "");
  assertEquals(tokenizer.decode([1, 6, 7, 2, 3]), "ab aba");
  assertEquals(tokenizer.decode(new Uint32Array([6, 7]) as unknown as number[]), "ab ab");
  assertEquals(tokenizer.decode([6, 15, 7]), "ab ab");
  for (const id of [16, -1, 1.5, NaN]) {
    const { message } = assertThrows(() => tokenizer.decode([3, id]), Error);
    assertEquals(message, `m/tokenizer.json: cannot decode ${id}; ids go from 0 to 15`);
  }
});

Deno.test("spaces before punctuation stay as they are", () => {
  const vocab = { "<unk>": 0, "<s>": 1, "</s>": 2, a: 3, "Ġ": 4, ".": 5, "'": 6, s: 7 };
  const tokenizer = tiny(tinyTokenizer({ vocab, merges: [] }), { ...SETTINGS, clean_up_tokenization_spaces: true });
  assertEquals(tokenizer.decode(tokenizer.encode("a . a 's")), "a . a 's");
});

Deno.test("the hash covers what decides on ids, and nothing else", () => {
  const { sha256 } = tiny();
  assertEquals(
    tiny(tinyTokenizer({}, { version: "1.0", truncation: null }), { ...SETTINGS, model_max_length: 4 }).sha256,
    sha256,
  );
  assertNotEquals(tiny(tinyTokenizer({ merges: [["a", "b"]] })).sha256, sha256);
  assertNotEquals(tiny(tinyTokenizer({}, { normalizer: { type: "Lowercase" } })).sha256, sha256);
});

const added = (...tokens: Json[]): Json => ({ added_tokens: tokens });
const vocab = { "<unk>": 0, "<s>": 1, "</s>": 2, a: 3 };
/** What is wrong, and the exact message after the path. */
const BAD: [string, () => TextTokenizer, string][] = [
  ["a list", () => tiny([]), ": must be a JSON object"],
  ["settings", () => tiny(undefined, null), ": its tokenizer_config.json must be a JSON object"],
  ["no model", () => tiny({ added_tokens: [] }), ": field model must be an object"],
  [
    "word level",
    () => tiny(tinyTokenizer({ type: "WordLevel" })),
    `: field model.type is "WordLevel"; valid are BPE, Unigram, WordPiece`,
  ],
  [
    "dropout",
    () => tiny(tinyTokenizer({ dropout: 0.1 })),
    ": field model.dropout is 0.1; must be null (encoding must not be random)",
  ],
  ["no vocabulary", () => tiny(tinyTokenizer({ vocab: {} })), ": field model.vocab must hold the tokens"],
  [
    "bad id",
    () => tiny(tinyTokenizer({ vocab: { ...vocab, a: -3 }, merges: [] })),
    `: token "a" has id -3; must be a whole number from 0`,
  ],
  [
    "equal ids",
    () => tiny(tinyTokenizer({ vocab: { ...vocab, b: 3 }, merges: [] })),
    `: tokens "a" and "b" have the same id 3; ids must differ`,
  ],
  ["no merges", () => tiny(tinyTokenizer({ merges: undefined })), ": field model.merges must be a list"],
  [
    "bad merge",
    () => tiny(tinyTokenizer({ merges: ["a b", "ab"] })),
    ": field model.merges, entry 1: must be two tokens",
  ],
  [
    "merge of no token",
    () => tiny(tinyTokenizer({ merges: [["b", "a"]] })),
    `: field model.merges, entry 0: token "ba" is not in model.vocab`,
  ],
  [
    "added token",
    () => tiny(tinyTokenizer({}, added({ content: "<s>" }))),
    `: field added_tokens has {"content":"<s>"}; must have a content and an id from 0`,
  ],
  [
    "added token's id",
    () => tiny(tinyTokenizer({}, added({ id: 3, content: "<s>" }))),
    `: added token "<s>" with id 3 contradicts field model.vocab`,
  ],
  [
    "single word",
    () => tiny(tinyTokenizer({}, added({ id: 1, content: "<s>", single_word: true }))),
    `: token "<s>": single_word true is not supported; must be false`,
  ],
  [
    "unknown token",
    () => tiny(tinyTokenizer({ unk_token: "?" })),
    `: lacks the token "?", which field model.unk_token names`,
  ],
  [
    "split",
    () =>
      tiny(
        tinyTokenizer({}, { pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithNext" } }),
      ),
    `: field pre_tokenizer has a Split with behavior "MergedWithNext"; valid are "Isolated" and "Removed"`,
  ],
  [
    "normalizer",
    () => tiny(tinyTokenizer({}, { normalizer: { type: "Nmt" } })),
    ": not supported (Unknown Normalizer type: Nmt)",
  ],
  [
    "too large an id",
    () => tiny(undefined, undefined, { ...CONFIG, vocabSize: 7 }),
    `: token "Ġab" has id 7; config.json allows ids below vocab_size (7)`,
  ],
  [
    "no first token",
    () => tiny(undefined, {}, { ...CONFIG, vocabSize: 16, bosId: 9 }),
    ": lacks a token with id 9, which config.json names as bos_token_id",
  ],
  [
    "no last token",
    () => tiny(undefined, {}, { ...CONFIG, vocabSize: 16, eosIds: [2, 10] }),
    ": lacks a token with id 10, which config.json names as eos_token_id",
  ],
  [
    "unknown first token",
    () => tiny(undefined, { bos_token: "<bos>" }),
    `: lacks the token "<bos>", which tokenizer_config.json names as bos_token`,
  ],
  [
    "another first token",
    () => tiny(undefined, { bos_token: "a" }),
    ": bos_token of tokenizer_config.json has id 3, but config.json has bos_token_id 1; they must agree",
  ],
];

Deno.test("a tokenizer that is not supported or contradicts the model gives one line that says how", () => {
  for (const [what, make, message] of BAD) {
    assertEquals(assertThrows(make, Error, undefined, what).message, `m/tokenizer.json${message}`);
  }
});

/** A published tokenizer, with a configuration of just its size. */
function published(folder: string, vocabSize: number, bosId: number, eosId: number): TextTokenizer {
  const read = (name: string) => JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`));
  const config = { ...CONFIG, vocabSize, bosId, eosIds: [eosId] };
  return createTokenizer(read("tokenizer"), read("tokenizer_config"), config, `${folder}/tokenizer.json`);
}

interface Case {
  text: string;
  ids: number[];
  decoded: string;
}

testWithSharedData(
  "published tokenizers give the ids of their reference implementations",
  "tokenizer-oracles",
  (path) => {
    const llama2 = published(`${path}/../tokenizers/llama2`, 32000, 1, 2);
    const gpt2 = published(`${path}/../tokenizers/gpt2`, 50257, 50256, 50256);
    const tok512 = published(`${path}/../models/stories260K/hf`, 512, 1, 2);
    assertEquals([llama2.vocabSize, gpt2.vocabSize, tok512.vocabSize], [32000, 50257, 512]);

    const cases = (name: string): Case[] => JSON.parse(Deno.readTextFileSync(`${path}/${name}.json`)).cases;
    for (const { text, ids } of cases("ggml__gpt-2")) assertEquals(gpt2.encode(text), ids);
    for (const { text, ids } of cases("ggml__llama-spm")) assertEquals(llama2.encode(text), ids);
    for (const { text, ids, decoded } of cases("transformersjs__llama__Xenova_llama-tokenizer")) {
      assertEquals(llama2.encode(text, { bos: true }), ids);
      assertEquals(`<s>${llama2.decode(ids)}`, decoded.replace(/^<s> ?/, "<s>"));
    }
    const lines = Deno.readTextFileSync(`${path}/real_text_encodings.jsonl`).trimEnd().split("\n");
    assert(lines.length > 100);
    for (const line of lines) {
      const row = JSON.parse(line);
      for (
        const [tokenizer, ids] of [[llama2, row.llama2_sentencepiece], [gpt2, row.gpt2], [tok512, row.tok512]] as const
      ) {
        assertEquals(tokenizer.encode(row.text), ids);
        assertEquals(tokenizer.decode(ids), row.text);
      }
    }
  },
);
