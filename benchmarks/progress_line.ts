/**
 * Progress as a line of text.
 * @module
 */
import type { Progress } from "./types.ts";

/** Such as `cell 3/12 sentiment, ft amazon 200, seed 1: train 14/26, loss 1.931`. */
export function progressLine({ index, count, task, factors, stage, step, steps, loss, reason }: Progress): string {
  const shown = factors.trainShots > 0 ? `, ${factors.trainShots} shown` : "";
  const rate = factors.learningRate === undefined ? "" : `, learning rate ${factors.learningRate.toExponential()}`;
  const stop = factors.stopAfter === undefined ? "" : ` up to step ${factors.stopAfter}`;
  const format = factors.testFormat === undefined ? "" : `, format ${factors.testFormat}`;
  const put = trainedElsewhere(factors) ? ` on ${factors.testTask}${format}` : format;
  const trained = factors.trainSet === null
    ? ""
    : ` ${factors.trainSet} ${factors.trainSize}${stop}${shown}${rate}, seed ${factors.seed}`;
  const done = steps > 0 ? ` ${step}/${steps}` : "";
  const tail = (loss === null ? "" : `, loss ${loss.toFixed(3)}`) + (reason === null ? "" : `: ${reason}`);
  return `cell ${index}/${count} ${task}, ${factors.method}${trained}${put}: ${stage}${done}${tail}`;
}

function trainedElsewhere({ trainTask, testTask }: Progress["factors"]): boolean {
  return trainTask !== null && testTask !== undefined;
}
