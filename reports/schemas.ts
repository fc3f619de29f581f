/**
 * The shapes of the files that reports read; the types are in `benchmarks/types.ts`.
 * @module
 */
import {
  count,
  list,
  nullable,
  number,
  numberText,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from "./shape.ts";

const factors: Shape = object({
  model: text,
  method: text,
  trainTask: nullable(text),
  trainSet: nullable(text),
  trainSize: count,
  trainShots: count,
  seed: count,
  learningRate: optional(number),
  adapterRank: optional(count),
  trainAlso: optional(text),
  stopAfter: optional(count),
  testTask: optional(text),
  testFormat: optional(oneOf(2)),
  formatOf: optional(text),
  probe: optional(oneOf("gradient_alignment", "forward_kl")),
});

const format = oneOf(1, 2);

const metricReference: Shape = object({ cell: text, set: text, format, shots: count, metric: text });

const probeName = oneOf("gradient_alignment", "forward_kl");

const probeReference: Shape = object({ cell: text, probe: probeName, set: text, format, shots: count, value: text });

const otherReferences: Readonly<Record<string, Shape>> = {
  probe: probeReference,
  distance: object({ cell: text, distance: text }),
  train: object({ cell: text, train: oneOf("firstLoss", "lastFifthLoss", "finalLoss", "truncation") }),
  mean: object({ mean: list((value, file, path) => reference(value, file, path)) }),
  difference: object({ difference: list((value, file, path) => reference(value, file, path)) }),
  constant: object({ constant: number }),
};

/** A reference is a metric of an evaluation unless it has one of the other kinds' own fields. */
const reference: Shape = (value, file, path) => {
  const kind = typeof value === "object" && value !== null
    ? Object.keys(otherReferences).find((key) => key in value)
    : undefined;
  (kind === undefined ? metricReference : otherReferences[kind])(value, file, path);
};

const side = list(list(reference));

const contrasts: Shape = list(object({
  label: text,
  claim: oneOf("greater", "at least", "at most", "equal"),
  margin: number,
  first: side,
  second: side,
  of: oneOf("best", "spread"),
  paper: nullable(number),
}));

/** `plan.json`. */
export const plan: Shape = object({
  suite: text,
  profile: oneOf("smoke", "quick", "paper"),
  data: text,
  dataSha256: text,
  inputWords: optional(count),
  model: text,
  operands: oneOf("12bit", "f32", "bf16"),
  seeds: list(count),
  learningRates: object({ values: record(number), from: text }),
  settings: list(object({
    name: text,
    title: text,
    source: text,
    description: text,
    cells: list(text),
    tables: list(object({
      title: text,
      unit: text,
      rowHeader: text,
      rows: list(text),
      columns: list(text),
      entries: list(object({
        row: text,
        column: text,
        reference,
        alternative: optional(text),
        paper: nullable(number),
      })),
      notes: list(text),
    })),
    comparisons: optional(list(object({
      title: text,
      unit: text,
      sides: list(text),
      contrasts,
      notes: list(text),
    }))),
    paretos: optional(list(object({
      title: text,
      target: text,
      others: text,
      reference: text,
      points: list(object({
        method: text,
        learningRate: nullable(number),
        validation: side,
        target: side,
        others: list(object({ set: text, sides: list(side) })),
      })),
      notes: list(text),
    }))),
    choices: optional(list(object({
      method: text,
      candidates: list(object({
        learningRate: number,
        tasks: list(object({ task: text, shots: list(list(metricReference)) })),
      })),
    }))),
  })),
  findings: list(object({ id: text, name: text, source: text, statement: text, contrasts })),
  cells: list(object({ id: text, factors })),
  absent: list(text),
});

const distance: Shape = object({
  parameters: count,
  meanAbsolute: numberText,
  l2: numberText,
  relativeL2: numberText,
  max: numberText,
});

const train: Shape = object({
  steps: count,
  examples: count,
  tokens: count,
  targetTokens: count,
  truncated: count,
  firstLoss: numberText,
  finalLoss: numberText,
  lastFifthLoss: numberText,
  weightsSha256: text,
  weightDistance: object({
    overall: distance,
    groups: record(nullable(distance)),
    layers: list(distance),
    tensors: record(distance),
  }),
});

const relation = oneOf("in-domain", "out-of-domain", "cross-task", "validation");

const identity: Shape = object({
  suite: text,
  kernels: text,
  operands: oneOf("12bit", "f32", "bf16"),
  modelWeights: text,
  modelConfig: text,
  tokenizer: text,
  numericSignature: text,
});

const metricFields = {
  name: text,
  signature: text,
  better: oneOf("higher", "lower"),
  statistics: record(number),
  value: numberText,
};

function evaluationFields(metric: Shape): Record<string, Shape> {
  return {
    task: text,
    set: text,
    relation,
    format,
    shots: count,
    n: count,
    hashes: object({ prompt: text, rows: text, demonstrations: text, inputTokens: text }),
    truncated: count,
    metrics: list(metric),
  };
}

const probeFields = {
  probe: probeName,
  task: text,
  set: text,
  relation: text,
  format,
  shots: count,
  n: count,
  hashes: object({ prompt: text, rows: text, demonstrations: text, inputTokens: text }),
  truncated: count,
  values: record(nullable(numberText)),
};

/** `result.json`. */
export const result: Shape = object({
  cell: text,
  status: oneOf("ok", "failed"),
  reason: nullable(text),
  identity,
  factors,
  train: nullable(train),
  evaluations: list(object(evaluationFields(object(metricFields)))),
  probes: optional(list(object({
    ...probeFields,
    items: optional(object({ of: text, values: list(numberText) })),
  }))),
});

/** `spec.json`, as far as reports read it. */
export const spec: Shape = object({
  method: object({ name: text }),
  train: nullable(object({
    task: text,
    set: text,
    size: count,
    format,
    prompt: text,
    rowsSha256: text,
    demonstrationsSha256: text,
  })),
});

/** A line of `samples.jsonl`. */
export const sample: Shape = object({
  task: text,
  set: text,
  format,
  shots: count,
  id: text,
  output: text,
  reference: text,
  label: nullable(text),
  statistics: record(record(number)),
  margin: text,
});

/** A line of `train.jsonl`. */
export const step: Shape = object({ step: count, loss: text, gradientNorm: text, learningRate: text, tokens: count });

/** The fields of `report.json` that a comparison reads. */
export const report: Shape = object({
  suite: text,
  profile: text,
  data: text,
  model: text,
  operands: text,
  numericSignatures: list(text),
  cells: list(object({
    cell: text,
    status: oneOf("ok", "failed", "missing"),
    reason: nullable(text),
    factors,
    identity: nullable(identity),
    method: nullable(object({ name: text })),
    trainData: nullable(object({ prompt: text, rowsSha256: text, demonstrationsSha256: text })),
    train: nullable(object({ weightsSha256: text })),
    evaluations: list(
      object(evaluationFields(object({ ...metricFields, items: object({ fields: list(text), values: text }) }))),
    ),
    probes: optional(list(object(probeFields))),
  })),
});
