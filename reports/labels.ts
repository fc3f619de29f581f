/**
 * Short names of cells, the same in reports and comparisons.
 * @module
 */
import type { Factors } from "../benchmarks/types.ts";

/**
 * Such as `ft, summary/news, 200 rows, 0 shots, seed 1, on sentiment, format 2`; where nothing is trained, the method and the tasks it was evaluated on, `icl on summary`,
 * because the factors of such cells are alike.
 */
export function cellLabel(
  { factors, evaluations }: { factors: Factors; evaluations: readonly { task: string }[] },
): string {
  const { method, trainTask, trainSet, trainSize, trainShots, seed, learningRate, testTask, testFormat } = factors;
  const { trainAlso, adapterRank, stopAfter, formatOf, probe } = factors;
  const measured = probe === undefined ? "" : `, ${probe}`;
  const drawn = trainTask === null && seed !== 0 ? `, seed ${seed}` : "";
  const format = testFormat === undefined ? "" : `, format ${testFormat}`;
  if (trainTask !== null) {
    const rate = learningRate === undefined ? "" : `, learning rate ${learningRate.toExponential()}`;
    const also = trainAlso === undefined ? "" : ` and ${trainAlso}`;
    const rank = adapterRank === undefined ? "" : ` of rank ${adapterRank}`;
    const stop = stopAfter === undefined ? "" : `, stopped after step ${stopAfter}`;
    return `${method}${rank}, ${trainTask}/${trainSet}${also}, ${trainSize} rows, ${trainShots} shots${rate}${stop}, seed ${seed}` +
      (testTask === undefined ? "" : `, on ${testTask}`) + format + measured;
  }
  const tasks = [...new Set(evaluations.map(({ task }) => task))];
  const named = tasks.length === 0 && testTask !== undefined ? [testTask] : tasks;
  const looked = formatOf === undefined ? "" : `, looked at for the format of ${formatOf}`;
  return named.length === 0 ? method : `${method} on ${named.join(" and ")}${format}${looked}${measured}${drawn}`;
}

/** The name of an evaluation, in keys and in messages. */
export function evaluationLabel(of: { task: string; set: string; format: number; shots: number }): string {
  return `${of.task}/${of.set}, format ${of.format}, ${of.shots} shots`;
}
