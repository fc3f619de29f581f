/**
 * Greedy decoding and label scoring, by wall clock of whole calls. Prompts have nothing in common, so no prefix is shared.
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
  readonly promptTokens: number;
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

/** Measures both at every batch size. */
export async function measureAnswers(
  gpu: Gpu,
  config: LlamaConfig,
  sizes: AnswerSizes,
  effort: Effort,
): Promise<AnswerRow[]> {
  const llama = await createLlama(gpu, config, weights(config), {
    operands: "12bit",
  });
  const { promptTokens, newTokens } = sizes;
  const rows: AnswerRow[] = [];
  try {
    for (const batch of sizes.batches) {
      const prompts = Array.from(
        { length: batch },
        (_, i) => tokenIds(promptTokens, config.vocabSize, i * 17),
      );
      const common = { batch, promptTokens, prompts: batch };
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
    return rows;
  } finally {
    releaseLlama(llama);
  }
}
