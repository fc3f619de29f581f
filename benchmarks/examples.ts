/**
 * From rows to token ids: training examples and test prompts.
 * @module
 */
import { createHash } from "node:crypto";
import type { TextTokenizer } from "../models/tokenizer.ts";
import { type DatasetRow, type PromptFormat, renderContext, type Task } from "../tasks/mod.ts";

/** A training sequence; the loss is taken on the tokens from `targetStart` on. */
export interface Example {
  readonly tokens: readonly number[];
  readonly targetStart: number;
}

/** Training sequences of a cell. */
export interface ExampleSet {
  readonly examples: readonly Example[];
  /** How many lost the end of their target to the longest length. */
  readonly truncated: number;
}

/** What one prompt and its place in a cell amount to. */
export interface EncodedPrompt {
  readonly tokens: readonly number[];
  /** Whether the prompt did not fit and lost its beginning. */
  readonly truncated: boolean;
}

/** Text to ids with the beginning-of-text token once, where the model has one. */
function encodeText(tokenizer: TextTokenizer, text: string): number[] {
  const ids = tokenizer.encode(text);
  return tokenizer.bosId === null ? ids : [tokenizer.bosId, ...ids];
}

/**
 * Training examples as U makes them: demonstrations, prompt, output and end-of-text tokenised in one piece, the loss on output and end.
 * The target begins where the ids leave those of the prompt alone. What is longer than `maxLength` loses its tail.
 *
 * @param shown The demonstrations before all examples, or those before the one of a row's index.
 * @throws Where the tokenizer has no end-of-text token.
 */
export function encodeExamples(
  tokenizer: TextTokenizer,
  task: Task,
  format: PromptFormat,
  shown: readonly DatasetRow[] | ((index: number) => readonly DatasetRow[]),
  rows: readonly DatasetRow[],
  maxLength: number,
): ExampleSet {
  const { eosId } = tokenizer;
  if (eosId === null) throw new Error("the tokenizer has no end-of-text token, which every training target ends with");
  let truncated = 0;
  const examples = rows.map((row, i) => {
    const context = renderContext(task, format, typeof shown === "function" ? shown(i) : shown, row);
    const prompt = encodeText(tokenizer, context);
    const whole = [...encodeText(tokenizer, context + row.output), eosId];
    let targetStart = 0;
    while (targetStart < prompt.length && prompt[targetStart] === whole[targetStart]) targetStart++;
    if (whole.length > maxLength) truncated++;
    const tokens = whole.slice(0, maxLength);
    return { tokens, targetStart: Math.min(targetStart, tokens.length) };
  });
  return { examples, truncated };
}

/**
 * Test prompts with their reference answers and the end token, as one sequence each, for what is measured along a given answer. Where prompt
 * and answer do not fit, the prompt loses tokens as a test prompt does; the answer stays whole.
 *
 * @param room Most tokens of a sequence.
 * @throws Where an answer leaves no room for its prompt, by the row's id.
 */
export function encodeAnswered(
  tokenizer: TextTokenizer,
  task: Task,
  format: PromptFormat,
  shown: readonly DatasetRow[],
  rows: readonly DatasetRow[],
  room: number,
): ExampleSet {
  let truncated = 0;
  const { examples: whole } = encodeExamples(tokenizer, task, format, shown, rows, Infinity);
  const examples = whole.map(({ tokens, targetStart }, i) => {
    const answer = tokens.slice(targetStart);
    if (answer.length + 2 > room) {
      throw new Error(
        `${task.name}: the answer of row "${
          rows[i].id
        }" has ${answer.length} tokens, which leaves its prompt no room in ${room}`,
      );
    }
    const prompt = fitted(tokenizer, tokens.slice(0, targetStart), room - answer.length);
    if (prompt.truncated) truncated++;
    return { tokens: [...prompt.tokens, ...answer], targetStart: prompt.tokens.length };
  });
  return { examples, truncated };
}

/**
 * A test prompt. Where it does not leave room for the answer it loses tokens behind the first one, oldest first, so that the
 * question itself stays.
 *
 * @param room Most tokens a prompt may have: the model's longest context less the tokens of the answer.
 */
export function encodePrompt(tokenizer: TextTokenizer, text: string, room: number): EncodedPrompt {
  return fitted(tokenizer, encodeText(tokenizer, text), room);
}

function fitted(tokenizer: TextTokenizer, tokens: readonly number[], room: number): EncodedPrompt {
  if (tokens.length <= room) return { tokens, truncated: false };
  const first = tokenizer.bosId === null ? [] : [tokenizer.bosId];
  return { tokens: [...first, ...tokens.slice(tokens.length - room + first.length)], truncated: true };
}

/** SHA-256 over the ids of all prompts, each with its length before it, as little-endian u32. */
export function tokensSha256(prompts: readonly Pick<EncodedPrompt, "tokens">[]): string {
  const hash = createHash("sha256");
  for (const { tokens } of prompts) {
    const bytes = new DataView(new ArrayBuffer(4 * (tokens.length + 1)));
    [tokens.length, ...tokens].forEach((id, i) => bytes.setUint32(4 * i, id, true));
    hash.update(new Uint8Array(bytes.buffer));
  }
  return hash.digest("hex");
}

/**
 * The token that begins with a blank line, where the vocabulary spells one of its own; else null.
 *
 * U decodes on and cuts the answer at the first blank line. Stopping there gives the same answer, except where nothing but white space
 * came before: that is stripped first, so the answer is what follows.
 */
export function blankLineToken(tokenizer: TextTokenizer): number | null {
  // A byte-level vocabulary spells the newline U+010A.
  for (const spelling of ["\n\n", "\u010a\u010a"]) {
    const id = tokenizer.tokenToId(spelling);
    if (id !== null && tokenizer.decode([id]).startsWith("\n\n")) return id;
  }
  return null;
}
