/**
 * What soft_prompt.ts's kernels compute.
 * @module
 */
import { add } from "../numerics.ts";
import { promptBase } from "./soft_prompt.ts";

/** Rows (of `width` columns) of `weight`, or of `prompts`, that `tokens` name. */
export function softPromptForwardOracle(
  tokens: ArrayLike<number>,
  weight: ArrayLike<number>,
  prompts: ArrayLike<number>,
  width: number,
): Float32Array {
  return Float32Array.from({ length: tokens.length * width }, (_, i) => {
    const token = tokens[Math.floor(i / width)];
    return token < promptBase ? weight[token * width + i % width] : prompts[(token - promptBase) * width + i % width];
  });
}

/** Adds each row of `gradient` that is a prompt's to that row of `promptGradient`, in order; `tokens` of all sequences end to end. */
export function softPromptGradientOracle(
  tokens: ArrayLike<number>,
  gradient: ArrayLike<number>,
  width: number,
  promptGradient: Float32Array,
): void {
  for (let i = 0; i < tokens.length; i++) {
    for (let column = 0; tokens[i] >= promptBase && column < width; column++) {
      const at = (tokens[i] - promptBase) * width + column;
      promptGradient[at] = add(promptGradient[at], gradient[i * width + column]);
    }
  }
}
