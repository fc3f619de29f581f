/**
 * Cuts prompts into batches that share a prefix: k demonstrations before every test row are one prefix of all of them.
 * @module
 */

/** Shortest prefix worth its own pass, in tokens. */
const leastPrefix = 16;

/** What another batch costs, in tokens of prompts: one more set of weights to load for each step of decoding. */
const batchCost = 64;

/** A batch of prompts. */
export interface PromptBatch {
  /** Number of the first prompt. */
  readonly first: number;
  /** The prompts. */
  readonly prompts: readonly (readonly number[])[];
  /** How many leading tokens they all share and each goes beyond: 0, or a multiple of 4. */
  readonly prefix: number;
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) if (a[i] !== b[i]) return i;
  return most;
}

/** Length of prefix to share, where prompts have `common` leading tokens in common and `shortest` tokens at least. */
function sharedLength(common: number, shortest: number): number {
  // The last token of a prompt is always its own: its logits are wanted. Quads keep rows of scores aligned.
  const length = Math.min(common, shortest - 1) & ~3;
  return length < leastPrefix ? 0 : length;
}

/** Stretches of consecutive prompts whose prefixes save the most tokens, as [first, end, prefix]. */
function families(prompts: readonly (readonly number[])[]): [number, number, number][] {
  const adjacent = prompts.map((prompt, i) => i === 0 ? 0 : commonLength(prompts[i - 1], prompt));
  // Of the prompts before `end`: the most tokens saved, and where the last family starts.
  const saved = [0];
  const start = [0];
  const prefix = [0];
  for (let end = 1; end <= prompts.length; end++) {
    let [best, common, shortest] = [-Infinity, Infinity, Infinity];
    for (let first = end - 1; first >= 0; first--) {
      shortest = Math.min(shortest, prompts[first].length);
      const length = end - first === 1 ? 0 : sharedLength(common, shortest);
      const value = saved[first] + (end - first - 1) * length - (first > 0 ? batchCost : 0);
      if (value >= best) {
        best = value;
        saved[end] = value;
        start[end] = first;
        prefix[end] = length;
      }
      common = Math.min(common, adjacent[first]);
    }
  }
  const found: [number, number, number][] = [];
  for (let end = prompts.length; end > 0; end = start[end]) found.unshift([start[end], end, prefix[end]]);
  return found;
}

/**
 * Cuts prompts into batches, in order.
 * @param limits most prompts of a batch, and whether a batch of a prefix and these own lengths is still small enough
 */
export function promptBatches(
  prompts: readonly (readonly number[])[],
  limits: { batchSize: number; share: boolean; fits: (prefix: number, own: readonly number[]) => boolean },
): PromptBatch[] {
  const stretches = limits.share ? families(prompts) : [[0, prompts.length, 0]];
  return stretches.flatMap(([start, end, prefix]) => {
    const batches: PromptBatch[] = [];
    let first = start;
    const own: number[] = [];
    for (let i = start; i < end; i++) {
      const length = prompts[i].length - prefix;
      if (own.length === limits.batchSize || (own.length > 0 && !limits.fits(prefix, [...own, length]))) {
        batches.push({ first, prompts: prompts.slice(first, i), prefix });
        first = i;
        own.length = 0;
      }
      own.push(length);
    }
    batches.push({ first, prompts: prompts.slice(first, end), prefix });
    return batches;
  });
}
