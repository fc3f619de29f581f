/**
 * Label words as token ids: which token a model must score for each label.
 * @module
 */
import type { PromptFormat, Task } from "./types.ts";

/**
 * Ids of the token that begins each label word after the prompt, in the order of `task.labels`.
 *
 * A label's first token is the first id of `context + label` beyond what it shares with the ids of `context` alone. So
 * the tokenizer itself says how a word begins there (U's code has Llama-2's ids written in). Where a prompt ends in a
 * space, the tokenizer may merge that space into the label's first token; that merged token is then the one returned.
 *
 * @param context A rendered prompt that ends as every prompt of this task and format does.
 * @param encode Text to token ids without special tokens.
 * @throws where two labels begin with the same token, since their scores could not be told apart, and where a label
 * adds no token.
 */
export function labelTokens(
  task: Task,
  format: PromptFormat,
  encode: (text: string) => readonly number[],
  context: string,
): number[] {
  const where = `task ${task.name}: prompt ${format}`;
  const before = encode(context);
  const first = new Map<number, string>();
  return task.labels.map((label) => {
    const [id] = beyond(before, encode(context + label));
    if (id === undefined) throw new Error(`${where}: label "${label}" adds no token of its own`);
    const other = first.get(id);
    if (other !== undefined) {
      throw new Error(
        `${where}: labels "${other}" and "${label}" begin with the same token ${id}; ` +
          "valid: label words whose first tokens differ",
      );
    }
    first.set(id, label);
    return id;
  });
}

/**
 * Tokens of the longest label word after the prompt: fewer cannot spell it, so that free generation would never be right. 0 without labels.
 *
 * @param context A rendered prompt, as for {@linkcode labelTokens}.
 * @param encode Text to token ids without special tokens.
 */
export function longestLabel(task: Task, encode: (text: string) => readonly number[], context: string): number {
  const before = encode(context);
  return Math.max(0, ...task.labels.map((label) => beyond(before, encode(context + label)).length));
}

/** The ids of `whole` from the first on that is another than that of `start`. */
function beyond(start: readonly number[], whole: readonly number[]): readonly number[] {
  let shared = 0;
  while (shared < start.length && shared < whole.length && start[shared] === whole[shared]) shared++;
  return whole.slice(shared);
}
