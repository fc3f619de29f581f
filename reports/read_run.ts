/**
 * Reads a run's folder, checking every file: a report is made of nothing else.
 * @module
 */
import type {
  CellResult,
  CellSpec,
  ContrastPlan,
  Factors,
  Plan,
  Sample,
  TrainStep,
  ValueReference,
} from "../benchmarks/types.ts";
import { plan, result, sample, spec, step } from "./schemas.ts";
import { parse, type Shape } from "./shape.ts";
import { message } from "./text.ts";

/** A planned cell, as far as the run got with it. */
export interface RunCell {
  readonly id: string;
  readonly factors: Factors;
  /** Null where the cell is not done: its `result.json` does not exist. */
  readonly result: CellResult | null;
  /** Null where the cell is not done. */
  readonly spec: CellSpec | null;
}

/** A run's folder, read. Cells are in the plan's order, whatever the file system's. */
export interface Run {
  readonly directory: string;
  readonly plan: Plan;
  readonly cells: readonly RunCell[];
}

/** The text of a file, or null where there is none. */
async function readOptional(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw new Error(`cannot read ${path}: ${message(cause)}`, { cause });
  }
}

async function readRequired(path: string, why: string): Promise<string> {
  const source = await readOptional(path);
  if (source === null) throw new Error(`${path}: does not exist; ${why}`);
  return source;
}

async function readCell(directory: string, id: string, planned: Factors): Promise<RunCell> {
  const folder = `${directory}/cells/${id}`;
  const path = `${folder}/result.json`;
  const source = await readOptional(path);
  if (source === null) return { id, factors: planned, result: null, spec: null };
  const found = parse<CellResult>(source, path, "tunemark.result/1", result);
  if (found.cell !== id) {
    throw new Error(`${path}: field "cell" must be "${id}", the folder's name, found "${found.cell}"`);
  }
  for (const [name, value] of Object.entries(planned)) {
    const own = found.factors[name as keyof Factors];
    if (own !== value) {
      throw new Error(
        `${path}: field "factors.${name}" must be ${JSON.stringify(value)}, as in plan.json, found ${
          JSON.stringify(own)
        }`,
      );
    }
  }
  const specPath = `${folder}/spec.json`;
  const specSource = await readRequired(specPath, "a cell with a result.json must have it");
  return { id, factors: planned, result: found, spec: parse<CellSpec>(specSource, specPath, "tunemark.cell/1", spec) };
}

/**
 * Reads `plan.json` and each planned cell's `result.json` and `spec.json`. Cells that are not done have a null result; folders of cells that
 * the plan does not name are left alone.
 * @throws naming the file and the field that is not as it must be; an unknown schema version is refused
 */
export async function readRun(directory: string): Promise<Run> {
  const path = `${directory}/plan.json`;
  const source = await readRequired(path, "a run's folder must have it");
  const found = parse<Plan>(source, path, "tunemark.plan/1", plan);
  checkReferences(found, path);
  // One after the other: of several reads at once, a refused file would leave the others under way.
  const cells: RunCell[] = [];
  for (const { id, factors } of found.cells) cells.push(await readCell(directory, id, factors));
  return { directory, plan: found, cells };
}

/** Every cell that a setting or an entry names must be planned, every entry in a row and column of its table. */
function checkReferences(found: Plan, path: string): void {
  const known = new Set(found.cells.map(({ id }) => id));
  found.findings.forEach(({ contrasts }, f) => checkContrasts(contrasts, `findings[${f}]`, known, path));
  found.settings.forEach((setting, s) => {
    for (const id of setting.cells) {
      if (!known.has(id)) {
        throw new Error(`${path}: field "settings[${s}].cells" names cell "${id}", which "cells" lacks`);
      }
    }
    setting.comparisons?.forEach(({ contrasts }, c) =>
      checkContrasts(contrasts, `settings[${s}].comparisons[${c}]`, known, path)
    );
    setting.paretos?.forEach(({ points }, p) =>
      points.forEach(({ validation, target, others }, i) => {
        const sides = [validation, target, ...others.flatMap(({ sides }) => sides)];
        checkCells(sides.flat(2), `settings[${s}].paretos[${p}].points[${i}]`, known, path);
      })
    );
    setting.tables.forEach((table, t) =>
      table.entries.forEach((entry, e) => {
        const field = `settings[${s}].tables[${t}].entries[${e}]`;
        for (const cell of referencedCells(entry.reference).filter((id) => !known.has(id))) {
          throw new Error(`${path}: field "${field}.reference.cell" names cell "${cell}", which "cells" lacks`);
        }
        if (!table.rows.includes(entry.row)) {
          throw new Error(`${path}: field "${field}.row" is "${entry.row}", which is no row of its table`);
        }
        if (!table.columns.includes(entry.column)) {
          throw new Error(`${path}: field "${field}.column" is "${entry.column}", which is no column of its table`);
        }
      })
    );
  });
}

/** Ids of the cells that a value is found in; none for a constant. */
export function referencedCells(reference: ValueReference): string[] {
  if ("mean" in reference) return [...new Set(reference.mean.map(({ cell }) => cell))];
  if ("difference" in reference) return [...new Set(reference.difference.flatMap(referencedCells))];
  return "cell" in reference ? [reference.cell] : [];
}

function checkContrasts(
  contrasts: readonly ContrastPlan[],
  field: string,
  known: ReadonlySet<string>,
  path: string,
): void {
  contrasts.forEach(({ first, second }, i) =>
    checkCells([...first, ...second].flat(), `${field}.contrasts[${i}]`, known, path)
  );
}

function checkCells(
  references: readonly ValueReference[],
  field: string,
  known: ReadonlySet<string>,
  path: string,
): void {
  for (const cell of references.flatMap(referencedCells).filter((id) => !known.has(id))) {
    throw new Error(`${path}: field "${field}" names cell "${cell}", which "cells" lacks`);
  }
}

async function readLines<T>(path: string, shape: Shape): Promise<T[] | null> {
  const source = await readOptional(path);
  if (source === null) return null;
  const lines = source.split("\n");
  if (lines.at(-1) !== "") throw new Error(`${path}: line ${lines.length} has no end: the file is cut short`);
  lines.pop();
  return lines.map((line, i) => parse<T>(line, `${path}: line ${i + 1}`, null, shape));
}

/** A cell's samples, in file order; empty where the cell evaluates nothing and has no file. */
export async function readSamples(directory: string, id: string): Promise<Sample[]> {
  return await readLines<Sample>(`${directory}/cells/${id}/samples.jsonl`, sample) ?? [];
}

/** A cell's training steps; empty where it did not train. */
export async function readTrainSteps(directory: string, id: string): Promise<TrainStep[]> {
  return await readLines<TrainStep>(`${directory}/cells/${id}/train.jsonl`, step) ?? [];
}
