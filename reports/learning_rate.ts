/**
 * The choice among learning rates, from validation scores.
 * @module
 */
import type { ChoicePlan, EntryReference } from "../benchmarks/types.ts";
import type { ReportChoice } from "./model.ts";
import { fixed } from "./text.ts";

/** A learning rate's scores in 0..100: by task, then by shot count, then by seed; null where there is none. */
export interface TrialScores {
  readonly learningRate: number;
  readonly tasks: readonly (readonly (readonly (number | null)[])[])[];
}

/** A learning rate's score: the best over shot counts of each task, and the mean of these. */
export interface TrialResult {
  readonly learningRate: number;
  readonly best: readonly (number | null)[];
  readonly mean: number | null;
}

/**
 * Scores learning rates and chooses the one with the best mean over tasks of the best score over shot counts, each the mean over seeds. Of
 * means that agree to four decimals the smaller learning rate's counts as the best.
 *
 * @returns `chosen` is null unless every score exists: half a sweep chooses nothing.
 */
export function chooseLearningRate(
  trials: readonly TrialScores[],
): { readonly results: readonly TrialResult[]; readonly chosen: number | null } {
  const results = trials.map(({ learningRate, tasks }): TrialResult => {
    const best = tasks.map((shots) => greatest(shots.map(mean)));
    return { learningRate, best, mean: mean(best) };
  });
  let chosen: TrialResult | null = null;
  for (const result of [...results].sort((a, b) => a.learningRate - b.learningRate)) {
    if (result.mean === null) return { results, chosen: null };
    if (chosen === null || Number(fixed(result.mean, 4)) > Number(fixed(chosen.mean!, 4))) chosen = result;
  }
  return { results, chosen: chosen?.learningRate ?? null };
}

/** A planned choice with its scores looked up. */
export function reportChoice(
  { method, candidates }: ChoicePlan,
  score: (reference: EntryReference) => number | null,
): ReportChoice {
  const { results, chosen } = chooseLearningRate(candidates.map(({ learningRate, tasks }) => ({
    learningRate,
    tasks: tasks.map(({ shots }) => shots.map((seeds) => seeds.map(score))),
  })));
  const text = (value: number | null) => value === null ? null : fixed(value, 4);
  return {
    method,
    candidates: results.map(({ learningRate, best, mean }, i) => ({
      learningRate,
      tasks: candidates[i].tasks.map(({ task }, t) => ({ task, best: text(best[t]) })),
      mean: text(mean),
    })),
    chosen,
  };
}

function mean(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return values.reduce((sum: number, value) => sum + value!, 0) / values.length;
}

function greatest(values: readonly (number | null)[]): number | null {
  return values.length === 0 || values.includes(null) ? null : Math.max(...values as number[]);
}
