/**
 * Short names of cells, the same in reports and comparisons.
 * @module
 */
import type { Factors } from "../benchmarks/types.ts";

/** Such as `ft, summary/news, 200 rows, 0 shots, seed 1`, or just `icl` where nothing is trained. */
export function cellLabel(factors: Factors): string {
  const { method, trainTask, trainSet, trainSize, trainShots, seed } = factors;
  if (trainTask === null) return method;
  return `${method}, ${trainTask}/${trainSet}, ${trainSize} rows, ${trainShots} shots, seed ${seed}`;
}

/** The name of an evaluation, in keys and in messages. */
export function evaluationLabel(of: { task: string; set: string; format: number; shots: number }): string {
  return `${of.task}/${of.set}, format ${of.format}, ${of.shots} shots`;
}
