/**
 * Makes the list of settings: plans each of them at every profile, counts its work, and times that on the adapter there is.
 * @module
 */
import { closeGpu, openGpu } from "../kernels/gpu/device.ts";
import { openUsersTuning } from "../kernels/gpu/tuner.ts";
import { userCacheFile } from "../kernels/gpu/user_cache.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import { dataText } from "./data.ts";
import { type Amount, type ListedRun, listingText } from "./listing.ts";
import { type Planner, type PlannerOptions, withPlanner } from "./planner.ts";
import { profiles } from "./profiles.ts";
import { ratesOf } from "./rates.ts";
import type { Setting } from "./setting.ts";
import { allSettings, chooseSettings, settings } from "./settings.ts";
import { reasonOf } from "./store.ts";
import type { CellSpec, Profile } from "./types.ts";
import { type Counter, openCounter, type Work } from "./work.ts";

/** What is listed. */
export interface ListOptions extends PlannerOptions {
  /** Names of settings; all of them where empty. */
  readonly settings: readonly string[];
  /** Prompts decoded together. */
  readonly evaluationBatch: number;
  /** Stops between two pieces of work. */
  readonly signal?: AbortSignal;
}

/** Cells of a setting, or why there are none. */
type Cells = ReadonlyMap<string, CellSpec> | { readonly reason: string };

/**
 * The list of settings, with cells and estimated time of each profile.
 *
 * @param tell Told before something takes seconds.
 * @throws Where model or data cannot be read.
 */
export async function listRuns(options: ListOptions, tell: (line: string) => void): Promise<string> {
  return await withPlanner(options, async (planner) => {
    const { checkpoint, data } = planner;
    const counter = openCounter({
      data,
      tokenizer: checkpoint.tokenizer,
      maxPositions: checkpoint.config.maxPositions,
      batchSize: options.evaluationBatch,
    });
    const runs = await listedRuns(options.settings, planner, counter);
    options.signal?.throwIfAborted();
    const measured = await measure(checkpoint, options, tell);
    options.signal?.throwIfAborted();
    return listingText({ runs, rates: measured.rates, about: [...aboutRuns(options, planner), ...measured.about] });
  });
}

/** The named settings; where none is named, all of them, and what `bench` runs without a name and with `all`. */
async function listedRuns(names: readonly string[], planner: Planner, counter: Counter): Promise<ListedRun[]> {
  const chosen = names.length === 0 ? Object.values(settings) : chooseSettings(names);
  const planned: Record<string, Cells[]> = {};
  for (const profile of Object.keys(profiles) as Profile[]) {
    planned[profile] = await cellsOfEach(chosen, profile, planner);
  }
  const amounts = async (of: (setting: Setting) => boolean): Promise<ListedRun["amounts"]> => {
    const entries = Object.entries(planned).map(async ([profile, cells]) => [
      profile,
      await amountOf(cells.filter((_, i) => of(chosen[i])), counter),
    ]);
    return Object.fromEntries(await Promise.all(entries));
  };
  const each = chosen.map(async (setting): Promise<ListedRun> => ({
    name: setting.name,
    source: setting.source,
    description: setting.description + (setting.onlyByName === true ? " Runs only where it is named." : ""),
    amounts: await amounts((one) => one === setting),
  }));
  const together = names.length > 0 ? [] : [
    {
      name: "(no name)",
      source: "",
      description: "What runs where no setting is named.",
      amounts: await amounts(({ onlyByName }) => onlyByName !== true),
    },
    {
      name: allSettings,
      source: "",
      description: "Every setting in one run.",
      amounts: await amounts(() => true),
    },
  ];
  return [...await Promise.all(each), ...together];
}

/** Cells of each setting. Planned together, settings share what they read; where one cannot be planned, each is by itself. */
async function cellsOfEach(chosen: readonly Setting[], profile: Profile, planner: Planner): Promise<Cells[]> {
  try {
    const { plan, specs } = await planner.plan(chosen, profile);
    return plan.settings.map(({ cells }) => new Map(cells.map((id) => [id, specs.get(id)!])));
  } catch (error) {
    if (chosen.length === 1) return [{ reason: reasonOf(error) }];
  }
  const each: Cells[] = [];
  for (const setting of chosen) each.push(...await cellsOfEach([setting], profile, planner));
  return each;
}

/** Settings that run together share cells, and run only where each of them can. */
async function amountOf(parts: readonly Cells[], counter: Counter): Promise<Amount> {
  const specs = new Map<string, CellSpec>();
  for (const part of parts) {
    if ("reason" in part) return part;
    for (const [id, spec] of part) specs.set(id, spec);
  }
  return { cells: specs.size, work: await counter.workOf([...specs.values()]) };
}

function aboutRuns({ seeds, modelName, dataName, inputWords }: ListOptions, planner: Planner): string[] {
  const embedded = modelName !== undefined || dataName !== undefined;
  return [
    `Cells are of ${seeds === 1 ? "1 seed" : `${seeds} seeds`}, model ${planner.modelName} and data ${
      dataText(planner.dataName, inputWords)
    }; ` +
    "settings that run together share cells.",
    ...(embedded
      ? [
        "Profile paper is meant for a checkpoint and data of your own: --list --model DIR --data DIR counts and times these.",
      ]
      : []),
  ];
}

async function measure(
  checkpoint: Checkpoint,
  { operands, signal }: ListOptions,
  tell: (line: string) => void,
): Promise<{ rates: Work | null; about: string[] }> {
  try {
    const gpu = await openGpu();
    try {
      await openUsersTuning(gpu);
      const adapter = gpu.adapter.description || gpu.adapter.device;
      const onMeasure = () => tell(`measuring how fast ${adapter} is with this model, once; takes some seconds`);
      const rates = await ratesOf(gpu, checkpoint, {
        operands,
        onMeasure,
        ...(signal === undefined ? {} : { signal }),
      });
      const file = userCacheFile("rates.json");
      return {
        rates,
        about: [
          `Times are estimates for ${adapter} and a run from nothing, one cell at a time, from a few small pieces of work that were measured ` +
          (file === null
            ? "just now."
            : `once and are kept in ${file}; what else the machine did then counts. Remove it to measure again.`),
        ],
      };
    } finally {
      closeGpu(gpu);
    }
  } catch (error) {
    return { rates: null, about: [`No times, since they could not be measured: ${reasonOf(error).split("\n")[0]}`] };
  }
}
