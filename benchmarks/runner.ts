/**
 * Runs the cells of a plan that are not done, in order, in one lane or several.
 * @module
 */
import { type Lane, type LaneSetup, openLane, openWorkerLane } from "./lanes.ts";
import type { Planned } from "./plan.ts";
import { readResult } from "./store.ts";
import type { Progress } from "./types.ts";
import { firstStageId, lineageId, taskOf } from "./cell.ts";

/** Where a run's progress goes. */
export type OnProgress = (progress: Progress) => void;

/**
 * Runs what is missing: cells without a result, and those that failed. A cell that fails does not stop the others. Cells of one trained model,
 * wherever its training stops, stay in one lane, so that it is trained once, and with them those of trainings that begin with the same stage.
 *
 * The bytes written do not depend on the number of workers. Nothing is opened where nothing is missing.
 *
 * @param workers Most lanes, or what finds their number, asked where several models are missing.
 * @returns How many cells of the plan failed.
 * @throws The first error that is not a cell's own (no adapter, a file that cannot be written, the signal); the other lanes stop between
 * steps before it is thrown.
 */
export async function runPlan(
  planned: Planned,
  setup: LaneSetup,
  workers: number | (() => Promise<number>),
  signal: AbortSignal | undefined,
  progress: OnProgress,
): Promise<number> {
  const { cells } = planned.plan;
  const idle = { count: cells.length, step: 0, steps: 0, loss: null, reason: null };
  const listed = cells.map(({ id, factors }, i) => {
    const task = taskOf(planned.specs.get(id)!);
    return { ...idle, index: i + 1, cell: id, task, factors };
  });
  const missing = listed.filter((about) => {
    const done = readResult(setup.runDir, about.cell)?.status === "ok";
    if (done) progress({ ...about, stage: "kept" });
    return !done;
  });
  if (missing.length === 0) return 0;

  const modelOf = (id: string) => {
    const spec = planned.specs.get(id)!;
    return spec.train === null ? id : firstStageId(spec) ?? lineageId(spec);
  };
  const groups = [...Map.groupBy(missing, ({ cell }) => modelOf(cell)).values()];
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let failed = 0;
  let next = 0;
  const work = async (open: () => Promise<Lane>) => {
    try {
      stopped.throwIfAborted();
      const lane = await open();
      try {
        while (next < groups.length) {
          for (const about of groups[next++]) {
            const end = await lane.run(about.cell, planned.specs.get(about.cell)!, (p) => progress({ ...about, ...p }));
            if (end.status === "failed") failed++;
            progress({ ...about, stage: end.status === "ok" ? "done" : "failed", reason: end.reason });
          }
        }
      } finally {
        lane.close();
      }
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  const most = typeof workers === "number" ? workers : groups.length === 1 ? 1 : await workers();
  const lanes = Math.min(most, groups.length);
  const open = lanes === 1 ? () => openLane(setup, stopped) : () => openWorkerLane(setup, stopped);
  await Promise.allSettled(Array.from({ length: lanes }, () => work(open)));
  stopped.throwIfAborted();
  return failed;
}
