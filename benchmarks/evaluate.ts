/**
 * Puts a model to test sets: prompts in, scored samples out.
 * @module
 */
import { answer, type AnswerOptions } from "../models/inference.ts";
import type { AttachedModel } from "../training/stages.ts";
import type { LlamaConfig } from "../models/config.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";
import {
  type DatasetRow,
  findTask,
  type ItemStatistics,
  labelTokens,
  meanValue,
  type Metric,
  metricsOf,
  postprocess,
  renderContext,
  scoreClassification,
  scoreGeneration,
  type Task,
} from "../tasks/mod.ts";
import { sha256 } from "./cell.ts";
import { type Data, evaluationRows, type HashedRows } from "./data.ts";
import { blankLineToken, type EncodedPrompt, encodePrompt, tokensSha256 } from "./examples.ts";
import type { CellContext } from "./executor.ts";
import { shortestF32 } from "./numbers.ts";
import { scoreTunedLabel, tunedLabelRateOf } from "./tuned_labels.ts";
import { scoreTunedLanguage, tunedLanguageRate, vocabularyOf } from "./tuned_language.ts";
import type { EvaluationResult, EvaluationSpec, MetricResult, ProbeSpec, Sample } from "./types.ts";

/** Where a model is looked at, as far as it decides what is on it. */
export interface Place extends Pick<EvaluationSpec, "task" | "set" | "shots"> {
  /** How the set relates to the training set. */
  readonly relation: ProbeSpec["relation"];
}

/** What evaluation needs of the model. */
export interface Subject {
  readonly config: LlamaConfig;
  readonly tokenizer: TextTokenizer;
  /** Prompts decoded together. */
  readonly batchSize: number;
  /** Number of the trained task whose prompt or adapter is on the model for an evaluation or a probe; null where nothing is. */
  attached(spec: Place): number | null;
  /** Tokens of a soft prompt; 0 where there is none. */
  readonly promptLength: number;
  /** The model with that on it. */
  model(attached: number | null): Promise<AttachedModel>;
}

/** What a list of evaluations gives. */
export interface Evaluated {
  readonly evaluations: readonly EvaluationResult[];
  readonly samples: readonly Sample[];
}

/** An evaluation with its prompts made. */
interface Prepared {
  readonly spec: EvaluationSpec;
  readonly task: Task;
  /** What is on the model: see {@linkcode Subject}. */
  readonly attached: number | null;
  readonly rows: readonly DatasetRow[];
  readonly prompts: readonly EncodedPrompt[];
  /** First tokens of the labels; empty for generation. */
  readonly labelIds: readonly number[];
  /** How answers are told to be in the format of the task tuned on; null where they are not looked at for it. */
  readonly format: TunedFormat | null;
}

/** What tells whether an answer is in the format of the task tuned on. */
interface TunedFormat {
  readonly metric: Metric;
  score(answer: string): ItemStatistics;
}

/** One prompt on its way, with where its sample belongs. */
interface Item {
  readonly prepared: Prepared;
  readonly row: DatasetRow;
  readonly prompt: EncodedPrompt;
}

/** What is kept of a model's answer. */
interface Kept {
  readonly text: string;
  readonly labelScores: readonly number[];
  readonly margin: number;
}

/**
 * Runs all evaluations of a cell. An evaluation's prompts go to the model in one call, since they begin with the same demonstrations,
 * which need to be read only once; what an item gets does not depend on its company.
 */
export async function evaluate(
  subject: Subject,
  specs: readonly EvaluationSpec[],
  data: Data,
  context: CellContext,
): Promise<Evaluated> {
  const prepared: Prepared[] = [];
  for (const spec of specs) prepared.push(await prepare(subject, spec, data));
  const steps = prepared.reduce((sum, { rows }) => sum + rows.length, 0);
  const samples: Sample[] = [];
  for (const group of groups(prepared, subject.batchSize)) {
    context.report({ stage: "evaluate", step: samples.length, steps, loss: null });
    const items = group.flatMap((p) => p.rows.map((row, i): Item => ({ prepared: p, row, prompt: p.prompts[i] })));
    const answers = await answerAll(subject, items, context.signal);
    items.forEach((item, i) => samples.push(sampleOf(item, answers[i])));
  }
  context.report({ stage: "evaluate", step: steps, steps, loss: null });
  let start = 0;
  const evaluations = prepared.map((p) => resultOf(p, samples.slice(start, start += p.rows.length)));
  return { evaluations, samples };
}

/** The rows a specification names; data that changed since it was made is an error. */
export function unchanged(found: HashedRows, expected: string, what: string): readonly DatasetRow[] {
  if (found.sha256 !== expected) throw new Error(`${what}: the data changed since the run was planned`);
  return found.rows;
}

async function prepare(subject: Subject, spec: EvaluationSpec, data: Data): Promise<Prepared> {
  const { config, tokenizer } = subject;
  const task = findTask(spec.task);
  const where = `${spec.task}/${spec.set}`;
  const rows = unchanged(await evaluationRows(data, task, spec), spec.rowsSha256, `${where}: test rows`);
  const demonstrations = unchanged(
    await data.demonstrations(task, spec.set, spec.shots),
    spec.demonstrationsSha256,
    `${where}: demonstrations`,
  );
  const attached = subject.attached(spec);
  const room = config.maxPositions - spec.maxNewTokens - (attached === null ? 0 : subject.promptLength);
  if (room < 2) {
    throw new Error(`${where}: a context of ${config.maxPositions} tokens leaves no room for a prompt`);
  }
  const texts = rows.map((row) => renderContext(task, spec.format, demonstrations, row));
  const prompts = texts.map((text) => encodePrompt(tokenizer, text, room));
  const encode = (text: string) => tokenizer.encode(text);
  const labelIds = task.kind === "classification" ? labelTokens(task, spec.format, encode, texts[0]) : [];
  return { spec, task, attached, rows, prompts, labelIds, format: await formatOf(spec, rows, data) };
}

async function formatOf(
  { tunedLabels, tunedTargets }: EvaluationSpec,
  rows: readonly DatasetRow[],
  data: Data,
): Promise<TunedFormat | null> {
  if (tunedLabels) {
    return { metric: tunedLabelRateOf(tunedLabels), score: (text) => scoreTunedLabel(tunedLabels, text) };
  }
  if (!tunedTargets) return null;
  const { task, set, size, rowsSha256 } = tunedTargets;
  const trained = unchanged(await data.train(findTask(task), set, size), rowsSha256, `${task}/${set}: training rows`);
  const [tuned, own] = [trained, rows].map((some) => vocabularyOf(some.map(({ output }) => output)));
  return { metric: tunedLanguageRate, score: (text) => scoreTunedLanguage(tuned, own, text) };
}

/** Each evaluation by itself, but for consecutive small ones that are decoded alike and together fill no more than a batch. */
function groups(prepared: readonly Prepared[], size: number): Prepared[][] {
  const kind = ({ spec, labelIds, attached }: Prepared) => JSON.stringify([spec.maxNewTokens, labelIds, attached]);
  const made: Prepared[][] = [];
  for (const one of prepared) {
    const last = made.at(-1);
    const together = last?.reduce((sum, { rows }) => sum + rows.length, one.rows.length) ?? 0;
    if (last !== undefined && together <= size && kind(last[0]) === kind(one)) last.push(one);
    else made.push([one]);
  }
  return made;
}

async function answerAll(subject: Subject, items: readonly Item[], signal: AbortSignal): Promise<Kept[]> {
  const { config, tokenizer, batchSize } = subject;
  const { spec: { maxNewTokens }, labelIds, attached } = items[0].prepared;
  const { llama, prefix } = await subject.model(attached);
  const prompts = items.map(({ prompt }) => [...prefix, ...prompt.tokens]);
  const ends = [...new Set([...(tokenizer.eosId === null ? [] : [tokenizer.eosId]), ...config.eosIds])];
  const blank = blankLineToken(tokenizer);
  const stopIds = blank === null || ends.includes(blank) ? ends : [...ends, blank];
  const options: AnswerOptions = { maxNewTokens, stopIds, labelIds, batchSize, signal };
  const answers = await answer(llama, prompts, options);
  // White space before the answer is stripped, so a blank line there must not end it: these few go on to the end token.
  const early = answers.flatMap(({ tokens, stopped }, i) =>
    stopped && stopIds.length > ends.length && postprocess(tokenizer.decode(tokens)) === "" ? [i] : []
  );
  const again = await answer(llama, early.map((i) => prompts[i]), { ...options, stopIds: ends });
  early.forEach((i, j) => answers[i] = again[j]);
  return answers.map(({ tokens, labels, margin }) => ({
    text: postprocess(tokenizer.decode(tokens)),
    labelScores: labels,
    margin: Math.min(margin, labelMargin(labels)),
  }));
}

/** Lead of the best label over the second, as an f32; infinite where there is nothing to choose. */
function labelMargin(scores: readonly number[]): number {
  const [first, second] = [...scores].sort((a, b) => b - a);
  return second === undefined ? Infinity : Math.fround(first - second);
}

function sampleOf({ prepared: { spec, task, format }, row }: Item, { text, labelScores, margin }: Kept): Sample {
  const scored = task.kind === "generation"
    ? { label: null, statistics: scoreGeneration(task, text, row.output) }
    : scoreClassification(task, labelScores, text, row.output);
  const tuned = format && { [format.metric.name]: format.score(text) };
  return {
    task: spec.task,
    set: spec.set,
    format: spec.format,
    shots: spec.shots,
    id: row.id,
    output: text,
    reference: row.output,
    label: scored.label,
    statistics: { ...scored.statistics, ...tuned },
    margin: shortestF32(margin),
  };
}

function resultOf({ spec, task, prompts, format }: Prepared, samples: readonly Sample[]): EvaluationResult {
  return {
    task: spec.task,
    set: spec.set,
    relation: spec.relation,
    format: spec.format,
    shots: spec.shots,
    n: samples.length,
    hashes: {
      prompt: sha256(spec.prompt),
      rows: spec.rowsSha256,
      demonstrations: spec.demonstrationsSha256,
      inputTokens: tokensSha256(prompts),
    },
    truncated: prompts.filter(({ truncated }) => truncated).length,
    metrics: [...metricsOf(task), ...(format === null ? [] : [format.metric])].map((metric): MetricResult => {
      const items = samples.map(({ statistics }) => statistics[metric.name]);
      return {
        name: metric.name,
        signature: metric.signature,
        better: metric.better,
        statistics: sums(items),
        value: meanValue(metric, items).toFixed(4),
      };
    }),
  };
}

function sums(items: readonly ItemStatistics[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const item of items) for (const [name, value] of Object.entries(item)) total[name] = (total[name] ?? 0) + value;
  return total;
}
