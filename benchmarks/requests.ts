/**
 * Which cells a setting asks for, and how a request becomes a full specification.
 * Settings that ask for the same cell get the same specification, so it is trained once.
 * @module
 */
import {
  type DatasetRow,
  findTask,
  labelTokens,
  longestLabel,
  metricsOf,
  renderContext,
  type Task,
  trainingSet,
} from "../tasks/mod.ts";
import { methodOf } from "../training/methods/mod.ts";
import { canonicalJson } from "./canonical_json.ts";
import { jsonSha256 } from "./cell.ts";
import type { Data, HashedRows } from "./data.ts";
import { type Only, wanted } from "./only.ts";
import { type ArmName, promotArms, withRate } from "./promot_arms.ts";
import {
  fewShotsOf,
  hyperparameters,
  rateOf,
  type Scale,
  shotsOf,
  type TrainedMethod,
  type Tuned,
} from "./profiles.ts";
import { probesOf } from "./probe_requests.ts";
import { tunedLabelRateOf } from "./tuned_labels.ts";
import { tunedLanguageRate } from "./tuned_language.ts";
import type { CellSpec, EvaluationSpec, MethodSpec, Operands, ProbeName, Relation, TrainSpec } from "./types.ts";

/** Shot counts of P's in-context tests. */
export const promotShots: readonly number[] = [1, 4];

/** A cell, by what the settings vary. Zero where a number has no meaning for the method. */
export interface CellRequest {
  /** Task's name. */
  readonly task: string;
  /** Method's name. */
  readonly method: MethodSpec["name"];
  /** Nominal training size. */
  readonly size: number;
  /** Demonstrations before each training example. */
  readonly demonstrations: number;
  /** Seed of the training. */
  readonly seed: number;
  /** Learning rate on trial; absent where it has its method's own. */
  readonly learningRate?: number;
  /** Whether it is put to validation rows, as it was trained, and to nothing else. */
  readonly validation?: true;
  /** Task it is put to; absent where that is `task`. */
  readonly testTask?: string;
  /** Prompt format it is put to; absent where that is 1. */
  readonly testFormat?: 2;
  /** Which model of P's it is, by P's protocol; absent for U's. */
  readonly arm?: ArmName;
  /** Another task trained on at the same time; absent where there is one only. */
  readonly also?: string;
  /** Steps of the last stage after which its training stops, from 1; absent where it goes to its end. */
  readonly stopAfter?: number;
  /** Task in whose format the untrained model's answers are looked for, as a tuned one's are; absent where they are not looked at for it. */
  readonly formatOf?: string;
  /** What is measured of it in the place of scores; absent where it is scored. */
  readonly probe?: ProbeName;
}

/** What planning needs to know of the model. */
export interface ModelFacts {
  /** Its name. */
  readonly name: string;
  /** Hash of its weights. */
  readonly weightsSha256: string;
  /** Hash of its configuration. */
  readonly configSha256: string;
  /** Hash of its tokenizer. */
  readonly tokenizerSha256: string;
  /** Longest context in tokens. */
  readonly maxPositions: number;
  /** Decoder layers. */
  readonly layers: number;
  /** Whether the output head is the embedding. */
  readonly tied: boolean;
  /** Text to token ids, without special tokens. */
  encode(text: string): readonly number[];
}

/** What every cell of a run shares. */
export interface RunFacts {
  /** Version of the suite. */
  readonly suite: string;
  /** Hash of all kernel sources. */
  readonly kernels: string;
  /** How GEMM operands are rounded. */
  readonly operands: Operands;
  /** The profile's numbers. */
  readonly scale: Scale;
  /** The base model. */
  readonly model: ModelFacts;
  /** The data folder. */
  readonly data: Data;
  /** Filter of cells and evaluations. */
  readonly only: Only;
}

/** The untrained model put to a task. */
export function untrained(task: Task): CellRequest {
  return { task: task.name, method: "icl", size: 0, demonstrations: 0, seed: 0 };
}

/** Plain fine-tuning on a task. */
export function fineTuned(task: Task, size: number, seed: number): CellRequest {
  return { task: task.name, method: "ft", size, demonstrations: 0, seed };
}

/** Fine-tuning with demonstrations before each example. */
export function fineTunedInContext(task: Task, size: number, demonstrations: number, seed: number): CellRequest {
  return { task: task.name, method: "fticl", size, demonstrations, seed };
}

/** LoRA, or tuning of the value matrices alone, as plain fine-tuning is done. */
export function partlyTuned(method: "lora" | "value_tuning", task: Task, size: number, seed: number): CellRequest {
  return { ...fineTuned(task, size, seed), method };
}

/** What a profile holds a learning rate for and the request's model is tuned by, in order; nothing for an untrained one. */
export function tunedBy({ arm, method }: CellRequest): readonly Tuned[] {
  if (method === "icl") return [];
  return arm === undefined ? [method as TrainedMethod] : promotArms[arm].stages;
}

/** The same training at a learning rate of its method's sweep; at its method's own it is the same cell. */
export function atRate(request: CellRequest, learningRate: number, scale: Scale): CellRequest {
  return learningRate === rateOf(scale, tunedBy(request).at(-1)!) ? request : { ...request, learningRate };
}

/** The same model put to validation rows, one of those that its learning rate is chosen among. */
export function onValidation(request: CellRequest, learningRate: number): CellRequest {
  return { ...request, learningRate, validation: true };
}

/** One of P's models of a task, or of two, put to a task: `task` is the one it is put to where nothing is trained. */
export function promotModel(
  arm: ArmName,
  trained: readonly [Task, Task?],
  tested: Task,
  { promot }: Scale,
  seed: number,
): CellRequest {
  const { method, shown } = promotArms[arm];
  if (method === "icl") return { ...untrained(tested), arm };
  const [{ name }, also] = trained;
  return {
    task: name,
    method,
    size: promot.rows,
    demonstrations: shown,
    seed,
    arm,
    ...(tested.name === name ? {} : { testTask: tested.name }),
    ...(also === undefined ? {} : { also: also.name }),
  };
}

/** The same training, stopped after so many steps of its last stage. */
export function stopped(request: CellRequest, stopAfter: number): CellRequest {
  if (request.method === "icl") throw new Error("nothing is trained by icl, so there is nothing to stop");
  return { ...request, stopAfter };
}

/** The untrained model's answers to a task looked at as those of a model that was tuned on another one and stopped. */
export function lookedAtFor({ name }: Task, tested: Task): CellRequest {
  return { ...untrained(tested), arm: "pretrained", formatOf: name };
}

/** The same model put to a task in a prompt format. */
export function putTo(
  { testTask: _, testFormat: __, ...request }: CellRequest,
  task: Task,
  format: 1 | 2 = 1,
): CellRequest {
  return {
    ...request,
    ...(task.name === request.task ? {} : { testTask: task.name }),
    ...(format === 1 ? {} : { testFormat: format }),
  };
}

/** One text per request; equal requests have equal keys. */
export function requestKey(request: CellRequest): string {
  const { task, method, size, demonstrations, seed, learningRate, validation, testTask, testFormat, arm, also } =
    request;
  const { stopAfter, formatOf, probe } = request;
  const trained = [task, method, size, demonstrations, seed, learningRate, arm, also, stopAfter];
  return [...trained, validation, testTask, testFormat, formatOf, probe].join(" ");
}

/**
 * Full specification of a requested cell, or null where `--only` leaves none of its evaluations.
 *
 * A cell is put to one task in one prompt format: on its own task in format 1 to all in-domain and out-of-domain sets, else to the training
 * set's test rows; at every shot count, FTICL and learning rates on trial at those over which U takes its best. Put to validation rows it is
 * at zero shots and at the number of demonstrations it trains with, by P's protocol at the latter only.
 *
 * A request for a probe gives a cell with what is measured and without evaluations: see `probesOf`.
 *
 * @throws Where a set's rows or demonstrations cannot be read, or its label words collide; the message names task and set.
 */
export async function specOf(request: CellRequest, run: RunFacts): Promise<CellSpec | null> {
  const task = findTask(request.task);
  const evaluations = await evaluationsOf(task, findTask(request.testTask ?? request.task), request, run);
  const probes = request.probe && await probesOf(request.probe, task, evaluations, request, run);
  if ((probes ?? evaluations).length === 0) return null;
  const method = methodSpec(request, run);
  const { maxPositions: _, layers: __, tied: ___, encode: ____, ...model } = run.model;
  return {
    schema: "tunemark.cell/1",
    suite: run.suite,
    kernels: run.kernels,
    operands: run.operands,
    model,
    method,
    train: request.method === "icl" ? null : await trainSpec(task, request, method, run),
    ...(request.stopAfter === undefined ? {} : { stopAfter: request.stopAfter }),
    ...(request.learningRate === undefined || request.validation ? {} : { trial: true as const }),
    seed: request.seed,
    evaluations: probes === undefined ? evaluations : [],
    ...(probes === undefined ? {} : { probes }),
  };
}

async function trainSpec(
  task: Task,
  request: CellRequest,
  method: MethodSpec,
  run: RunFacts,
): Promise<TrainSpec> {
  const { data } = run;
  const { stages, demonstrations: { count, sampled } } = methodOf(method).describe(method);
  const set = await data.trainingSet(task) ?? trainingSet(task);
  const { also, ...own } = request;
  // A stage that stops before its end selects no step.
  const whole = request.stopAfter === undefined ? stages : stages.slice(0, -1);
  const selects = whole.some(({ hyper }) => hyper.selectEvery !== undefined);
  return {
    task: task.name,
    set,
    size: request.size,
    format: 1,
    prompt: task.prompts[0],
    rowsSha256: (await data.train(task, set, request.size)).sha256,
    demonstrationsSha256: (await data.demonstrations(task, set, sampled ? 0 : count)).sha256,
    ...(selects ? { validation: await selectionSpec(task, set, request, run) } : {}),
    ...(also === undefined ? {} : { also: await trainSpec(findTask(also), own, method, run) }),
  };
}

/** What a model is scored on while it trains. */
async function selectionSpec(task: Task, set: string, request: CellRequest, run: RunFacts): Promise<EvaluationSpec> {
  const { validationRows: count } = run.scale.promot;
  const read = () => validationRows(task, set, request.size, count, run);
  const [spec] = await evaluationsOn(task, 1, null, [{
    set,
    relation: "validation",
    shots: [request.demonstrations],
    read,
  }], { ...run, only: {} });
  return spec;
}

function methodSpec(request: CellRequest, run: RunFacts): MethodSpec {
  if (request.arm !== undefined) return promotSpec(request.arm, request.learningRate, run);
  if (request.method === "icl") return { name: "icl" };
  const { method, demonstrations } = request;
  if (method !== "ft" && method !== "fticl" && method !== "lora" && method !== "value_tuning") {
    throw new Error(`method ${method} does not train by U's protocol; valid: icl, ft, fticl, lora, value_tuning`);
  }
  if (method === "fticl" && demonstrations < 1) {
    throw new Error(
      `method fticl needs demonstrations, got ${demonstrations}; valid: a positive integer, or method ft`,
    );
  }
  const learningRate = request.learningRate ?? run.scale.learningRates[method];
  const hyper = hyperparameters(learningRate, run.model.maxPositions);
  if (method === "fticl") return { name: "fticl", demonstrations, ...hyper };
  return method === "lora" ? { name: "lora", adapter: loraAdapter, ...hyper } : { name: method, ...hyper };
}

/** Of LoRA by U's protocol: on all linear layers, where Biderman et al. (TMLR 2024) find that it learns the most. */
const loraAdapter = { rank: 8, alpha: 16, targets: "all" } as const;

function promotSpec(
  arm: ArmName,
  learningRate: number | undefined,
  { scale: { promot }, model: { maxPositions } }: RunFacts,
): MethodSpec {
  const scale = learningRate === undefined ? promot : withRate(arm, promot, learningRate);
  const method = promotArms[arm].spec(scale, maxPositions);
  const { prompt } = methodOf(method).describe(method);
  if (prompt !== null && 2 * prompt.length > maxPositions) {
    throw new Error(
      `method ${method.name}: a soft prompt of ${prompt.length} tokens leaves too little of the model's context of ${maxPositions}; ` +
        `valid: at most ${Math.floor(maxPositions / 2)}`,
    );
  }
  return method;
}

/** A list of rows that a cell is put to. */
interface TestSet {
  readonly set: string;
  readonly relation: Relation;
  readonly shots: readonly number[];
  read(): Promise<HashedRows>;
}

/**
 * The sets of a task that one of P's models is put to: that which it was trained on as in training, and the eight that are never trained on,
 * at one and four shots; at one shot only where its training stopped before its end, as P's figures are, or what such models are held to.
 */
async function promotSets(tested: Task, request: CellRequest, { data, scale }: RunFacts): Promise<TestSet[]> {
  const trained = [request.task, request.also];
  const own = request.method === "icl" || trained.includes(tested.name);
  const { stopAfter, formatOf } = request;
  const shown = stopAfter === undefined && formatOf === undefined ? promotShots : promotShots.slice(0, 1);
  return (await data.sets(tested)).present.flatMap(({ set, relation }) => {
    const target = set === tested.sets.train;
    if (target && (!own || formatOf !== undefined)) return [];
    return [{
      set,
      relation: own ? relation : "cross-task",
      shots: target ? [request.demonstrations] : shown,
      read: () => data.test(tested, set, scale.testRows),
    }];
  });
}

async function testSets(task: Task, tested: Task, request: CellRequest, run: RunFacts): Promise<TestSet[]> {
  const { data, scale } = run;
  if (request.validation) {
    const set = await data.trainingSet(task) ?? trainingSet(task);
    const shots = request.arm === undefined ? [...new Set([0, request.demonstrations])] : [request.demonstrations];
    const read = () => validationRows(task, set, request.size, scale.validationRows, run);
    return [{ set, relation: "validation", shots, read }];
  }
  if (request.arm !== undefined) return promotSets(tested, request, run);
  const few = request.method === "fticl" || request.learningRate !== undefined;
  const shots = few ? fewShotsOf(tested, scale) : shotsOf(tested, scale);
  const own = tested === task && request.testFormat === undefined;
  const one = { set: trainingSet(tested), relation: tested === task ? "in-domain" as const : "cross-task" as const };
  return (own ? (await data.sets(tested)).present : [one]).map(({ set, relation }) => ({
    set,
    relation,
    shots,
    read: () => data.test(tested, set, scale.testRows),
  }));
}

async function evaluationsOf(
  trained: Task,
  task: Task,
  request: CellRequest,
  run: RunFacts,
): Promise<EvaluationSpec[]> {
  const format = await tunedFormat(trained, task, request, run);
  return await evaluationsOn(task, request.testFormat ?? 1, format, await testSets(trained, task, request, run), run);
}

/** By what answers of a generation task are told to be in the format of the task tuned on, or of the one named; null where they are not looked at. */
async function tunedFormat(
  tuned: Task,
  tested: Task,
  { method, size: tunedSize, stopAfter, formatOf }: CellRequest,
  { data, scale }: RunFacts,
): Promise<Pick<EvaluationSpec, "tunedLabels" | "tunedTargets"> | null> {
  if (tested.kind !== "generation") return null;
  const [trained, size] = formatOf === undefined ? [tuned, tunedSize] : [findTask(formatOf), scale.promot.rows];
  if (trained.labels.length > 0) return { tunedLabels: trained.labels };
  if (formatOf === undefined && (method === "icl" || stopAfter === undefined)) return null;
  const set = await data.trainingSet(trained) ?? trainingSet(trained);
  return {
    tunedTargets: { task: trained.name, set, size, rowsSha256: (await data.train(trained, set, size)).sha256 },
  };
}

async function evaluationsOn(
  task: Task,
  format: 1 | 2,
  tuned: Pick<EvaluationSpec, "tunedLabels" | "tunedTargets"> | null,
  sets: readonly TestSet[],
  run: RunFacts,
): Promise<EvaluationSpec[]> {
  const evaluations: EvaluationSpec[] = [];
  for (const { set, relation, shots: shotCounts, read } of sets) {
    for (const shots of shotCounts) {
      if (!wanted(run.only, { set, shots })) continue;
      const { rows, sha256 } = await read();
      const demonstrations = await run.data.demonstrations(task, set, shots);
      const spelled = labelRoom(task, format, set, rows[0], demonstrations.rows, run.model);
      // On the set tuned on its format is the right one.
      const counted = tuned?.tunedTargets?.set === set ? null : tuned;
      const rates = counted === null
        ? []
        : [counted.tunedLabels ? tunedLabelRateOf(counted.tunedLabels) : tunedLanguageRate];
      evaluations.push({
        task: task.name,
        set,
        relation,
        format,
        shots,
        rows: rows.length,
        prompt: task.prompts[format - 1],
        labels: task.labels,
        maxNewTokens: Math.max(task.maxNewTokens, spelled),
        rowsSha256: sha256,
        demonstrationsSha256: demonstrations.sha256,
        scorers: [...metricsOf(task), ...rates].map(({ signature }) => signature),
        ...counted,
      });
    }
  }
  return evaluations;
}

/** The validation rows of a cell's training set. Compared by what they say: U's own smaller files are not always the first rows of its larger ones. */
async function validationRows(
  task: Task,
  set: string,
  size: number,
  count: number,
  { data }: RunFacts,
): Promise<HashedRows> {
  const validation = await data.validation(task, set, count);
  const kept = new Set(validation.rows.map(contentOf));
  const shared = (rows: readonly DatasetRow[]) => rows.filter((row) => kept.has(contentOf(row))).length;
  const kind = `the last ${count} rows of the largest training file are for validation`;
  const trained = shared((await data.train(task, set, size)).rows);
  if (trained > 0) {
    throw new Error(`${task.name}/${set}: ${kind}, but ${trained} of the ${size} training rows are among them`);
  }
  const tested = shared((await data.test(task, trainingSet(task), Infinity)).rows);
  if (tested > 0) throw new Error(`${task.name}/${set}: ${kind}, but ${tested} test rows are among them`);
  return validation;
}

function contentOf({ fields, output }: DatasetRow): string {
  return canonicalJson({ fields, output });
}

/** Tokens that the longest label takes. @throws where the label words cannot be told apart; the message names task and set */
function labelRoom(
  task: Task,
  format: 1 | 2,
  set: string,
  row: DatasetRow,
  demonstrations: readonly DatasetRow[],
  model: ModelFacts,
): number {
  if (task.kind !== "classification") return 0;
  const encode = (text: string) => model.encode(text);
  const context = renderContext(task, format, demonstrations, row);
  try {
    labelTokens(task, format, encode, context);
  } catch (error) {
    throw new Error(`${task.name}/${set}: ${error instanceof Error ? error.message : error}`);
  }
  return longestLabel(task, encode, context);
}

/** SHA-256 over the hashes of all rows and demonstrations that some cells use. */
export function dataSha256(specs: Iterable<CellSpec>): string {
  const used = new Set<string>();
  for (const { train, evaluations, probes = [] } of specs) {
    if (train !== null) used.add(train.rowsSha256).add(train.demonstrationsSha256);
    for (const one of [...evaluations, ...probes]) used.add(one.rowsSha256).add(one.demonstrationsSha256);
  }
  return jsonSha256([...used].sort());
}
