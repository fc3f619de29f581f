/**
 * The benchmarks: settings of the papers planned as cells, run, and stored.
 * @module
 */
import { parameterCount } from "../models/config.ts";
import { describePlan } from "./dry_run.ts";
import { defaultLanes } from "./lanes.ts";
import type { Planned } from "./plan.ts";
import { checkCount, type PlannerOptions, withPlanner } from "./planner.ts";
import { type OnProgress, runPlan } from "./runner.ts";
import { chooseSettings } from "./settings.ts";
import { takeRun, writePlan } from "./store.ts";
import type { Plan, Profile } from "./types.ts";

export { canonicalJson } from "./canonical_json.ts";
export type { Chance } from "./chance.ts";
export { type ListOptions, listRuns } from "./list_runs.ts";
export { allSettings, settings } from "./settings.ts";
export { onlyKeys } from "./only.ts";
export { progressLine } from "./progress_line.ts";
export {
  type ComparedByPromot,
  profiles,
  type PromotScale,
  type PromotStage,
  type Scale,
  type StageName,
  type TrainedMethod,
  type Tuned,
} from "./profiles.ts";
export type { ArmName } from "./promot_arms.ts";
export { suiteVersion } from "./version.ts";
export type { Planned } from "./plan.ts";
export type { PlannerOptions } from "./planner.ts";
export type { OnProgress } from "./runner.ts";
export type { CellRequest, ModelFacts } from "./requests.ts";
export type { PlanScope, PlanView, Setting } from "./setting.ts";
export type * from "./types.ts";

/** What to run, and how. */
export interface BenchOptions extends PlannerOptions {
  /** Names of settings, or `all`; where empty, those that do not run by name only. */
  readonly settings: readonly string[];
  /** Size of the run. */
  readonly profile: Profile;
  /** Run folder; made where it is not there, continued where it is. */
  readonly outDir: string;
  /**
   * Cells run at the same time, each in a thread with a GPU device of its own; where absent, two on a software adapter with processors and
   * memory for both, else one. Changes speed and memory, never a result.
   */
  readonly workers?: number;
  /** Prompts decoded together. Changes speed and memory, never a result. */
  readonly evaluationBatch: number;
  /** Tokens of a training micro-batch. Changes speed and memory, never a result. */
  readonly microBatchTokens?: number;
  /** Plan only: nothing is run or written. */
  readonly dryRun: boolean;
  /** Stops the run between steps. */
  readonly signal?: AbortSignal;
}

/** What a run leaves. */
export interface BenchResult {
  /** The plan, as `plan.json` holds it. */
  readonly plan: Plan;
  /** Folder of the results. */
  readonly runDir: string;
  /** Cells that failed. */
  readonly failed: number;
}

/**
 * Plans a run: reads model and data, needs no GPU, writes nothing.
 *
 * @throws One line that names the setting, flag, file or set at fault.
 */
export async function planRun(options: BenchOptions): Promise<Planned> {
  return (await planWithModel(options)).planned;
}

/** The plan, and how many parameters its model has. */
async function planWithModel(options: BenchOptions): Promise<{ planned: Planned; parameters: number }> {
  checkCounts(options);
  const settings = chooseSettings(options.settings);
  return await withPlanner(options, async ({ plan, checkpoint }) => ({
    planned: await plan(settings, options.profile),
    parameters: parameterCount(checkpoint.config),
  }));
}

/** Plans a run and describes it: what `--dry-run` prints. */
export async function dryRun(options: BenchOptions): Promise<string> {
  checkCounts(options);
  const settings = chooseSettings(options.settings);
  return await withPlanner(
    options,
    async ({ plan, data }) => await describePlan(await plan(settings, options.profile), data),
  );
}

function checkCounts({ workers, evaluationBatch }: BenchOptions): void {
  if (workers !== undefined) checkCount("workers", workers);
  checkCount("evaluation batch", evaluationBatch);
}

/**
 * Plans and runs. Cells that the run folder has are kept, so that the same call after an interruption does only what is missing.
 *
 * @param progress Told of each cell's stages.
 * @throws One line where the run cannot go on; a cell that fails is counted instead. The signal's reason where it is aborted.
 */
export async function bench(options: BenchOptions, progress: OnProgress = () => {}): Promise<BenchResult> {
  const { planned, parameters } = await planWithModel(options);
  const runDir = options.outDir;
  if (options.dryRun) return { plan: planned.plan, runDir, failed: 0 };
  const giveBack = takeRun(runDir);
  try {
    writePlan(runDir, planned.plan);
    const { modelDir, dataDir, inputWords, operands, evaluationBatch, microBatchTokens, workers, signal } = options;
    const setup = {
      runDir,
      executorModule: new URL("./execute_cell.ts", import.meta.url).href,
      options: {
        modelDir,
        dataDir,
        ...(inputWords === undefined ? {} : { inputWords }),
        operands,
        evaluationBatch,
        ...(microBatchTokens === undefined ? {} : { microBatchTokens }),
      },
    };
    const lanes = workers ?? (() => defaultLanes(parameters));
    return { plan: planned.plan, runDir, failed: await runPlan(planned, setup, lanes, signal, progress) };
  } finally {
    giveBack();
  }
}
