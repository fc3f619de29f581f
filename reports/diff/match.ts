/**
 * Which cells of two reports belong together, and whether they may be compared.
 * @module
 */
import { evaluationLabel } from "../labels.ts";
import type { ReportCell, ReportEvaluation } from "../model.ts";
import { sameJson, shortHash } from "../text.ts";
import type { Mode } from "./types.ts";

/** Two cells with the same factors; null where a side has none. */
export interface CellPair {
  readonly a: ReportCell | null;
  readonly b: ReportCell | null;
}

function factorKey({ factors }: ReportCell): string {
  const { model, method, trainTask, trainSet, trainSize, trainShots, seed } = factors;
  const { learningRate = null, testTask = null, testFormat = null, adapterRank = null } = factors;
  const { trainAlso = null, stopAfter = null, formatOf = null, probe = null } = factors;
  const trained = [model, method, trainTask, trainSet, trainSize, trainShots, seed, learningRate];
  return JSON.stringify([...trained, testTask, testFormat, adapterRank, trainAlso, stopAfter, formatOf, probe]);
}

function shareEvaluation(a: ReportCell, b: ReportCell): boolean {
  const labels = new Set(a.evaluations.map(evaluationLabel));
  return b.evaluations.some((evaluation) => labels.has(evaluationLabel(evaluation)));
}

/** Which of the cells with the same factors belong together: the same one; those put to a same test; whatever was put to none. */
const PREFERENCES: readonly ((a: ReportCell, b: ReportCell) => boolean)[] = [
  (a, b) => a.cell === b.cell,
  shareEvaluation,
  (a, b) => a.evaluations.length === 0 || b.evaluations.length === 0,
];

/**
 * Pairs the cells of two reports by their factors, in A's order, then those that only B has. Several cells of a side may have the same
 * factors: untrained ones put to different tasks.
 */
export function matchCells(a: readonly ReportCell[], b: readonly ReportCell[]): CellPair[] {
  const free = new Set(b);
  const partner = new Map<ReportCell, ReportCell>();
  for (const fits of PREFERENCES) {
    for (const cell of a.filter((cell) => !partner.has(cell))) {
      const key = factorKey(cell);
      const found = [...free].find((other) => factorKey(other) === key && fits(cell, other));
      if (found === undefined) continue;
      free.delete(found);
      partner.set(cell, found);
    }
  }
  return [
    ...a.map((cell) => ({ a: cell, b: partner.get(cell) ?? null })),
    ...b.filter((cell) => free.has(cell)).map((cell) => ({ a: null, b: cell })),
  ];
}

type Check = readonly [what: string, a: string | undefined, b: string | undefined];

function differing(checks: readonly Check[]): string[] {
  return checks.filter(([, a, b]) => a !== b).map(([what, a, b]) => `different ${what}: ${show(a)} and ${show(b)}`);
}

/** A hash is cut short; a label, a scorer's signature or a prompt is shown whole. */
function show(value: string | undefined): string {
  if (value === undefined) return "none";
  return /^(sha256:)?[0-9a-f]{40,}$/.test(value) ? shortHash(value) : value;
}

/** Why two done cells cannot be compared at all: another base model, or other training data. Empty where they can. */
export function cellObstacles(a: ReportCell, b: ReportCell): string[] {
  return differing([
    ["base model weights", a.identity?.modelWeights, b.identity?.modelWeights],
    ["base model config", a.identity?.modelConfig, b.identity?.modelConfig],
    ["tokenizer", a.identity?.tokenizer, b.identity?.tokenizer],
    ["training rows", a.trainData?.rowsSha256, b.trainData?.rowsSha256],
    ["training demonstrations", a.trainData?.demonstrationsSha256, b.trainData?.demonstrationsSha256],
    ["training prompt", a.trainData?.prompt, b.trainData?.prompt],
  ]);
}

/** What went into an evaluation or a probe. */
type Inputs = Pick<ReportEvaluation, "hashes">;

/** Why two evaluations, or probes, cannot be compared. Empty where they can. */
export function inputObstacles(a: Inputs, b: Inputs): string[] {
  return differing([
    ["prompt", a.hashes.prompt, b.hashes.prompt],
    ["data rows", a.hashes.rows, b.hashes.rows],
    ["demonstrations", a.hashes.demonstrations, b.hashes.demonstrations],
    ["input tokens", a.hashes.inputTokens, b.hashes.inputTokens],
  ]);
}

/** Why two metrics cannot be compared. Empty where they can. */
export function metricObstacles(a: { signature: string }, b: { signature: string }): string[] {
  return differing([["scorer", a.signature, b.signature]]);
}

/** The hyper-parameters that differ, one line each. */
function methodDifferences(a: ReportCell, b: ReportCell): string[] {
  const [first, second] = [a.method ?? {}, b.method ?? {}] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  return names.filter((name) => !sameJson(first[name] ?? null, second[name] ?? null))
    .map((name) => `different ${name}: ${JSON.stringify(first[name])} and ${JSON.stringify(second[name])}`);
}

/**
 * Whether two comparable cells must be equal to the bit, and if not, why not. Other kernels do not excuse other bits: a change that
 * is not meant to change numbers must not, and one that is shows here.
 */
export function comparisonMode(a: ReportCell, b: ReportCell): { mode: Mode; notes: string[] } {
  const obstacles = [
    ...differing([
      ["numeric signature", a.identity?.numericSignature, b.identity?.numericSignature],
      ["operands", a.identity?.operands, b.identity?.operands],
    ]),
    ...methodDifferences(a, b),
  ];
  const kernels = differing([["kernels", a.identity?.kernels, b.identity?.kernels]]);
  return { mode: obstacles.length === 0 ? "exact" : "statistical", notes: [...kernels, ...obstacles] };
}
