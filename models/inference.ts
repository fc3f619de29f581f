/**
 * Greedy decoding and label scores. Prompts go through one pass that fills a key-value cache, what they have in common only once; then
 * tokens are generated one a row and step, on the GPU. Rows do not influence each other, so neither the batch size nor what is shared
 * changes a result.
 * @module
 */
import { createArena, readBack, type ReadRange, releaseArena, upload } from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { createProgram, releaseProgram, run } from "../kernels/gpu/program.ts";
import { bitsOf, fromBits } from "../kernels/numerics.ts";
import {
  type Answerer,
  type AnswerOptions,
  createAnswerer,
  type DecodeTensors,
  fewRows,
  releaseAnswerer,
  sum,
} from "./answerer.ts";
import { allocateBatch, type BatchShape, scoreElements, uploadBatch } from "./batch.ts";
import { cachedScores, type CachedShape, type TokenTables } from "./cached_forward.ts";
import { allocateActivations, recordForward } from "./forward.ts";
import { type Llama, padded } from "./llama.ts";
import { type PromptBatch, promptBatches } from "./prompts.ts";

export type { AnswerOptions };

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

/** Steps between two looks at which rows are finished; a look costs 10 ms, as much as a step of 64 rows or four of a single one. */
function stepsPerLook(rows: number): number {
  return rows < fewRows ? 16 : 8;
}

/** Elements of scores, and tokens, after which a batch of prompts is full: 32 MB of scores, and enough rows to fill any adapter. */
const fullScores = 1 << 23;
const fullTokens = 1 << 14;

/** Uploads sequences of new tokens, the first at position `start` of the context and each in a cache slot of its own. */
function uploadTokens(
  llama: Llama,
  tables: TokenTables,
  sequences: readonly (readonly number[])[],
  start: number,
  capacity: number,
): CachedShape {
  const { gpu } = llama;
  const lengths = sequences.map(({ length }) => length);
  const longest = Math.max(...lengths);
  const places: number[] = [];
  let first = 0;
  lengths.forEach((length, slot) => {
    places.push(first, length, 0, slot);
    first += length;
  });
  upload(gpu, tables.tokens, Uint32Array.from(sequences.flat()));
  upload(
    gpu,
    tables.positions,
    Uint32Array.from(lengths.flatMap((n) => Array.from({ length: n }, (_, i) => start + i))),
  );
  upload(
    gpu,
    tables.slots,
    Uint32Array.from(lengths.flatMap((n, slot) => Array.from({ length: n }, (_, i) => slot * capacity + i))),
  );
  upload(gpu, tables.sequences, Uint32Array.from(places));
  return { tokens: first, sequences: lengths.length, longest, keys: longest, prefix: start };
}

/** A row that decodes, as the host knows it. */
interface DecodingRow {
  readonly slot: number;
  /** Position in the context of its newest token. */
  readonly position: number;
  readonly finished: number;
  readonly generated: number;
  readonly margin: number;
  /** The newest token. */
  readonly token: number;
}

/** Writes rows, one after the other, to the tables of the next step. */
function uploadRows(
  llama: Llama,
  { tables, state }: DecodeTensors,
  rows: readonly DecodingRow[],
  prefix: number,
  capacity: number,
): void {
  const { gpu } = llama;
  const words = (of: (row: DecodingRow, i: number) => number[]) => Uint32Array.from(rows.flatMap(of));
  upload(
    gpu,
    state,
    words(({ position, finished, generated, margin }) => [position, finished, generated, bitsOf(margin)]),
  );
  upload(gpu, tables.tokens, words(({ token }) => [token]));
  upload(gpu, tables.positions, words(({ position }) => [position]));
  upload(gpu, tables.slots, words(({ slot, position }) => [slot * capacity + position - prefix]));
  upload(gpu, tables.sequences, words(({ slot, position }, i) => [i, 1, position - prefix, slot]));
}

/** What is read back at a batch's end. */
interface Results {
  readonly choice: Float32Array;
  readonly scores: Float32Array;
  readonly generated: Uint32Array;
  readonly best: Uint32Array;
}

/** Where the results of `rows` prompts lie. */
function resultRanges(
  { choice, labelScores, decode, best }: Answerer,
  rows: number,
  options: AnswerOptions,
): ReadRange[] {
  return [
    { tensor: choice, length: rows * 2 },
    { tensor: labelScores, length: rows * Math.max(1, options.labelIds.length) },
    { tensor: decode.generated, length: rows * Math.max(1, options.maxNewTokens) },
    { tensor: best, length: rows },
  ];
}

function resultsOf([choice, scores, generated, best]: readonly ArrayBuffer[]): Results {
  return {
    choice: new Float32Array(choice),
    scores: new Float32Array(scores),
    generated: new Uint32Array(generated),
    best: new Uint32Array(best),
  };
}

/** Generates until every row is finished; rows that are leave at the next look. Returns them by slot, with the batch's results. */
async function decodeRows(
  llama: Llama,
  answerer: Answerer,
  start: readonly DecodingRow[],
  prefix: number,
  options: AnswerOptions,
): Promise<[DecodingRow[], Results]> {
  const { steps, choose, decode, capacity } = answerer;
  const finished = [...start];
  let live = start;
  let done = 1;
  const shape = () => ({
    tokens: live.length,
    sequences: live.length,
    longest: 1,
    keys: Math.max(...live.map(({ slot }) => start[slot].position)) - prefix + 1 + done,
    prefix,
  });
  run(choose, shape());
  for (;;) {
    const times = Math.min(stepsPerLook(live.length), options.maxNewTokens - done);
    done += times;
    if (times > 0) run(live.length < fewRows ? steps.few : steps.many, shape(), times);
    // The results come along each time: they are small, and another read-back would cost as much as this one.
    const [state, newest, ...results] = await readBack(llama.gpu, [
      { tensor: decode.state, length: live.length * 4 },
      { tensor: decode.tables.tokens, length: live.length },
      ...resultRanges(answerer, start.length, options),
    ]);
    const [words, tokens] = [new Uint32Array(state), new Uint32Array(newest)];
    const now = live.map(({ slot }, i): DecodingRow => ({
      slot,
      position: words[i * 4],
      finished: words[i * 4 + 1],
      generated: words[i * 4 + 2],
      margin: fromBits(words[i * 4 + 3]),
      token: tokens[i],
    }));
    for (const row of now) finished[row.slot] = row;
    const going = now.filter((row) => row.finished === 0);
    if (going.length === 0) return [finished, resultsOf(results)];
    if (going.length < live.length) uploadRows(llama, decode, going, prefix, capacity);
    live = going;
  }
}

/** Runs one batch of prompts. */
async function answerBatch(
  llama: Llama,
  answerer: Answerer,
  { prompts, prefix }: PromptBatch,
  options: AnswerOptions,
): Promise<Answer[]> {
  const { gpu } = llama;
  const rows = prompts.length;
  const limit = options.maxNewTokens;
  const labels = options.labelIds.length;
  const common = prompts[0].slice(0, prefix);
  if (prefix > 0 && (common.length !== answerer.filled.length || common.some((t, i) => t !== answerer.filled[i]))) {
    run(answerer.fillPrefix, uploadTokens(llama, answerer.prefix, [common], 0, prefix));
    answerer.filled = common;
  }
  const own = prompts.map((prompt) => prompt.slice(prefix));
  const shape = uploadTokens(llama, answerer.prompts, own, prefix, answerer.capacity);
  run(answerer.fillPrompts, shape);
  let end = 0;
  upload(gpu, answerer.lastTokens, Uint32Array.from(own, ({ length }) => (end += length) - 1));
  const start = prompts.map(({ length }, slot): DecodingRow => (
    { slot, position: length - 1, finished: 0, generated: 0, margin: Math.fround(1e30), token: 0 }
  ));
  uploadRows(llama, answerer.decode, start, prefix, answerer.capacity);
  run(answerer.score, { ...shape, tokens: rows, longest: 1 });
  const [ends, { choice, scores, generated, best }] = limit > 0
    ? await decodeRows(llama, answerer, start, prefix, options)
    : [start, resultsOf(await readBack(gpu, resultRanges(answerer, rows, options)))];
  return ends.map((row, slot): Answer => ({
    tokens: Array.from(generated.subarray(slot * limit, slot * limit + row.generated)),
    stopped: row.finished === 1,
    labels: Array.from(scores.subarray(slot * labels, (slot + 1) * labels)),
    best: best[slot],
    bestMargin: choice[slot * 2 + 1],
    margin: limit > 0 ? row.margin : choice[slot * 2 + 1],
  }));
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
  const batches = promptBatches(prompts, {
    batchSize: options.batchSize,
    share: options.sharePrefix ?? true,
    fits: (prefix, own) =>
      sum(own) <= fullTokens && cachedScores(config, sum(own), prefix, Math.max(...own)) <= fullScores,
  });
  const arena = createArena(gpu);
  let answerer: Answerer | null = null;
  try {
    answerer = createAnswerer(llama, arena, batches, options);
    await settle(gpu);
    const answers: Answer[] = [];
    for (const batch of batches) {
      options.signal?.throwIfAborted();
      answers.push(...await answerBatch(llama, answerer, batch, options));
    }
    return answers;
  } finally {
    if (answerer) releaseAnswerer(answerer);
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
