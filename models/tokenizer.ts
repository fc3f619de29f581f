/**
 * Text to token ids and back, by `@huggingface/tokenizers`; no other file imports that library.
 *
 * What the library would pass over in silence is an error here: models it does not have (it takes WordLevel for something else), settings it
 * ignores, tokens and ids that contradict each other or the model. Its default clean-up of spaces is off.
 * @module
 */
import { createHash } from "node:crypto";
import { Tokenizer } from "@huggingface/tokenizers";
import type { LlamaConfig } from "./config.ts";
import { isJsonObject, type JsonObject } from "./json_file.ts";

/** A model's tokenizer. */
export interface TextTokenizer {
  /**
   * Ids of `text`, without any special token added; with `bos`, after the id that begins a text, where the model has one. Special tokens
   * written out in the text become their ids, as in the transformers library.
   */
  encode(text: string, options?: { readonly bos?: boolean }): number[];
  /**
   * Text of ids: special tokens skipped, spaces as they come. Ids that the model has and the tokenizer has not (padding of the embedding) give
   * nothing; other ids throw.
   */
  decode(ids: readonly number[]): string;
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** Id that begins a text, or null. */
  readonly bosId: number | null;
  /** Id that ends a text: the tokenizer's own where the model ends on it, else the model's first; or null. */
  readonly eosId: number | null;
  /** Id of a token as the vocabulary spells it, or null. */
  tokenToId(token: string): number | null;
  /** SHA-256 of all that decides on ids and texts. */
  readonly sha256: string;
}

const MODELS = ["BPE", "Unigram", "WordPiece"];
/** Parts that may be null, but that the library wants named. */
const PARTS = ["normalizer", "pre_tokenizer", "post_processor", "decoder"];

/** Tokens of `model.vocab` with their ids: an object for BPE and WordPiece, a list of [token, score] for Unigram. */
function vocabularyOf(model: JsonObject, path: string): Map<string, number> {
  const { vocab } = model;
  const entries: [unknown, unknown][] = isJsonObject(vocab)
    ? Object.entries(vocab)
    : Array.isArray(vocab)
    ? vocab.map((entry, id) => [Array.isArray(entry) ? entry[0] : null, id])
    : [];
  if (entries.length === 0) throw new Error(`${path}: field model.vocab must hold the tokens`);
  const ids = new Map<number, string>();
  for (const [token, id] of entries) {
    if (typeof token !== "string") throw new Error(`${path}: field model.vocab, entry ${id}: must be [token, score]`);
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) {
      throw new Error(
        `${path}: token ${JSON.stringify(token)} has id ${JSON.stringify(id)}; must be a whole number from 0`,
      );
    }
    const other = ids.get(id);
    if (other !== undefined) {
      throw new Error(
        `${path}: tokens ${JSON.stringify(other)} and ${JSON.stringify(token)} have the same id ${id}; ids must differ`,
      );
    }
    ids.set(id, token);
  }
  return new Map(Array.from(ids, ([id, token]) => [token, id]));
}

/** Adds the tokens of `added_tokens`, which may repeat the model's. */
function addTokens(vocabulary: Map<string, number>, added: unknown, path: string): void {
  if (!Array.isArray(added)) throw new Error(`${path}: field added_tokens must be a list`);
  const owners = new Map(Array.from(vocabulary, ([token, id]) => [id, token]));
  for (const entry of added) {
    const { content, id, single_word: singleWord } = isJsonObject(entry) ? entry : {} as JsonObject;
    if (
      typeof content !== "string" || content === "" || typeof id !== "number" || !Number.isSafeInteger(id) || id < 0
    ) {
      throw new Error(`${path}: field added_tokens has ${JSON.stringify(entry)}; must have a content and an id from 0`);
    }
    if (singleWord === true) {
      throw new Error(`${path}: token ${JSON.stringify(content)}: single_word true is not supported; must be false`);
    }
    const other = owners.get(id);
    if ((vocabulary.get(content) ?? id) !== id || (other ?? content) !== content) {
      throw new Error(`${path}: added token ${JSON.stringify(content)} with id ${id} contradicts field model.vocab`);
    }
    vocabulary.set(content, id);
    owners.set(id, content);
  }
}

/** Checks that the tokens which merges read and make exist, as the reference implementation does. */
function checkMerges(model: JsonObject, vocabulary: ReadonlyMap<string, number>, path: string): void {
  if (!Array.isArray(model.merges)) throw new Error(`${path}: field model.merges must be a list`);
  const prefix = typeof model.continuing_subword_prefix === "string" ? model.continuing_subword_prefix : "";
  model.merges.forEach((merge: unknown, index) => {
    const pair: unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = pair;
    if (pair.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Error(`${path}: field model.merges, entry ${index}: must be two tokens`);
    }
    const made = left + (right.startsWith(prefix) ? right.slice(prefix.length) : right);
    const lacking = [left, right, made].find((token) => !vocabulary.has(token));
    if (lacking !== undefined) {
      throw new Error(
        `${path}: field model.merges, entry ${index}: token ${JSON.stringify(lacking)} is not in model.vocab`,
      );
    }
  });
}

function checkModel(model: unknown, path: string): { model: JsonObject; vocabulary: Map<string, number> } {
  if (!isJsonObject(model)) throw new Error(`${path}: field model must be an object`);
  if (!MODELS.includes(model.type as string)) {
    throw new Error(`${path}: field model.type is ${JSON.stringify(model.type)}; valid are ${MODELS.join(", ")}`);
  }
  if (model.dropout != null && model.dropout !== 0) {
    throw new Error(
      `${path}: field model.dropout is ${JSON.stringify(model.dropout)}; must be null (encoding must not be random)`,
    );
  }
  const vocabulary = vocabularyOf(model, path);
  if (model.type === "BPE") checkMerges(model, vocabulary, path);
  return { model, vocabulary };
}

/** Checks the parts whose settings the library reads only in part: how `Split` treats what its pattern finds. */
function checkPreTokenizer(part: unknown, path: string): void {
  if (!isJsonObject(part)) return;
  if (Array.isArray(part.pretokenizers)) part.pretokenizers.forEach((inner) => checkPreTokenizer(inner, path));
  const { type, behavior } = part;
  if (type === "Split" && behavior !== "Isolated" && behavior !== "Removed") {
    throw new Error(
      `${path}: field pre_tokenizer has a Split with behavior ${
        JSON.stringify(behavior)
      }; valid are "Isolated" and "Removed"`,
    );
  }
}

/** Text of a special token in `tokenizer_config.json`: a string, or an object with `content`. */
function specialToken(tokenizerConfig: JsonObject, name: string): string | null {
  const value = tokenizerConfig[name];
  const text = isJsonObject(value) ? value.content : value;
  return typeof text === "string" ? text : null;
}

/** Id of a special token of `tokenizer_config.json`, or null where it names none. */
function specialId(
  tokenizerConfig: JsonObject,
  name: string,
  vocabulary: ReadonlyMap<string, number>,
  path: string,
): number | null {
  const text = specialToken(tokenizerConfig, name);
  if (text === null) return null;
  const id = vocabulary.get(text);
  if (id === undefined) {
    throw new Error(`${path}: lacks the token ${JSON.stringify(text)}, which tokenizer_config.json names as ${name}`);
  }
  return id;
}

/** Checks the tokenizer against the model, and says with which ids a text begins and ends. */
function checkIds(
  vocabulary: ReadonlyMap<string, number>,
  tokenizerConfig: JsonObject,
  config: LlamaConfig,
  path: string,
): { bosId: number | null; eosId: number | null } {
  const tokens = new Map(Array.from(vocabulary, ([token, id]) => [id, token]));
  for (const [token, id] of vocabulary) {
    if (id >= config.vocabSize) {
      throw new Error(
        `${path}: token ${
          JSON.stringify(token)
        } has id ${id}; config.json allows ids below vocab_size (${config.vocabSize})`,
      );
    }
  }
  const needed: [string, number][] = config.eosIds.map((id) => ["eos_token_id", id]);
  if (config.bosId !== null) needed.unshift(["bos_token_id", config.bosId]);
  for (const [name, id] of needed) {
    if (!tokens.has(id)) throw new Error(`${path}: lacks a token with id ${id}, which config.json names as ${name}`);
  }
  const bosId = specialId(tokenizerConfig, "bos_token", vocabulary, path);
  if (bosId !== null && config.bosId !== null && bosId !== config.bosId) {
    throw new Error(
      `${path}: bos_token of tokenizer_config.json has id ${bosId}, but config.json has bos_token_id ${config.bosId}; they must agree`,
    );
  }
  const eosId = specialId(tokenizerConfig, "eos_token", vocabulary, path);
  return {
    bosId: config.bosId,
    eosId: eosId !== null && config.eosIds.includes(eosId) ? eosId : config.eosIds[0] ?? null,
  };
}

/**
 * Makes a tokenizer of the contents of `tokenizer.json` and `tokenizer_config.json`; `path`, of the former, is named in errors.
 * Throws one line where the tokenizer is not supported, contradicts itself, or lacks an id that `config` needs.
 */
export function createTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  config: LlamaConfig,
  path: string,
): TextTokenizer {
  if (!isJsonObject(tokenizerJson)) throw new Error(`${path}: must be a JSON object`);
  if (!isJsonObject(tokenizerConfig)) throw new Error(`${path}: its tokenizer_config.json must be a JSON object`);
  const { model, vocabulary } = checkModel(tokenizerJson.model, path);
  const added = tokenizerJson.added_tokens ?? [];
  addTokens(vocabulary, added, path);
  const unknown = model.unk_token;
  if (unknown != null && !vocabulary.has(unknown as string)) {
    throw new Error(`${path}: lacks the token ${JSON.stringify(unknown)}, which field model.unk_token names`);
  }
  checkPreTokenizer(tokenizerJson.pre_tokenizer, path);
  const { bosId, eosId } = checkIds(vocabulary, tokenizerConfig, config, path);

  // Only what is named here reaches the library, so that the hash covers all that it sees.
  const used: JsonObject = {
    ...Object.fromEntries(PARTS.map((name) => [name, tokenizerJson[name] ?? null])),
    added_tokens: added,
    model,
  };
  const settings = {
    clean_up_tokenization_spaces: false,
    eos_token: specialToken(tokenizerConfig, "eos_token"),
    remove_space: tokenizerConfig.remove_space === true,
    do_lowercase_and_remove_accent: tokenizerConfig.do_lowercase_and_remove_accent === true,
  };
  let library: Tokenizer;
  try {
    library = new Tokenizer(used, settings);
  } catch (error) {
    throw new Error(`${path}: not supported (${error instanceof Error ? error.message : error})`);
  }
  const known = new Set(vocabulary.values());
  return {
    encode(text, { bos = false } = {}) {
      const { ids } = library.encode(text, { add_special_tokens: false });
      return bos && bosId !== null ? [bosId, ...ids] : ids;
    },
    decode(ids) {
      const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0 || id >= config.vocabSize);
      if (wrong !== undefined) {
        throw new Error(`${path}: cannot decode ${wrong}; ids go from 0 to ${config.vocabSize - 1}`);
      }
      // The library throws on an empty list and on a typed array.
      const present = Array.from(ids).filter((id) => known.has(id));
      return present.length === 0
        ? ""
        : library.decode(present, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
    vocabSize: 1 + [...known].reduce((largest, id) => Math.max(largest, id)),
    bosId,
    eosId,
    tokenToId: (token) => vocabulary.get(token) ?? null,
    sha256: createHash("sha256").update(JSON.stringify([used, settings])).digest("hex"),
  };
}
