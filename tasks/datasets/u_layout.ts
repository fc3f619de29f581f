/**
 * The U repository's folder layout: `<task>/<set>_train_<n>.json`, `<task>/<set>_test_<n>.json` and
 * `<task>/few_shot/<set>_few_shot.json`. `<n>` is the nominal size: some published files hold fewer rows
 * (`amazon_train_6000.json` 5,999, `cnn_test_500.json` 382), so the size that counts is the length of the list
 * returned.
 * @module
 */
import type { DatasetRow, Task } from "../types.ts";
import { readRows } from "./rows.ts";

/** Which files a data folder has of one set. */
export interface SetFiles {
  /** Name of the set, such as `xsum`. */
  readonly set: string;
  /** Nominal sizes of its training files, ascending. */
  readonly train: readonly number[];
  /** Nominal sizes of its test files, ascending. */
  readonly test: readonly number[];
  /** Whether it has a few-shot file. */
  readonly fewShot: boolean;
}

/**
 * The sets a data folder holds for a task, by name. A folder that has nothing of the task gives an empty list.
 *
 * @throws where `dataDir` is no folder.
 */
export async function listSets(dataDir: string, task: Task): Promise<SetFiles[]> {
  if (!(await isDirectory(dataDir))) {
    throw new Error(`${dataDir}: no such folder; valid: a folder that holds ${task.name}/`);
  }
  const found = new Map<string, { set: string; train: number[]; test: number[]; fewShot: boolean }>();
  const of = (set: string) => {
    const files = found.get(set) ?? { set, train: [], test: [], fewShot: false };
    found.set(set, files);
    return files;
  };
  for (const name of await fileNames(`${dataDir}/${task.name}`)) {
    const match = /^(.+)_(train|test)_([1-9]\d*)\.json$/.exec(name);
    if (match !== null) of(match[1])[match[2] as "train" | "test"].push(Number(match[3]));
  }
  for (const name of await fileNames(`${dataDir}/${task.name}/few_shot`)) {
    const match = /^(.+)_few_shot\.json$/.exec(name);
    if (match !== null) of(match[1]).fewShot = true;
  }
  for (const files of found.values()) {
    files.train.sort((a, b) => a - b);
    files.test.sort((a, b) => a - b);
  }
  return [...found.values()].sort((a, b) => a.set < b.set ? -1 : 1);
}

/**
 * Training rows of a set.
 *
 * The file named after `size` is taken as published: its first `size` rows, or all it holds where that is fewer; the
 * length of the list is the real size. Where there is no such file, the first `size` rows of the next larger file that
 * has so many; sizes got that way are nested. (U's own subsets are nested too, though PAWS's 2,000 are not the first of
 * its 4,000.)
 *
 * @throws where there is no fitting file, `size` is not a whole number from 1, or a row is bad.
 */
export async function readTrain(dataDir: string, task: Task, set: string, size: number): Promise<DatasetRow[]> {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new Error(`training size of ${set} is ${size}; valid: a whole number from 1`);
  }
  const sizes = (await filesOf(dataDir, task, set))?.train ?? [];
  if (sizes.includes(size)) return (await readRows(trainPath(dataDir, task, set, size), task)).slice(0, size);
  let most = 0;
  for (const larger of sizes.filter((n) => n > size)) {
    const rows = await readRows(trainPath(dataDir, task, set, larger), task);
    if (rows.length >= size) return rows.slice(0, size);
    most = Math.max(most, rows.length);
  }
  const path = trainPath(dataDir, task, set, size);
  if (most > 0) {
    throw new Error(`${path}: no such file, and no larger one holds ${size} rows; valid: a size up to ${most}`);
  }
  const valid = sizes.length > 0
    ? `a size up to ${sizes.at(-1)}`
    : await setsWith(dataDir, task, (f) => f.train.length > 0);
  throw new Error(`${path}: no such file, and no larger training file of the set; valid: ${valid}`);
}

/**
 * All test rows of a set, from its largest test file. U scores the first 250.
 *
 * @throws where the set has no test file or a row is bad.
 */
export async function readTest(dataDir: string, task: Task, set: string): Promise<DatasetRow[]> {
  const size = (await filesOf(dataDir, task, set))?.test.at(-1);
  if (size === undefined) {
    const valid = await setsWith(dataDir, task, (f) => f.test.length > 0);
    throw new Error(`${dataDir}/${task.name}/${set}_test_<n>.json: no such file; valid: ${valid}`);
  }
  return await readRows(`${dataDir}/${task.name}/${set}_test_${size}.json`, task);
}

/**
 * The first `count` demonstrations of a set, in the fixed order of its few-shot file; without a count, all of them.
 * Zero demonstrations need no file.
 *
 * @throws where the file is missing or holds fewer rows, `count` is not a whole number from 0, or a row is bad.
 */
export async function readFewShot(dataDir: string, task: Task, set: string, count?: number): Promise<DatasetRow[]> {
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 0)) {
    throw new Error(`demonstration count of ${set} is ${count}; valid: a whole number from 0`);
  }
  if (count === 0) return [];
  const path = `${dataDir}/${task.name}/few_shot/${set}_few_shot.json`;
  if (!(await filesOf(dataDir, task, set))?.fewShot) {
    throw new Error(`${path}: no such file; valid: ${await setsWith(dataDir, task, (f) => f.fewShot)}`);
  }
  const rows = await readRows(path, task);
  if (count !== undefined && rows.length < count) {
    throw new Error(`${path}: holds ${rows.length} rows, ${count} were asked for; valid: at most ${rows.length}`);
  }
  return rows.slice(0, count);
}

function trainPath(dataDir: string, task: Task, set: string, size: number): string {
  return `${dataDir}/${task.name}/${set}_train_${size}.json`;
}

async function filesOf(dataDir: string, task: Task, set: string): Promise<SetFiles | undefined> {
  return (await listSets(dataDir, task)).find((files) => files.set === set);
}

async function setsWith(dataDir: string, task: Task, has: (files: SetFiles) => boolean): Promise<string> {
  const sets = (await listSets(dataDir, task)).filter(has).map((files) => files.set);
  return sets.length > 0 ? `one of the sets there, ${sets.join(", ")}` : `a folder that has such files of ${task.name}`;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function fileNames(directory: string): Promise<string[]> {
  if (!(await isDirectory(directory))) return [];
  const names = await Array.fromAsync(Deno.readDir(directory), (entry) => entry.isDirectory ? "" : entry.name);
  return names.filter((name) => name !== "");
}
