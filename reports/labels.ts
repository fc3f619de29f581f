/**
 * Short names of cells, the same in reports and comparisons.
 * @module
 */
import type { Factors } from "../benchmarks/types.ts";

/**
 * Such as `ft, summary/news, 200 rows, 0 shots, seed 1`; where nothing is trained, the method and the tasks it was evaluated on, `icl on summary`,
 * because the factors of such cells are alike.
 */
export function cellLabel(
  { factors, evaluations }: { factors: Factors; evaluations: readonly { task: string }[] },
): string {
  const { method, trainTask, trainSet, trainSize, trainShots, seed, learningRate } = factors;
  if (trainTask !== null) {
    const rate = learningRate === undefined ? "" : `, learning rate ${learningRate.toExponential()}`;
    return `${method}, ${trainTask}/${trainSet}, ${trainSize} rows, ${trainShots} shots${rate}, seed ${seed}`;
  }
  const tasks = [...new Set(evaluations.map(({ task }) => task))];
  return tasks.length === 0 ? method : `${method} on ${tasks.join(" and ")}`;
}

/** The name of an evaluation, in keys and in messages. */
export function evaluationLabel(of: { task: string; set: string; format: number; shots: number }): string {
  return `${of.task}/${of.set}, format ${of.format}, ${of.shots} shots`;
}
