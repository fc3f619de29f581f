/**
 * Made-up run folders: small, complete, and easy to change in one place.
 * @module
 */
import type {
  CellResult,
  CellSpec,
  EvaluationResult,
  Factors,
  Plan,
  Sample,
  SettingPlan,
  TrainStep,
} from "../../benchmarks/types.ts";

/** One cell's files, as data. */
export interface MadeUpCell {
  factors: Factors;
  /** Null: the cell is not done. */
  result: CellResult | null;
  spec: CellSpec;
  samples: Sample[];
  steps: TrainStep[];
}

/** A run as data: tests change it, then write it. */
export interface MadeUpRun {
  plan: Plan;
  cells: Record<string, MadeUpCell>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Drops `readonly`, for tests that break a value on purpose. */
export function writable<T>(value: T): Writable<T> {
  return value as Writable<T>;
}

const distance = (scale: number) => ({
  parameters: 1000,
  meanAbsolute: String(scale * 1e-4),
  l2: String(scale * 0.5),
  relativeL2: String(scale * 0.01),
  max: String(scale * 0.002),
});

/** ROUGE-like statistics of item i; `shift` makes them better. */
function rouge(i: number, shift: number): Record<string, number> {
  return { lcs: Math.min(10, 2 + i % 5 + shift), predicted: 10, target: 12 };
}

function evaluation(task: string, set: string, shots: number, samples: Sample[]): EvaluationResult {
  const names = Object.keys(samples[0].statistics);
  return {
    task,
    set,
    relation: set.endsWith("home") ? "in-domain" : "out-of-domain",
    format: 1,
    shots,
    n: samples.length,
    hashes: {
      prompt: `prompt-${task}`,
      rows: `rows-${set}`,
      demonstrations: `demos-${shots}`,
      inputTokens: `tokens-${set}-${shots}`,
    },
    truncated: 0,
    metrics: names.map((name) => {
      const items = samples.map((sample) => sample.statistics[name]);
      const values = items.map((item) =>
        "lcs" in item ? 200 * item.lcs / (item.predicted + item.target) : 100 * Object.values(item)[0]
      );
      const sums: Record<string, number> = {};
      for (const item of items) for (const [key, value] of Object.entries(item)) sums[key] = (sums[key] ?? 0) + value;
      return {
        name,
        signature: `${name}|made-up:1`,
        better: name === "off_label_rate" ? "lower" : "higher",
        statistics: sums,
        value: (values.reduce((a, b) => a + b, 0) / values.length).toFixed(4),
      };
    }),
  };
}

/** Samples of a summary set: `shift` longest-common-subsequence tokens better than the base. */
export function summarySamples(set: string, n: number, shift: number): Sample[] {
  return Array.from({ length: n }, (_, i) => ({
    task: "summary",
    set,
    format: 1,
    shots: 0,
    id: `${set}-${i}`,
    output: `text ${i} ${shift}`,
    reference: "the truth",
    label: null,
    statistics: { rougeL: rouge(i, shift) },
    margin: "0.25",
  }));
}

/** Samples of a sentiment set, of which those with `right(i)` are answered correctly. */
export function sentimentSamples(set: string, n: number, right: (i: number) => boolean): Sample[] {
  return Array.from({ length: n }, (_, i) => ({
    task: "sentiment",
    set,
    format: 1,
    shots: 2,
    id: `${set}-${i}`,
    output: "positive",
    reference: right(i) ? "positive" : "negative",
    label: "positive",
    statistics: { accuracy: { correct: right(i) ? 1 : 0 }, off_label_rate: { off_label: i % 7 === 0 ? 1 : 0 } },
    margin: "1.5",
  }));
}

/** Sets a cell's samples and everything in its result that follows from them. */
export function setSamples(cell: MadeUpCell, samples: Sample[]): void {
  const groups = Map.groupBy(samples, (sample) => `${sample.task} ${sample.set} ${sample.shots}`);
  cell.samples = samples;
  cell.result = {
    ...cell.result!,
    evaluations: [...groups.values()].map((group) => evaluation(group[0].task, group[0].set, group[0].shots, group)),
  };
}

function cell(id: string, factors: Factors, samples: Sample[], seedScale: number): MadeUpCell {
  const trained = factors.trainTask !== null;
  const identity = {
    suite: "0.1.0",
    kernels: "cafe".repeat(16),
    operands: "12bit" as const,
    modelWeights: "a1".repeat(32),
    modelConfig: "b2".repeat(32),
    tokenizer: "c3".repeat(32),
    numericSignature: "0123456789abcdef".repeat(4),
  };
  const hyper = {
    learningRate: 0.001,
    schedule: "linear" as const,
    warmupSteps: 0,
    epochs: 2,
    batchSize: 16,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
    labelSmoothing: 0,
    loss: "batch-mean" as const,
    microBatchSize: 0,
    maxLength: 256,
  };
  const made: MadeUpCell = {
    factors,
    samples,
    steps: trained
      ? Array.from({ length: 4 }, (_, i) => ({
        step: i + 1,
        loss: String(2 - i / 4),
        gradientNorm: "1.25",
        learningRate: "0.001",
        tokens: 100,
      }))
      : [],
    spec: {
      schema: "tunemark.cell/1",
      suite: "0.1.0",
      kernels: identity.kernels,
      operands: "12bit",
      model: {
        name: "mini",
        weightsSha256: identity.modelWeights,
        configSha256: identity.modelConfig,
        tokenizerSha256: identity.tokenizer,
      },
      method: trained ? { name: "ft", ...hyper } : { name: "icl" },
      train: trained
        ? {
          task: "summary",
          set: "home",
          size: factors.trainSize,
          format: 1,
          prompt: "prompt",
          rowsSha256: "train-rows",
          demonstrationsSha256: "no-demos",
        }
        : null,
      seed: factors.seed,
      evaluations: [],
    },
    result: {
      schema: "tunemark.result/1",
      cell: id,
      status: "ok",
      reason: null,
      identity,
      factors,
      train: trained
        ? {
          steps: 4,
          examples: 32,
          tokens: 400,
          targetTokens: 80,
          truncated: 0,
          firstLoss: "2",
          finalLoss: "1.25",
          lastFifthLoss: "1.25",
          weightsSha256: `${factors.seed}d`.repeat(32),
          weightDistance: {
            overall: distance(seedScale),
            groups: {
              embedding: distance(1),
              attention: distance(2),
              mlp: distance(3),
              norms: distance(4),
              head: null,
            },
            layers: [distance(1), distance(2)],
            tensors: { "model.norm.weight": distance(4) },
          },
        }
        : null,
      evaluations: [],
    },
  };
  setSamples(made, samples);
  return made;
}

function factors(method: string, seed: number): Factors {
  const trained = method !== "icl";
  return {
    model: "mini",
    method,
    trainTask: trained ? "summary" : null,
    trainSet: trained ? "home" : null,
    trainSize: trained ? 32 : 0,
    trainShots: 0,
    seed,
  };
}

/** A run of an untrained cell `aa` and two trained ones `bb`, `cc` (seeds 1 and 2), `n` items a set. */
export function madeUpRun(n = 20): MadeUpRun {
  const samples = (shift: number) => [
    ...summarySamples("home", n, shift),
    ...summarySamples("away", n, 0),
    ...sentimentSamples("stars", n, (i) => i % 4 < 2 + shift),
  ];
  const cells = {
    aa: cell("aa", factors("icl", 0), samples(0), 0),
    bb: cell("bb", factors("ft", 1), samples(1), 1),
    cc: cell("cc", factors("ft", 2), samples(2), 2),
  };
  const entry = (row: string, column: string, id: string, metric: string, paper: number | null) => ({
    row,
    column,
    reference: { cell: id, set: column, format: 1 as const, shots: column === "stars" ? 2 : 0, metric },
    paper,
  });
  const setting: SettingPlan = {
    name: "in_domain",
    title: "Fine-tuning against in-context learning",
    source: "U Figure 1",
    description: "The base model, and the fine-tuned one.",
    cells: ["aa", "bb", "cc"],
    tables: [
      {
        title: "Summary",
        unit: "ROUGE-L F1, 0-100",
        rowHeader: "method",
        rows: ["ICL", "FT 32"],
        columns: ["home", "away"],
        entries: ["home", "away"].flatMap((set) => [
          entry("ICL", set, "aa", "rougeL", 21.5),
          entry("FT 32", set, "bb", "rougeL", null),
          entry("FT 32", set, "cc", "rougeL", null),
        ]),
        notes: ["Made up."],
      },
      {
        title: "Sentiment",
        unit: "Accuracy, 0-100",
        rowHeader: "method",
        rows: ["ICL", "FT 32"],
        columns: ["stars"],
        entries: [entry("ICL", "stars", "aa", "accuracy", null), entry("FT 32", "stars", "bb", "accuracy", 93)],
        notes: [],
      },
      {
        title: "Distance",
        unit: "Mean absolute difference",
        rowHeader: "method",
        rows: ["FT 32"],
        columns: ["all", "layer 1"],
        entries: ["bb", "cc"].flatMap((id) => [
          { row: "FT 32", column: "all", reference: { cell: id, distance: "overall.meanAbsolute" }, paper: 8.54e-5 },
          { row: "FT 32", column: "layer 1", reference: { cell: id, distance: "layers.1.meanAbsolute" }, paper: null },
        ]),
        notes: [],
      },
    ],
  };
  return {
    plan: {
      schema: "tunemark.plan/1",
      suite: "0.1.0",
      profile: "smoke",
      data: "embedded",
      dataSha256: "d4".repeat(32),
      model: "mini",
      operands: "12bit",
      seeds: [1, 2],
      learningRates: { values: { ft: 0.001 }, from: "made up" },
      settings: [setting],
      cells: Object.entries(cells).map(([id, { factors }]) => ({ id, factors })),
      findings: [],
      absent: ["summary: no test file of set moon"],
    },
    cells,
  };
}

const lines = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item) + "\n").join("");

/** Writes a run into a new temporary folder; `order` is that in which the cells' folders are made. */
export async function writeRun(run: MadeUpRun, order = Object.keys(run.cells)): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "tunemark_run_" });
  for (const id of order) {
    const folder = `${directory}/cells/${id}`;
    await Deno.mkdir(folder, { recursive: true });
    const { spec, samples, steps, result } = run.cells[id];
    await Deno.writeTextFile(`${folder}/spec.json`, JSON.stringify(spec));
    await Deno.writeTextFile(`${folder}/samples.jsonl`, lines(samples));
    if (steps.length > 0) await Deno.writeTextFile(`${folder}/train.jsonl`, lines(steps));
    if (result !== null) await Deno.writeTextFile(`${folder}/result.json`, JSON.stringify(result));
  }
  await Deno.writeTextFile(`${directory}/plan.json`, JSON.stringify(run.plan));
  return directory;
}

/** Writes a run, hands its folder to a test, and removes it. */
export async function withRun<T>(run: MadeUpRun, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await writeRun(run);
  try {
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
