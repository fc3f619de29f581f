/**
 * Greedy decoding and label scores. Prompts of a batch go through one forward pass that fills a key-value cache; then tokens are
 * generated one a row and step, wholly on the GPU. Rows do not influence each other, so the batch size never changes a result.
 * @module
 */
import {
  attentionScoresDecode,
  attentionSoftmaxDecode,
  attentionValuesDecode,
  cacheAppend,
} from "../kernels/attention/attention.ts";
import { chooseToken, scoreLabels } from "../kernels/decoding/decoding.ts";
import { embeddingForward } from "../kernels/embedding/embedding.ts";
import {
  allocate,
  type Arena,
  createArena,
  readBack,
  releaseArena,
  type Tensor,
  upload,
} from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, type Program, releaseProgram, run } from "../kernels/gpu/program.ts";
import {
  allocateBatch,
  type BatchCapacity,
  type BatchShape,
  type BatchTensors,
  scoreElements,
  uploadBatch,
} from "./batch.ts";
import type { LlamaConfig } from "./config.ts";
import {
  type Activations,
  allocateActivations,
  attentionScale,
  recordAfterAttention,
  recordAttentionInputs,
  recordForward,
  recordHead,
} from "./forward.ts";
import { attentionWidth, type Llama, padded } from "./llama.ts";

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
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/** What a model answers to a prompt. */
export interface Answer {
  /** Generated tokens, without the stop token. */
  readonly tokens: readonly number[];
  /** Whether a stop token ended the answer. */
  readonly stopped: boolean;
  /** Logits of `labelIds` after the prompt. */
  readonly labels: readonly number[];
  /** The likeliest token after the prompt. */
  readonly best: number;
  /** Its lead in logits over the second. */
  readonly bestMargin: number;
  /** Smallest lead of the chosen over the second token, over all generation steps; `bestMargin` where nothing is generated. */
  readonly margin: number;
}

/** Steps between two looks at which rows are finished; a look costs 10 ms, a wasted step about as much. */
const stepsPerLook = 12;

interface DecodeTensors {
  readonly caches: readonly Tensor[];
  readonly state: Tensor;
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly slots: Tensor;
  readonly generated: Tensor;
  readonly margins: Tensor;
  readonly stopTokens: Tensor;
}

interface DecodeShape {
  readonly rows: number;
  /** Most keys any row has when this run ends. */
  readonly longest: number;
}

/** Everything recorded for batches up to a capacity. */
interface Answerer {
  readonly prefill: Program<BatchShape>;
  readonly choose: Program<DecodeShape>;
  readonly step: Program<DecodeShape>;
  readonly batch: BatchTensors;
  readonly prefillSlots: Tensor;
  readonly labelTokens: Tensor;
  readonly labelScores: Tensor;
  readonly best: Tensor;
  readonly choice: Tensor;
  readonly decode: DecodeTensors;
  /** Cached tokens a row can hold. */
  readonly capacity: number;
}

/** Records the greedy choice from logits. */
function recordChoice(
  program: Program<DecodeShape>,
  llama: Llama,
  logits: Tensor,
  decode: DecodeTensors,
  options: AnswerOptions,
  capacity: number,
): void {
  const { state, tokens, positions, slots, generated, margins, stopTokens } = decode;
  dispatch(
    program,
    chooseToken,
    { logits, stopTokens, state, tokens, positions, slots, generated, margins },
    ({ rows }) => ({
      rows,
      vocabulary: llama.config.vocabSize,
      stride: padded(llama.config.vocabSize),
      stops: options.stopIds.length,
      limit: options.maxNewTokens,
      capacity,
    }),
  );
}

/** Records one decoding step: the last chosen token of each row through all layers, then the next choice. */
function recordStep(
  program: Program<DecodeShape>,
  llama: Llama,
  rowCapacity: number,
  parts: { decode: DecodeTensors; activations: Activations; scores: Tensor; capacity: number },
): void {
  const { config, operands } = llama;
  const { decode, activations, scores, capacity } = parts;
  const { heads, keyValueHeads, headSize } = config;
  const width = attentionWidth(config);
  const rowsOf = (shape: DecodeShape) => shape.rows;
  const { state, slots } = decode;
  const now = activations.layers[0];
  dispatch(
    program,
    embeddingForward,
    { tokens: decode.tokens, weight: llama.embedding.tensor, x: now.x },
    ({ rows }) => ({ count: rows, width: config.hiddenSize }),
  );
  llama.layers.forEach((layer, number) => {
    recordAttentionInputs(program, llama, rowCapacity, layer, { ...now, positions: decode.positions }, rowsOf);
    const cache = decode.caches[number];
    const queries = now.queriesKeysValues;
    const sizes = ({ rows }: DecodeShape) => ({ rows, heads, keyValueHeads, headSize, width, capacity });
    dispatch(program, cacheAppend, { queriesKeysValues: queries, slots, cache }, sizes);
    dispatch(program, attentionScoresDecode(operands), { queries, cache, state, scores }, (shape) => ({
      ...sizes(shape),
      longest: shape.longest,
    }));
    dispatch(program, attentionSoftmaxDecode, { state, scores }, ({ rows }) => ({
      rows,
      heads,
      capacity,
      scale: attentionScale(config),
    }));
    dispatch(program, attentionValuesDecode(operands), { weights: scores, cache, state, mixed: now.mixed }, sizes);
    recordAfterAttention(program, llama, rowCapacity, layer, { ...now, next: now.x }, rowsOf);
  });
  recordHead(program, llama, rowCapacity, { ...activations, rows: now.x }, rowsOf);
}

function createAnswerer(
  llama: Llama,
  arena: Arena,
  capacity: BatchCapacity,
  options: AnswerOptions,
): Answerer {
  const { gpu, config } = llama;
  const rows = capacity.sequences;
  const perRow = padded(capacity.longest + options.maxNewTokens);
  const batch = allocateBatch(arena, capacity);
  const activations = allocateActivations(arena, config, capacity, false);
  const prefillSlots = allocate(arena, "cache slots of the prompts", capacity.tokens);
  const cacheWidth = 2 * config.keyValueHeads * config.headSize;
  const decode: DecodeTensors = {
    caches: llama.layers.map((_, layer) => allocate(arena, `cache of layer ${layer}`, rows * perRow * cacheWidth)),
    state: allocate(arena, "decoding state", rows * 4),
    tokens: allocate(arena, "chosen tokens", rows),
    positions: allocate(arena, "positions", rows),
    slots: allocate(arena, "cache slots", rows),
    generated: allocate(arena, "generated tokens", rows * Math.max(1, options.maxNewTokens)),
    margins: allocate(arena, "margins", rows),
    stopTokens: allocate(arena, "stop tokens", Math.max(1, options.stopIds.length)),
  };
  upload(gpu, decode.stopTokens, Uint32Array.from(options.stopIds));
  const labels = Math.max(1, options.labelIds.length);
  const labelTokens = allocate(arena, "label tokens", labels);
  upload(gpu, labelTokens, Uint32Array.from(options.labelIds));
  const labelScores = allocate(arena, "label scores", rows * labels);
  const best = allocate(arena, "first tokens", rows);
  const choice = allocate(arena, "first choices", rows * 2);

  const prefill = createProgram<BatchShape>(gpu, "prompts");
  recordForward(prefill, llama, capacity, batch, activations, (layer, queriesKeysValues) =>
    dispatch(
      prefill,
      cacheAppend,
      { queriesKeysValues, slots: prefillSlots, cache: decode.caches[layer] },
      ({ tokens }) => ({
        rows: tokens,
        heads: config.heads,
        keyValueHeads: config.keyValueHeads,
        headSize: config.headSize,
        width: attentionWidth(config),
      }),
    ));
  dispatch(
    prefill,
    scoreLabels,
    { logits: activations.logits, labelTokens, scores: labelScores, best, choice },
    ({ targets }) => ({
      rows: targets,
      vocabulary: config.vocabSize,
      stride: padded(config.vocabSize),
      labels: options.labelIds.length,
    }),
  );
  const choose = createProgram<DecodeShape>(gpu, "first token");
  recordChoice(choose, llama, activations.logits, decode, options, perRow);

  const stepCapacity = { tokens: rows, sequences: rows, longest: 1, targets: rows, scores: 0 };
  const stepActivations = allocateActivations(arena, config, stepCapacity, false);
  const scores = allocate(arena, "decoding scores", rows * config.heads * perRow);
  const step = createProgram<DecodeShape>(gpu, "decoding step");
  recordStep(step, llama, rows, { decode, activations: stepActivations, scores, capacity: perRow });
  recordChoice(step, llama, stepActivations.logits, decode, options, perRow);
  return {
    prefill,
    choose,
    step,
    batch,
    prefillSlots,
    labelTokens,
    labelScores,
    best,
    choice,
    decode,
    capacity: perRow,
  };
}

/** Runs one batch of prompts. */
async function answerBatch(
  llama: Llama,
  arena: Arena,
  answerer: Answerer,
  prompts: readonly (readonly number[])[],
  options: AnswerOptions,
): Promise<Answer[]> {
  const { gpu, config } = llama;
  const { decode, capacity } = answerer;
  const rows = prompts.length;
  const total = prompts.reduce((sum, { length }) => sum + length, 0);
  const slots = new Uint32Array(total);
  const last = new Uint32Array(rows);
  const state = new Uint32Array(rows * 4);
  let start = 0;
  prompts.forEach(({ length }, row) => {
    for (let i = 0; i < length; i++) slots[start + i] = row * capacity + i;
    start += length;
    last[row] = start - 1;
    state[row * 4] = length - 1;
  });
  upload(gpu, answerer.prefillSlots, slots);
  upload(gpu, decode.state, state);
  upload(gpu, decode.margins, new Float32Array(rows).fill(1e30));
  const shape = uploadBatch(arena, config, answerer.batch, prompts, last);
  run(answerer.prefill, shape);
  if (options.maxNewTokens > 0) {
    run(answerer.choose, { rows, longest: shape.longest });
    for (let done = 1; done < options.maxNewTokens; done += stepsPerLook) {
      const times = Math.min(stepsPerLook, options.maxNewTokens - done);
      run(answerer.step, { rows, longest: shape.longest + done + times }, times);
      if (done + times >= options.maxNewTokens) break;
      const [now] = await readBack(gpu, [{ tensor: decode.state, length: rows * 4 }]);
      const words = new Uint32Array(now);
      if (prompts.every((_, row) => words[row * 4 + 1] !== 0)) break;
    }
  }
  const limit = options.maxNewTokens;
  const labels = options.labelIds.length;
  const parts = await readBack(gpu, [
    { tensor: answerer.choice, length: rows * 2 },
    { tensor: answerer.labelScores, length: rows * Math.max(1, labels) },
    { tensor: decode.state, length: rows * 4 },
    { tensor: decode.generated, length: rows * Math.max(1, limit) },
    { tensor: decode.margins, length: rows },
    { tensor: answerer.best, length: rows },
  ]);
  const choice = new Float32Array(parts[0]);
  const scores = new Float32Array(parts[1]);
  const states = new Uint32Array(parts[2]);
  const generated = new Uint32Array(parts[3]);
  const margins = new Float32Array(parts[4]);
  const best = new Uint32Array(parts[5]);
  return prompts.map((_, row): Answer => ({
    tokens: Array.from(generated.subarray(row * limit, row * limit + (limit > 0 ? states[row * 4 + 2] : 0))),
    stopped: states[row * 4 + 1] === 1,
    labels: Array.from(scores.subarray(row * labels, (row + 1) * labels)),
    best: best[row],
    bestMargin: choice[row * 2 + 1],
    margin: limit > 0 ? margins[row] : choice[row * 2 + 1],
  }));
}

/** Elements of scores, and tokens, after which a batch of prompts is full: 32 MB of scores, and enough rows to fill any adapter. */
const fullScores = 1 << 23;
const fullTokens = 1 << 14;

/** Cuts prompts into batches, in order. */
function batchesOf(
  config: LlamaConfig,
  prompts: readonly (readonly number[])[],
  batchSize: number,
): (readonly number[])[][] {
  const batches: (readonly number[])[][] = [];
  let [scores, tokens] = [Infinity, 0];
  for (const prompt of prompts) {
    const own = scoreElements(config, [prompt.length]);
    if (scores + own > fullScores || tokens + prompt.length > fullTokens || batches.at(-1)!.length === batchSize) {
      batches.push([]);
      [scores, tokens] = [0, 0];
    }
    batches.at(-1)!.push(prompt);
    scores += own;
    tokens += prompt.length;
  }
  return batches;
}

/**
 * Answers every prompt: label scores of the first position, then greedy decoding.
 * @throws where a prompt is empty, or with its answer is longer than the model's context
 */
export async function answer(
  llama: Llama,
  prompts: readonly (readonly number[])[],
  options: AnswerOptions,
): Promise<Answer[]> {
  const { gpu, config } = llama;
  if (prompts.length === 0) return [];
  const longest = Math.max(...prompts.map(({ length }) => length));
  if (prompts.some(({ length }) => length === 0)) throw new Error("a prompt has no tokens");
  if (longest + options.maxNewTokens > config.maxPositions) {
    throw new Error(
      `a prompt of ${longest} tokens and ${options.maxNewTokens} new ones exceed the model's context of ${config.maxPositions}`,
    );
  }
  const batches = batchesOf(config, prompts, options.batchSize);
  const most = (size: (lengths: number[]) => number) =>
    Math.max(...batches.map((batch) => size(batch.map(({ length }) => length))));
  const sequences = most(({ length }) => length);
  const capacity = {
    tokens: most((lengths) => lengths.reduce((sum, length) => sum + length, 0)),
    sequences,
    longest,
    targets: sequences,
    scores: most((lengths) => scoreElements(config, lengths)),
  };
  const arena = createArena(gpu);
  let answerer: Answerer | null = null;
  try {
    answerer = createAnswerer(llama, arena, capacity, options);
    await settle(gpu);
    const answers: Answer[] = [];
    for (const batch of batches) {
      options.signal?.throwIfAborted();
      answers.push(...await answerBatch(llama, arena, answerer, batch, options));
    }
    return answers;
  } finally {
    if (answerer) {
      releaseProgram(answerer.prefill);
      releaseProgram(answerer.choose);
      releaseProgram(answerer.step);
    }
    releaseArena(arena);
  }
}

/**
 * Logits after every position of one sequence [tokens][vocabulary], by the full forward pass: what decoding is checked against.
 */
export async function fullLogits(llama: Llama, tokens: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const { gpu, config } = llama;
  const count = tokens.length;
  const scores = scoreElements(config, [count]);
  const capacity = { tokens: count, sequences: 1, longest: count, targets: count, scores };
  const arena = createArena(gpu);
  const program = createProgram<BatchShape>(gpu, "full forward");
  try {
    const batch = allocateBatch(arena, capacity);
    const activations = allocateActivations(arena, config, capacity, false);
    recordForward(program, llama, capacity, batch, activations);
    const shape = uploadBatch(arena, config, batch, [tokens], Uint32Array.from({ length: count }, (_, i) => i));
    run(program, shape);
    const [read] = await readBack(gpu, [{ tensor: activations.logits }]);
    const stride = padded(config.vocabSize);
    const logits = new Float32Array(read);
    const out = new Float32Array(count * config.vocabSize);
    for (let t = 0; t < count; t++) {
      out.set(logits.subarray(t * stride, t * stride + config.vocabSize), t * config.vocabSize);
    }
    return out;
  } finally {
    releaseProgram(program);
    releaseArena(arena);
  }
}
