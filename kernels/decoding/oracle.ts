/**
 * What decoding.ts's kernels compute.
 * @module
 */
import { sub } from "../numerics.ts";

/** The largest of a row's logits, its lead over the second, and its token: the first of equals. */
export interface Best {
  /** Index of the largest. */
  readonly token: number;
  /** The largest. */
  readonly logit: number;
  /** How far it is above the second. */
  readonly margin: number;
}

/** The best of `logits`. */
export function bestOracle(logits: ArrayLike<number>): Best {
  let [logit, second, token] = [Math.fround(-1e30), Math.fround(-1e30), 0];
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] > logit) {
      second = logit;
      logit = logits[i];
      token = i;
    } else if (logits[i] > second) {
      second = logits[i];
    }
  }
  return { token, logit, margin: sub(logit, second) };
}

/** How far a row of a greedy decoding is. */
export interface DecodingRow {
  /** Position of its newest token. */
  position: number;
  /** 0 while it goes on, 1 after a stop token, 2 at the limit. */
  finished: number;
  /** Tokens so far, without the stop token. */
  readonly generated: number[];
  /** Smallest lead so far. */
  margin: number;
}

/** Advances `row` by the best of `logits`, and returns that token. */
export function chooseTokenOracle(
  row: DecodingRow,
  logits: ArrayLike<number>,
  stopTokens: readonly number[],
  limit: number,
): number {
  const { token, margin } = bestOracle(logits);
  if (row.finished === 0) {
    row.margin = Math.min(row.margin, margin);
    if (stopTokens.includes(token)) {
      row.finished = 1;
    } else {
      row.generated.push(token);
      row.position++;
      if (row.generated.length === limit) row.finished = 2;
    }
  }
  return token;
}
