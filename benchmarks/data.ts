/**
 * Rows of a data folder, read once, with the hashes that stand for them in a cell's specification.
 * @module
 */
import {
  type DatasetRow,
  findTask,
  firstWords,
  listSets,
  readFewShot,
  readTest,
  readTrain,
  type Task,
} from "../tasks/mod.ts";
import { jsonSha256 } from "./cell.ts";
import type { EvaluationSpec, ProbeSpec, Relation } from "./types.ts";

/** Rows and the SHA-256 of their canonical JSON. */
export interface HashedRows {
  readonly rows: readonly DatasetRow[];
  readonly sha256: string;
}

/** A data folder, read on demand. */
export interface Data {
  /** Most words of an input text; absent where texts are whole. */
  readonly inputWords?: number;
  train(task: Task, set: string, size: number): Promise<HashedRows>;
  /** The first `count` test rows, or all where there are fewer. */
  test(task: Task, set: string, count: number): Promise<HashedRows>;
  /**
   * The last `count` rows of a training set's largest file.
   *
   * @throws Where the set has no training file, or the file has fewer rows.
   */
  validation(task: Task, set: string, count: number): Promise<HashedRows>;
  demonstrations(task: Task, set: string, count: number): Promise<HashedRows>;
  /** Whether the folder has anything of a task. */
  holds(task: Task): Promise<boolean>;
  /** The set a task trains on: its own, or what stands in for it where the folder has no training rows of that. Null where there is none. */
  trainingSet(task: Task): Promise<string | null>;
  /** Test sets of a task's in-domain and out-of-domain roles: the ones that are there, and the names of those that are not. */
  sets(task: Task): Promise<{ present: readonly { set: string; relation: Relation }[]; absent: readonly string[] }>;
}

/** What data are called, and how much of their texts is taken. */
export function dataText(name: string, inputWords: number | undefined): string {
  return inputWords === undefined ? name : `${name}, input texts cut after ${inputWords} words`;
}

/** The rows an evaluation asks for. */
export function evaluationRows(
  data: Data,
  task: Task,
  spec: Pick<EvaluationSpec, "set" | "relation" | "rows">,
): Promise<HashedRows> {
  return spec.relation === "validation"
    ? data.validation(task, spec.set, spec.rows)
    : data.test(task, spec.set, spec.rows);
}

/** The rows a probe asks for, or an evaluation. */
export async function probeRows(
  data: Data,
  task: Task,
  { set, relation, size, rows: count }: Pick<ProbeSpec, "set" | "relation" | "size" | "rows">,
): Promise<HashedRows> {
  if (relation !== "training") return evaluationRows(data, task, { set, relation, rows: count });
  if (size === undefined) throw new Error(`${task.name}/${set}: a probe on training rows needs their nominal size`);
  const rows = (await data.train(task, set, size)).rows.slice(0, count);
  return { rows, sha256: jsonSha256(rows) };
}

/** The task whose folder holds a task's rows. */
function sourceOf(task: Task): Task {
  return task.reads === undefined ? task : findTask(task.reads.task);
}

/** Rows of the source in a task's own words, without those that are not the task's. */
function inWordsOf({ reads }: Task, rows: readonly DatasetRow[]): readonly DatasetRow[] {
  const words = reads?.words;
  if (words === undefined) return rows;
  return rows.filter(({ output }) => Object.hasOwn(words, output)).map((row) => ({
    ...row,
    output: words[row.output],
  }));
}

/** Rows whose input texts have their first words only; outputs stay whole. */
function shortened(rows: readonly DatasetRow[], inputWords: number | undefined): readonly DatasetRow[] {
  if (inputWords === undefined) return rows;
  return rows.map((row) => ({
    ...row,
    fields: Object.fromEntries(Object.entries(row.fields).map(([name, text]) => [name, firstWords(text, inputWords)])),
  }));
}

/**
 * Opens a data folder in the U repository's layout. Nothing is read before it is asked for, and nothing twice.
 *
 * @param inputWords Most words of an input text, of rows and demonstrations alike: what is behind them is as if it were not in the files, so
 * that hashes are of rows as they are put to a model. Whole texts where absent.
 */
export function openData(dataDir: string, inputWords?: number): Data {
  const cache = new Map<string, Promise<readonly DatasetRow[]>>();
  const once = (key: string, read: () => Promise<readonly DatasetRow[]>) => {
    const known = cache.get(key) ?? read();
    cache.set(key, known);
    return known;
  };
  const folder = {
    train: async (task: Task, set: string, size: number) =>
      shortened(await readTrain(dataDir, task, set, size), inputWords),
    test: async (task: Task, set: string) => shortened(await readTest(dataDir, task, set), inputWords),
    fewShot: async (task: Task, set: string, count?: number) =>
      shortened(await readFewShot(dataDir, task, set, count), inputWords),
  };
  const hashes = new Map<string, Promise<HashedRows>>();
  // Settings ask for the same rows again and again.
  const hashed = (key: string, read: () => Promise<readonly DatasetRow[]>): Promise<HashedRows> => {
    const known = hashes.get(key) ?? read().then((rows) => ({ rows, sha256: jsonSha256(rows) }));
    hashes.set(key, known);
    return known;
  };
  const trainSizes = async (task: Task, set: string) =>
    (await listSets(dataDir, sourceOf(task))).find((files) => files.set === set)?.train ?? [];
  const train = (task: Task, set: string, size: number) =>
    once(`train ${task.name} ${set} ${size}`, async () => {
      if (task.reads?.words === undefined) return await folder.train(sourceOf(task), set, size);
      const all = (await trainSizes(task, set)).at(-1) ?? size;
      const rows = inWordsOf(task, await folder.train(sourceOf(task), set, all));
      if (rows.length < size) {
        throw new Error(
          `${dataDir}/${task.reads.task}/${set}_train_${all}.json: holds ${rows.length} rows of ${task.name}, ` +
            `${size} were asked for; valid: at most ${rows.length}`,
        );
      }
      return rows.slice(0, size);
    });
  return {
    ...(inputWords === undefined ? {} : { inputWords }),
    train: (task, set, size) => hashed(`train ${task.name} ${set} ${size}`, () => train(task, set, size)),
    async validation(task, set, count) {
      const sizes = await trainSizes(task, set);
      // Where there is no file, asking for one row gives the reader's own error.
      const rows = task.reads?.words === undefined || sizes.length === 0
        ? await train(task, set, sizes.at(-1) ?? 1)
        : inWordsOf(task, await folder.train(sourceOf(task), set, sizes.at(-1)!));
      if (rows.length < count) {
        throw new Error(
          `${dataDir}/${sourceOf(task).name}/${set}_train_${sizes.at(-1)}.json: holds ${rows.length} rows, ` +
            `${count} were asked for validation; valid: at most ${rows.length}`,
        );
      }
      return hashed(`validation ${task.name} ${set} ${count}`, () => Promise.resolve(rows.slice(-count)));
    },
    test: (task, set, count) =>
      hashed(`test ${task.name} ${set} ${count}`, async () => {
        const rows = await once(
          `test ${task.name} ${set}`,
          async () => inWordsOf(task, await folder.test(sourceOf(task), set)),
        );
        return rows.slice(0, count);
      }),
    demonstrations: (task, set, count) =>
      hashed(`few-shot ${task.name} ${set} ${count}`, async () => {
        if (task.reads?.words === undefined || count === 0) {
          return await folder.fewShot(sourceOf(task), set, count);
        }
        const rows = inWordsOf(task, await folder.fewShot(sourceOf(task), set));
        if (rows.length < count) {
          throw new Error(
            `${dataDir}/${task.reads.task}/few_shot/${set}_few_shot.json: holds ${rows.length} rows of ${task.name}, ` +
              `${count} were asked for; valid: at most ${rows.length}`,
          );
        }
        return rows.slice(0, count);
      }),
    async holds(task) {
      const own = task.reads && [...task.sets.inDomain, ...task.sets.outOfDomain];
      return (await listSets(dataDir, sourceOf(task))).some(({ set }) => own?.includes(set) ?? true);
    },
    async trainingSet(task) {
      const { train: own } = task.sets;
      const standIn = task.reads?.standIn;
      if (own === null || standIn === undefined || (await trainSizes(task, own)).length > 0) return own;
      return (await trainSizes(task, standIn)).length > 0 ? standIn : own;
    },
    async sets(task) {
      const there = new Set(
        (await listSets(dataDir, sourceOf(task))).filter((files) => files.test.length > 0).map((f) => f.set),
      );
      const planned = [
        ...task.sets.inDomain.map((set) => ({ set, relation: "in-domain" as const })),
        ...task.sets.outOfDomain.map((set) => ({ set, relation: "out-of-domain" as const })),
      ];
      // The training set's own test rows must be there in U's settings: reading them gives the reader's own error where they are not.
      const kept = planned.filter(({ set }) => there.has(set) || (task.paper === "U" && set === task.sets.train));
      const absent = planned.filter((entry) => !kept.includes(entry)).map(({ set }) => set);
      return { present: kept, absent };
    },
  };
}
