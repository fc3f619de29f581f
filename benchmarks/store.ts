/**
 * The run folder: `plan.json`, and for each cell `cells/<id>/{spec,result,provenance}.json`, `train.jsonl`, `samples.jsonl`. Trained models
 * lie in `models/`, see `trained_model.ts`.
 *
 * Every file is written under a temporary name, synced, and renamed into place, `result.json` last: a reader never sees half a file,
 * and a cell is done where its `result.json` says `ok`.
 * @module
 */
import { writeAll, writeAtomically } from "../models/atomic_file.ts";
import { canonicalJson } from "./canonical_json.ts";
import type { CellResult, CellSpec, Plan, Sample, TrainStep } from "./types.ts";

/** The run folder could not be read or written: ends the whole run, where an error of a cell only ends the cell. */
export class StoreError extends Error {
  /** Name that survives a worker's message. */
  override name = "StoreError";
}

/** What varies between two runs of the same cell; goes to `provenance.json` only. */
export interface Provenance {
  /** ISO 8601 times, UTC. */
  readonly started: string;
  readonly ended: string | null;
  readonly seconds: number | null;
  /** Times the cell was begun before and not finished. */
  readonly restarts: number;
  readonly host: string;
  readonly adapter: unknown;
  /** Largest resident memory seen at the cell's end, in bytes. */
  readonly residentBytes: number | null;
  /** Commit of the suite, where it runs from a checkout. */
  readonly commit: string | null;
}

/** Files of a finished cell. */
export interface CellFiles {
  readonly result: CellResult;
  readonly trainSteps: readonly TrainStep[];
  readonly samples: readonly Sample[];
}

/** Puts a file's bytes into it; tests replace it to stand in for a full disk. */
export type Writer = (file: Deno.FsFile, bytes: Uint8Array) => void;

/**
 * Writes a file whole or not at all.
 *
 * @throws {StoreError} Naming the path, with nothing left behind.
 */
export function writeWhole(path: string, text: string, writer: Writer = writeAll): void {
  try {
    writeAtomically(path, (file) => writer(file, new TextEncoder().encode(text)));
  } catch (error) {
    throw new StoreError(reasonOf(error));
  }
}

/** Text of an error without its stack or class. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Removes a file or folder with all that is in it, where it is there. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw new StoreError(`cannot remove ${path}: ${reasonOf(error)}`);
  }
}

/** A file's text, or null where it is not there. */
export function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new StoreError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** Makes a folder and those above it. */
export function makeFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new StoreError(`cannot make the folder ${path}: ${reasonOf(error)}`);
  }
}

/** Folder of a cell. */
export function cellFolder(runDir: string, id: string): string {
  return `${runDir}/cells/${id}`;
}

/** Folder of a trained model. */
export function modelFolder(runDir: string, trainingId: string): string {
  return `${runDir}/models/${trainingId}`;
}

/**
 * Makes a run folder and takes it for this process.
 *
 * The operating system drops the lock when its holder ends, however it ends, so a dead process never keeps a folder.
 *
 * @returns A function that gives the folder back.
 * @throws {StoreError} Where the folder cannot be written, or another process works in it.
 */
export function takeRun(runDir: string): () => void {
  makeFolder(`${runDir}/cells`);
  const path = `${runDir}/.lock`;
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw new StoreError(`cannot write ${path}: ${reasonOf(error)}`);
  }
  if (!file.tryLockSync(true)) {
    file.close();
    throw new StoreError(
      `${runDir} is in use by another process; wait for it to end, or choose another folder with --out`,
    );
  }
  return () => {
    file.unlockSync();
    file.close();
  };
}

/** Writes `plan.json`. */
export function writePlan(runDir: string, plan: Plan): void {
  writeWhole(`${runDir}/plan.json`, canonicalJson(plan, 2) + "\n");
}

/**
 * Result of a cell, or null where it has none.
 *
 * @throws {StoreError} Where the file is there but is not a result of this cell.
 */
export function readResult(runDir: string, id: string): CellResult | null {
  const path = `${cellFolder(runDir, id)}/result.json`;
  const text = readText(path);
  if (text === null) return null;
  let result: CellResult;
  try {
    result = JSON.parse(text);
  } catch (error) {
    throw new StoreError(`${path} is not JSON: ${reasonOf(error)}; remove it to run the cell again`);
  }
  if (result.schema !== "tunemark.result/1") {
    throw new StoreError(`${path}: schema is "${result.schema}", this version reads "tunemark.result/1"`);
  }
  if (result.cell !== id) throw new StoreError(`${path} is the result of cell ${result.cell}`);
  return result;
}

/**
 * Opens a cell: its folder, its `spec.json`, and a `provenance.json` that says it has begun.
 *
 * @returns The provenance as written.
 */
export function beginCell(
  runDir: string,
  id: string,
  spec: CellSpec,
  now: Omit<Provenance, "ended" | "seconds" | "restarts" | "residentBytes">,
): Provenance {
  const folder = cellFolder(runDir, id);
  makeFolder(folder);
  // A process that was killed while it wrote leaves its temporary file.
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isFile && entry.name.endsWith(".tmp")) removeIfThere(`${folder}/${entry.name}`);
  }
  const before = readProvenance(`${folder}/provenance.json`);
  const restarts = before === null ? 0 : before.restarts + (before.ended === null ? 1 : 0);
  const provenance: Provenance = { ...now, ended: null, seconds: null, restarts, residentBytes: null };
  writeWhole(`${folder}/provenance.json`, canonicalJson(provenance, 2) + "\n");
  writeWhole(`${folder}/spec.json`, canonicalJson(spec, 2) + "\n");
  return provenance;
}

function readProvenance(path: string): Provenance | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    // Nothing depends on it: a provenance that cannot be read starts anew.
    return null;
  }
}

/** Writes a finished cell, `result.json` last. */
export function finishCell(
  runDir: string,
  id: string,
  files: CellFiles,
  provenance: Provenance,
  writer?: Writer,
): void {
  const folder = cellFolder(runDir, id);
  if (files.result.status === "ok") {
    if (files.result.train !== null) writeWhole(`${folder}/train.jsonl`, jsonLines(files.trainSteps), writer);
    writeWhole(`${folder}/samples.jsonl`, jsonLines(files.samples), writer);
  }
  writeWhole(`${folder}/provenance.json`, canonicalJson(provenance, 2) + "\n", writer);
  writeWhole(`${folder}/result.json`, canonicalJson(files.result, 2) + "\n", writer);
}

function jsonLines(lines: readonly unknown[]): string {
  return lines.map((line) => canonicalJson(line) + "\n").join("");
}
