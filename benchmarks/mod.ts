/**
 * The benchmarks: settings of the papers planned as cells, run, and stored.
 * @module
 */
import { checkEmbeddedData } from "../fixtures/world/integrity.ts";
import { kernelVersion } from "../kernels/version.ts";
import { type Checkpoint, loadCheckpoint } from "../models/checkpoint.ts";
import { openData } from "./data.ts";
import { describePlan } from "./dry_run.ts";
import { checkOnly } from "./only.ts";
import { makePlan, type Planned } from "./plan.ts";
import { scaleOf } from "./profiles.ts";
import type { ModelFacts } from "./requests.ts";
import { type OnProgress, runPlan } from "./runner.ts";
import { chooseSettings } from "./settings.ts";
import { takeRun, writePlan } from "./store.ts";
import type { Operands, Plan, Profile } from "./types.ts";
import { suiteVersion } from "./version.ts";

export { canonicalJson } from "./canonical_json.ts";
export { listSettings, settings } from "./settings.ts";
export { onlyKeys } from "./only.ts";
export { progressLine } from "./progress_line.ts";
export {
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
export type { OnProgress } from "./runner.ts";
export type { CellRequest, ModelFacts } from "./requests.ts";
export type { PlanScope, PlanView, Setting } from "./setting.ts";
export type * from "./types.ts";

/** What to run, and how. */
export interface BenchOptions {
  /** Names of settings; all of them where empty. */
  readonly settings: readonly string[];
  /** Size of the run. */
  readonly profile: Profile;
  /** Model folder. */
  readonly modelDir: string;
  /** What the plan calls the model; the name its folder gives it where absent. */
  readonly modelName?: string;
  /** Data folder in the U repository's layout. */
  readonly dataDir: string;
  /** What the plan calls the data; the folder's name where absent. */
  readonly dataName?: string;
  /** Number of seeds for trained cells: 1 to this. */
  readonly seeds: number;
  /** Run folder; made where it is not there, continued where it is. */
  readonly outDir: string;
  /** Filter of `--only`: a value per key. */
  readonly only: Readonly<Record<string, string>>;
  /** How GEMM operands are rounded. */
  readonly operands: Operands;
  /** Cells run at the same time, each in a thread with a GPU device of its own. */
  readonly workers: number;
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
  checkOnly(options.only);
  checkCount("seeds", options.seeds);
  checkCount("workers", options.workers);
  checkCount("evaluation batch", options.evaluationBatch);
  const settings = chooseSettings(options.settings);
  const scale = scaleOf(options.profile);
  await checkEmbeddedData(options.dataDir);
  const checkpoint = await loadCheckpoint(options.modelDir);
  try {
    return await makePlan({
      settings,
      run: {
        suite: suiteVersion,
        kernels: await kernelVersion(),
        operands: options.operands,
        scale,
        model: factsOf(checkpoint, options.modelName),
        data: openData(options.dataDir),
        only: options.only,
      },
      profile: options.profile,
      dataName: options.dataName ?? folderName(options.dataDir),
      seeds: Array.from({ length: options.seeds }, (_, i) => i + 1),
    });
  } finally {
    checkpoint.close();
  }
}

/** Plans a run and describes it: what `--dry-run` prints. */
export async function dryRun(options: BenchOptions): Promise<string> {
  return await describePlan(await planRun(options), openData(options.dataDir));
}

/**
 * Plans and runs. Cells that the run folder has are kept, so that the same call after an interruption does only what is missing.
 *
 * @param progress Told of each cell's stages.
 * @throws One line where the run cannot go on; a cell that fails is counted instead. The signal's reason where it is aborted.
 */
export async function bench(options: BenchOptions, progress: OnProgress = () => {}): Promise<BenchResult> {
  const planned = await planRun(options);
  const runDir = options.outDir;
  if (options.dryRun) return { plan: planned.plan, runDir, failed: 0 };
  const giveBack = takeRun(runDir);
  try {
    writePlan(runDir, planned.plan);
    const { modelDir, dataDir, operands, evaluationBatch, microBatchTokens, workers, signal } = options;
    const setup = {
      runDir,
      executorModule: new URL("./execute_cell.ts", import.meta.url).href,
      options: {
        modelDir,
        dataDir,
        operands,
        evaluationBatch,
        ...(microBatchTokens === undefined ? {} : { microBatchTokens }),
      },
    };
    return { plan: planned.plan, runDir, failed: await runPlan(planned, setup, workers, signal, progress) };
  } finally {
    giveBack();
  }
}

function factsOf({ name, hashes, config, tokenizer }: Checkpoint, called: string | undefined): ModelFacts {
  return {
    name: called ?? name,
    weightsSha256: hashes.weightsSha256,
    configSha256: hashes.configSha256,
    tokenizerSha256: hashes.tokenizerSha256,
    maxPositions: config.maxPositions,
    layers: config.layers,
    tied: config.tied,
    encode: (text) => tokenizer.encode(text),
  };
}

function folderName(path: string): string {
  return path.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1)!;
}

function checkCount(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${what} is ${value}; valid: a whole number from 1`);
}
