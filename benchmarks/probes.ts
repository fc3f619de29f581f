/**
 * Probes of a cell's model: what is measured of it beside scores.
 * @module
 */
import type { Llama } from "../models/llama.ts";
import { type DatasetRow, findTask, type Task } from "../tasks/mod.ts";
import { forwardKl } from "../training/forward_kl.ts";
import {
  gradientAlignment,
  type GradientPart,
  type GradientParts,
  shuffledTargets,
} from "../training/gradient_alignment.ts";
import { sha256 } from "./cell.ts";
import { type Data, probeRows } from "./data.ts";
import { type Subject, unchanged } from "./evaluate.ts";
import { encodeAnswered, encodeExamples, type ExampleSet, tokensSha256 } from "./examples.ts";
import type { CellContext } from "./executor.ts";
import { shortestF32 } from "./numbers.ts";
import type { ProbeName, ProbeResult, ProbeSpec } from "./types.ts";

/** What probes need beside the model. */
export interface ProbeOptions {
  readonly data: Data;
  /** The base model on the same GPU, made where a probe asks for it. */
  base(): Promise<Llama>;
  /** Seed of the cell. */
  readonly seed: number;
  /** Tokens of a micro-batch. */
  readonly microBatchTokens?: number;
}

/** A probe with its rows read. */
interface Prepared {
  readonly spec: ProbeSpec;
  readonly task: Task;
  readonly rows: readonly DatasetRow[];
  readonly demonstrations: readonly DatasetRow[];
  readonly subject: Subject;
}

/** What a probe found. */
type Found = Pick<ProbeResult, "values" | "items" | "truncated"> & {
  /** All sequences that went in. */
  readonly inputs: ExampleSet["examples"];
};

/** Measures a cell's model as its probes say. @throws where rows changed since the run was planned, or do not fit the model */
export async function runProbes(
  subject: Subject,
  specs: readonly ProbeSpec[],
  options: ProbeOptions,
  context: CellContext,
): Promise<ProbeResult[]> {
  const steps = specs.reduce((sum, { rows }) => sum + rows, 0);
  const results: ProbeResult[] = [];
  let step = 0;
  for (const spec of specs) {
    context.report({ stage: "evaluate", step, steps, loss: null });
    context.signal.throwIfAborted();
    const { inputs, ...found } = await measures[spec.probe](await prepare(subject, spec, options.data), options);
    const { probe, task, set, relation, format, shots, rows, prompt, rowsSha256, demonstrationsSha256 } = spec;
    results.push({
      probe,
      task,
      set,
      relation,
      format,
      shots,
      n: rows,
      hashes: {
        prompt: sha256(prompt),
        rows: rowsSha256,
        demonstrations: demonstrationsSha256,
        inputTokens: tokensSha256(inputs),
      },
      ...found,
    });
    step += rows;
  }
  context.report({ stage: "evaluate", step, steps, loss: null });
  return results;
}

async function prepare(subject: Subject, spec: ProbeSpec, data: Data): Promise<Prepared> {
  const task = findTask(spec.task);
  const where = `${spec.task}/${spec.set}`;
  const rows = unchanged(await probeRows(data, task, spec), spec.rowsSha256, `${where}: rows of a probe`);
  const demonstrations = unchanged(
    await data.demonstrations(task, spec.set, spec.shots),
    spec.demonstrationsSha256,
    `${where}: demonstrations`,
  );
  return { spec, task, rows, demonstrations, subject };
}

const measures: Readonly<Record<ProbeName, (prepared: Prepared, options: ProbeOptions) => Promise<Found>>> = {
  gradient_alignment: alignment,
  forward_kl: divergence,
};

/** Room for tokens of a row, what stands before it included. */
function roomOf({ spec, subject }: Prepared): number {
  return subject.config.maxPositions - (subject.attached(spec) === null ? 0 : subject.promptLength);
}

async function alignment(prepared: Prepared, { seed, microBatchTokens }: ProbeOptions): Promise<Found> {
  const { spec, task, rows, demonstrations, subject } = prepared;
  const from = shuffledTargets(rows.length, seed);
  const shuffled = rows.map((row, i) => ({ ...row, output: rows[from[i]].output }));
  const [own, other] = [rows, shuffled].map((list) =>
    encodeExamples(subject.tokenizer, task, spec.format, demonstrations, list, roomOf(prepared))
  );
  const { overall, modules, layers, losses } = await gradientAlignment(
    await subject.model(subject.attached(spec)),
    own.examples,
    other.examples,
    microBatchTokens === undefined ? {} : { microBatchTokens },
  );
  return {
    inputs: [...own.examples, ...other.examples],
    truncated: own.truncated,
    values: {
      ...partTexts("overall", overall),
      ...partsTexts("", modules),
      ...Object.assign(
        {},
        ...layers.map((layer, i) => ({
          ...partTexts(`layers.${i}`, layer.overall),
          ...partsTexts(`layers.${i}.`, layer.modules),
        })),
      ),
      loss: shortestF32(losses[0]),
      shuffledLoss: shortestF32(losses[1]),
    },
  };
}

function partsTexts(before: string, parts: GradientParts): ProbeResult["values"] {
  return Object.assign(
    {},
    ...Object.entries(parts).map(([kind, part]) => part === null ? {} : partTexts(before + kind, part)),
  );
}

function partTexts(name: string, { cosine, norm, otherNorm }: GradientPart): ProbeResult["values"] {
  return {
    [`${name}.cosine`]: cosine === null ? null : shortestF32(cosine),
    [`${name}.norm`]: shortestF32(norm),
    [`${name}.shuffledNorm`]: shortestF32(otherNorm),
  };
}

async function divergence(prepared: Prepared, { base, microBatchTokens }: ProbeOptions): Promise<Found> {
  const { spec, task, rows, demonstrations, subject } = prepared;
  const { examples, truncated } = encodeAnswered(
    subject.tokenizer,
    task,
    spec.format,
    demonstrations,
    rows,
    roomOf(prepared),
  );
  const divergences = await forwardKl(
    { llama: await base(), prefix: [] },
    await subject.model(subject.attached(spec)),
    examples,
    microBatchTokens === undefined ? {} : { microBatchTokens },
  );
  const means = divergences.map(({ mean }) => Math.fround(mean));
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return {
    inputs: examples,
    truncated,
    values: { divergence: shortestF32(mean) },
    items: { of: "divergence", values: means.map(shortestF32) },
  };
}
