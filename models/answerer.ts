/**
 * What answering prompts runs on the GPU: programs, tables and caches for batches up to a capacity.
 * @module
 */
import { chooseToken, decodingLanes, scoreLabels } from "../kernels/decoding/decoding.ts";
import { allocate, type Arena, type Tensor, upload } from "../kernels/gpu/buffers.ts";
import { createProgram, dispatch, type Program, releaseProgram } from "../kernels/gpu/program.ts";
import {
  allocateCache,
  allocateTables,
  type CachedPass,
  cachedScores,
  type CachedShape,
  recordFill,
  recordLastTokens,
  recordLogits,
  type TokenTables,
} from "./cached_forward.ts";
import { type Activations, allocateActivations } from "./forward.ts";
import { type Llama, padded } from "./llama.ts";
import type { PromptBatch } from "./prompts.ts";

/** What to do with each prompt. */
export interface AnswerOptions {
  /** Most tokens to generate; 0 generates nothing. */
  readonly maxNewTokens: number;
  /** Tokens that end an answer; they are not part of it. */
  readonly stopIds: readonly number[];
  /** Tokens whose logits after the prompt are wanted. */
  readonly labelIds: readonly number[];
  /** Most prompts that go through the GPU together; long ones make smaller batches. Decides memory and speed, never results. */
  readonly batchSize: number;
  /** Whether a prefix that prompts have in common is computed once for all of them; true if left out. Decides speed, never results. */
  readonly sharePrefix?: boolean;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/** Rows below which the programs for few rows are used: matrix products have tiles of their own there. */
export const fewRows = 4;

/** What decoding keeps of each row. */
export interface DecodeTensors {
  readonly tables: TokenTables;
  /** Position, finished, tokens generated, bits of the smallest lead. */
  readonly state: Tensor;
  /** [cache slots][most new tokens]. */
  readonly generated: Tensor;
}

/** Everything recorded for batches up to a capacity. */
export interface Answerer {
  readonly fillPrefix: Program<CachedShape>;
  readonly fillPrompts: Program<CachedShape>;
  readonly score: Program<CachedShape>;
  readonly choose: Program<CachedShape>;
  /** A decoding step, for many and for few rows. */
  readonly steps: { readonly many: Program<CachedShape>; readonly few: Program<CachedShape> };
  readonly prefix: TokenTables;
  readonly prompts: TokenTables;
  readonly lastTokens: Tensor;
  readonly labelScores: Tensor;
  readonly best: Tensor;
  readonly choice: Tensor;
  readonly decode: DecodeTensors;
  /** Own tokens a cache slot can hold. */
  readonly capacity: number;
  /** The prefix that is in the cache. */
  filled: readonly number[];
}

/** Records the greedy choice from logits. */
function recordChoice(
  program: Program<CachedShape>,
  { llama, activations, tables, cache }: CachedPass,
  { state, generated }: DecodeTensors,
  stopTokens: Tensor,
  options: AnswerOptions,
): void {
  const { tokens, positions, slots, sequences } = tables;
  dispatch(
    program,
    chooseToken(decodingLanes(llama.gpu)),
    { logits: activations.logits, stopTokens, state, tokens, positions, slots, sequences, generated },
    (shape) => ({
      rows: shape.tokens,
      vocabulary: llama.config.vocabSize,
      stride: padded(llama.config.vocabSize),
      stops: options.stopIds.length,
      limit: options.maxNewTokens,
      prefix: shape.prefix,
      capacity: cache.capacity,
    }),
  );
}

/** Activations of so many new tokens. */
function tokenActivations(arena: Arena, llama: Llama, tokens: number, targets: number, scores: number): Activations {
  return allocateActivations(arena, llama.config, { tokens, sequences: 1, longest: 1, targets, scores }, false);
}

function ownLengths({ prompts, prefix }: PromptBatch): number[] {
  return prompts.map(({ length }) => length - prefix);
}

/** Sum of numbers. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Allocates and records for all these batches. */
export function createAnswerer(
  llama: Llama,
  arena: Arena,
  batches: readonly PromptBatch[],
  options: AnswerOptions,
): Answerer {
  const { gpu, config } = llama;
  const { maxNewTokens, stopIds, labelIds } = options;
  const most = (size: (batch: PromptBatch) => number) => Math.max(...batches.map(size));
  const longestIn = (batch: PromptBatch) => Math.max(...ownLengths(batch));
  const rows = most(({ prompts }) => prompts.length);
  const longest = most(longestIn);
  const prefixLength = most(({ prefix }) => prefix);
  const promptTokens = most((batch) => sum(ownLengths(batch)));
  const capacity = padded(longest + maxNewTokens);
  const promptScores = most((batch) => cachedScores(config, sum(ownLengths(batch)), batch.prefix, longestIn(batch)));
  const prefixScores = cachedScores(config, prefixLength, 0, prefixLength);
  const stepScores = most((batch) =>
    cachedScores(config, batch.prompts.length, batch.prefix, longestIn(batch) + maxNewTokens)
  );

  const prefixCache = allocateCache(arena, config, "prefix cache", 1, prefixLength);
  const cache = allocateCache(arena, config, "cache", rows, capacity);
  const passes = { llama, prefix: prefixCache, cache };
  const fill = tokenActivations(
    arena,
    llama,
    Math.max(promptTokens, prefixLength),
    0,
    Math.max(promptScores, prefixScores),
  );
  const prefixPass = {
    ...passes,
    cache: prefixCache,
    capacity: { tokens: prefixLength, longest: prefixLength, keys: prefixLength },
    activations: fill,
    tables: allocateTables(arena, "prefix", prefixLength, 1),
  };
  const promptPass = {
    ...passes,
    capacity: { tokens: promptTokens, longest, keys: prefixLength + longest },
    activations: fill,
    tables: allocateTables(arena, "prompts", promptTokens, rows),
  };
  const stepPass = {
    ...passes,
    capacity: { tokens: rows, longest: 1, keys: prefixLength + capacity },
    activations: tokenActivations(arena, llama, rows, rows, stepScores),
    tables: allocateTables(arena, "decoding", rows, rows),
  };
  const decode = {
    tables: stepPass.tables,
    state: allocate(arena, "decoding state", rows * 4),
    generated: allocate(arena, "generated tokens", rows * Math.max(1, maxNewTokens)),
  };
  const stopTokens = allocate(arena, "stop tokens", Math.max(1, stopIds.length));
  upload(gpu, stopTokens, Uint32Array.from(stopIds));
  const labels = Math.max(1, labelIds.length);
  const labelTokens = allocate(arena, "label tokens", labels);
  upload(gpu, labelTokens, Uint32Array.from(labelIds));
  const lastTokens = allocate(arena, "last tokens of the prompts", rows);
  const labelScores = allocate(arena, "label scores", rows * labels);
  const best = allocate(arena, "first tokens", rows);
  const choice = allocate(arena, "first choices", rows * 2);

  const fillPrefix = createProgram<CachedShape>(gpu, "prefix");
  if (prefixLength > 0) recordFill(fillPrefix, prefixPass);
  const fillPrompts = createProgram<CachedShape>(gpu, "prompts");
  recordFill(fillPrompts, promptPass);
  const score = createProgram<CachedShape>(gpu, "label scores");
  recordLastTokens(score, promptPass, lastTokens, stepPass);
  recordLogits(score, stepPass);
  const logits = stepPass.activations.logits;
  const lanes = decodingLanes(gpu);
  dispatch(score, scoreLabels(lanes), { logits, labelTokens, scores: labelScores, best, choice }, (shape) => ({
    rows: shape.tokens,
    vocabulary: config.vocabSize,
    stride: padded(config.vocabSize),
    labels: labelIds.length,
  }));
  const choose = createProgram<CachedShape>(gpu, "first token");
  recordChoice(choose, stepPass, decode, stopTokens, options);
  const step = (pass: CachedPass) => {
    const program = createProgram<CachedShape>(gpu, "decoding step");
    recordFill(program, pass);
    recordLogits(program, pass);
    recordChoice(program, pass, decode, stopTokens, options);
    return program;
  };
  const many = step(stepPass);
  const few = rows < fewRows ? many : step({ ...stepPass, capacity: { ...stepPass.capacity, tokens: fewRows - 1 } });
  return {
    fillPrefix,
    fillPrompts,
    score,
    choose,
    steps: { many, few },
    prefix: prefixPass.tables,
    prompts: promptPass.tables,
    lastTokens,
    labelScores,
    best,
    choice,
    decode,
    capacity,
    filled: [],
  };
}

/** Frees the programs; tensors belong to the arena. */
export function releaseAnswerer({ fillPrefix, fillPrompts, score, choose, steps }: Answerer): void {
  for (const program of new Set([fillPrefix, fillPrompts, score, choose, steps.many, steps.few])) {
    releaseProgram(program);
  }
}
