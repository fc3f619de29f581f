/**
 * Greedy decoding and label scoring, by wall clock of whole calls: of prompts that have nothing in common, and of prompts that begin
 * with the same demonstrations, as in a few-shot evaluation.
 * @module
 */
import type { Gpu } from "../kernels/gpu/device.ts";
import type { LlamaConfig } from "../models/config.ts";
import { answer } from "../models/inference.ts";
import { createLlama, type Llama, releaseLlama } from "../models/llama.ts";
import { tokenIds, weights } from "./data.ts";
import { summarize, type Summary } from "./statistics.ts";
import { type Effort, secondsOf } from "./timing.ts";
import type { AnswerRow } from "./types.ts";

/** Sizes of the calls. */
export interface AnswerSizes {
  /** Tokens of a prompt, and how many of these all prompts of a call have in common. */
  readonly prompts: readonly { readonly tokens: number; readonly shared: number }[];
  readonly newTokens: number;
  readonly batches: readonly number[];
}

/** Wall clock of whole calls, one value a window, after one call that compiles. */
async function calls(
  llama: Llama,
  prompts: readonly number[][],
  batchSize: number,
  maxNewTokens: number,
  windows: number,
): Promise<Summary> {
  const call = () =>
    secondsOf(async () =>
      void await answer(llama, prompts, {
        maxNewTokens,
        stopIds: [],
        labelIds: [3, 4],
        batchSize,
      })
    );
  await call();
  const seconds: number[] = [];
  for (let i = 0; i < windows; i++) seconds.push(await call());
  return summarize(seconds);
}

/** Prompts that differ from each other after the first `shared` tokens. */
function promptsOf(count: number, tokens: number, shared: number, vocabulary: number): number[][] {
  const start = tokenIds(shared, vocabulary);
  return Array.from({ length: count }, (_, i) => [...start, ...tokenIds(tokens - shared, vocabulary, i * 17)]);
}

/** Measures both at every batch size; a single prompt shares nothing. */
export async function measureAnswers(
  gpu: Gpu,
  config: LlamaConfig,
  { prompts: kinds, newTokens, batches }: AnswerSizes,
  effort: Effort,
): Promise<AnswerRow[]> {
  const llama = await createLlama(gpu, config, weights(config), {
    operands: "12bit",
  });
  const rows: AnswerRow[] = [];
  try {
    for (const { tokens, shared } of kinds) {
      for (const batch of batches.filter((size) => shared === 0 || size > 1)) {
        const prompts = promptsOf(batch, tokens, shared, config.vocabSize);
        const common = { batch, promptTokens: tokens, sharedTokens: shared, prompts: batch };
        const scored = await calls(llama, prompts, batch, 0, effort.windows);
        rows.push({
          kind: "scoring",
          ...common,
          newTokens: 0,
          wall: scored,
          rate: batch / scored.median,
        });
        // The first token comes from the prompt's own pass; both calls pay the same for prompts and for compiling.
        const first = await calls(llama, prompts, batch, 1, effort.windows);
        const all = await calls(llama, prompts, batch, newTokens, effort.windows);
        const seconds = Math.max(1e-9, all.median - first.median);
        rows.push({
          kind: "decoding",
          ...common,
          newTokens,
          wall: all,
          rate: batch * (newTokens - 1) / seconds,
        });
      }
    }
    return rows;
  } finally {
    releaseLlama(llama);
  }
}
