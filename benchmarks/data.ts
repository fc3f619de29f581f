/**
 * Rows of a data folder, read once, with the hashes that stand for them in a cell's specification.
 * @module
 */
import { type DatasetRow, listSets, readFewShot, readTest, readTrain, type Task } from "../tasks/mod.ts";
import { jsonSha256 } from "./cell.ts";
import type { EvaluationSpec, Relation } from "./types.ts";

/** Rows and the SHA-256 of their canonical JSON. */
export interface HashedRows {
  readonly rows: readonly DatasetRow[];
  readonly sha256: string;
}

/** A data folder, read on demand. */
export interface Data {
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
  /** Test sets of a task's in-domain and out-of-domain roles: the ones that are there, and the names of those that are not. */
  sets(task: Task): Promise<{ present: readonly { set: string; relation: Relation }[]; absent: readonly string[] }>;
}

/** The rows an evaluation asks for. */
export function evaluationRows(data: Data, task: Task, spec: EvaluationSpec): Promise<HashedRows> {
  return spec.relation === "validation"
    ? data.validation(task, spec.set, spec.rows)
    : data.test(task, spec.set, spec.rows);
}

/** Opens a data folder in the U repository's layout. Nothing is read before it is asked for, and nothing twice. */
export function openData(dataDir: string): Data {
  const cache = new Map<string, Promise<readonly DatasetRow[]>>();
  const once = (key: string, read: () => Promise<readonly DatasetRow[]>) => {
    const known = cache.get(key) ?? read();
    cache.set(key, known);
    return known;
  };
  const hashes = new Map<string, Promise<HashedRows>>();
  // Settings ask for the same rows again and again.
  const hashed = (key: string, read: () => Promise<readonly DatasetRow[]>): Promise<HashedRows> => {
    const known = hashes.get(key) ?? read().then((rows) => ({ rows, sha256: jsonSha256(rows) }));
    hashes.set(key, known);
    return known;
  };
  const train = (task: Task, set: string, size: number) =>
    once(`train ${task.name} ${set} ${size}`, () => readTrain(dataDir, task, set, size));
  return {
    train: (task, set, size) => hashed(`train ${task.name} ${set} ${size}`, () => train(task, set, size)),
    async validation(task, set, count) {
      const sizes = (await listSets(dataDir, task)).find((files) => files.set === set)?.train ?? [];
      // Where there is no file, asking for one row gives the reader's own error.
      const rows = await train(task, set, sizes.at(-1) ?? 1);
      if (rows.length < count) {
        throw new Error(
          `${dataDir}/${task.name}/${set}_train_${sizes.at(-1)}.json: holds ${rows.length} rows, ` +
            `${count} were asked for validation; valid: at most ${rows.length}`,
        );
      }
      return hashed(`validation ${task.name} ${set} ${count}`, () => Promise.resolve(rows.slice(-count)));
    },
    test: (task, set, count) =>
      hashed(`test ${task.name} ${set} ${count}`, async () => {
        const rows = await once(`test ${task.name} ${set}`, () => readTest(dataDir, task, set));
        return rows.slice(0, count);
      }),
    demonstrations: (task, set, count) =>
      hashed(`few-shot ${task.name} ${set} ${count}`, () => readFewShot(dataDir, task, set, count)),
    async holds(task) {
      return (await listSets(dataDir, task)).length > 0;
    },
    async sets(task) {
      const there = new Set((await listSets(dataDir, task)).filter((files) => files.test.length > 0).map((f) => f.set));
      const planned = [
        ...task.sets.inDomain.map((set) => ({ set, relation: "in-domain" as const })),
        ...task.sets.outOfDomain.map((set) => ({ set, relation: "out-of-domain" as const })),
      ];
      // The training set's own test rows must be there: reading them gives the reader's own error where they are not.
      const kept = planned.filter(({ set }) => there.has(set) || set === task.sets.train);
      const absent = planned.filter((entry) => !kept.includes(entry)).map(({ set }) => set);
      return { present: kept, absent };
    },
  };
}
