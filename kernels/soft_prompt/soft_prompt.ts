/**
 * Soft prompts: learnt rows that stand at the beginning of a sequence where embeddings would. Formulas and shapes: soft_prompt.wgsl.
 * @module
 */
import { type Kernel, kernelSource } from "../gpu/program.ts";
import { threadGrid } from "../grid.ts";
import source from "./soft_prompt.wgsl" with { type: "text" };

const matrix = "array<vec4<f32>>";

/** What is added to a row of the prompts to make a token of it; ids of the vocabulary are below. */
export const promptBase = 0x80000000;

/** `x[count][width]`: the rows of `weight` or of `prompts` that `tokens` name; `width` a multiple of 4. Overwrites `x`. */
export const softPromptForward: Kernel = {
  name: "soft_prompt_forward",
  body: kernelSource(source, "soft_prompt_forward"),
  inputs: { tokens: "array<u32>", weight: matrix, prompts: matrix },
  outputs: { x: matrix },
  uniforms: { count: "u32", width: "u32" },
  grid: ({ count, width }) => threadGrid(count * width / 4, 64),
};

/**
 * `promptGradient[rows][width] +=` the gradients of the places where each row stands, `count` sequences ascending. `places` holds for
 * each sequence: x its first row in `gradient`, y rows of its prompt (0: none), z where the prompt begins in the prompts.
 */
export const softPromptGradient: Kernel = {
  name: "soft_prompt_gradient",
  body: kernelSource(source, "soft_prompt_gradient"),
  inputs: { gradient: matrix, places: "array<vec4<u32>>" },
  outputs: { promptGradient: matrix },
  uniforms: { count: "u32", rows: "u32", width: "u32" },
  grid: ({ rows, width }) => threadGrid(rows * width / 4, 64),
};

/** The tokens that stand for `length` rows of the prompts from `firstRow`; they go before a sequence's own. */
export function promptTokens(firstRow: number, length: number): number[] {
  return Array.from({ length }, (_, i) => promptBase + firstRow + i);
}

/**
 * The `places` of `softPromptGradient`.
 * @param sequences tokens of each sequence of a batch, those of its prompt first
 */
export function promptPlaces(sequences: readonly ArrayLike<number>[]): Uint32Array<ArrayBuffer> {
  const places = new Uint32Array(sequences.length * 4);
  let start = 0;
  sequences.forEach((tokens, s) => {
    let length = 0;
    while (length < tokens.length && tokens[length] >= promptBase) length++;
    places.set([start, length, length > 0 ? tokens[0] - promptBase : 0, 0], s * 4);
    start += tokens.length;
  });
  return places;
}
