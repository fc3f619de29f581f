/**
 * Plans runs over one model and one data folder, both read once.
 * @module
 */
import { checkEmbeddedData } from "../fixtures/world/integrity.ts";
import { kernelVersion } from "../kernels/version.ts";
import { type Checkpoint, loadCheckpoint } from "../models/checkpoint.ts";
import { type Data, openData } from "./data.ts";
import { checkOnly } from "./only.ts";
import { makePlan, type Planned } from "./plan.ts";
import { scaleOf } from "./profiles.ts";
import type { ModelFacts } from "./requests.ts";
import type { Setting } from "./setting.ts";
import type { Operands, Profile } from "./types.ts";
import { suiteVersion } from "./version.ts";

/** What plans depend on beside settings and profile. */
export interface PlannerOptions {
  /** Model folder. */
  readonly modelDir: string;
  /** What the plan calls the model; the name its folder gives it where absent. */
  readonly modelName?: string;
  /** Data folder in the U repository's layout. */
  readonly dataDir: string;
  /** What the plan calls the data; the folder's name where absent. */
  readonly dataName?: string;
  /** Most words of an input text of the data, such as a document; whole texts where absent. A row's output stays whole. */
  readonly inputWords?: number;
  /** Number of seeds for trained cells: 1 to this. */
  readonly seeds: number;
  /** Filter of `--only`: a value per key. */
  readonly only: Readonly<Record<string, string>>;
  /** How GEMM operands are rounded. */
  readonly operands: Operands;
}

/** Model and data, and what plans with them. */
export interface Planner {
  readonly checkpoint: Checkpoint;
  readonly data: Data;
  /** What plans call the model and the data. */
  readonly modelName: string;
  readonly dataName: string;
  /** @throws One line that names the setting, flag, file or set at fault. */
  plan(settings: readonly Setting[], profile: Profile): Promise<Planned>;
}

/**
 * Opens model and data for planning, and closes them after it. Needs no GPU, writes nothing.
 *
 * @throws One line that names the flag or file at fault.
 */
export async function withPlanner<T>(options: PlannerOptions, use: (planner: Planner) => Promise<T>): Promise<T> {
  checkOnly(options.only);
  checkCount("seeds", options.seeds);
  if (options.inputWords !== undefined) checkCount("input words", options.inputWords);
  await checkEmbeddedData(options.dataDir);
  const checkpoint = await loadCheckpoint(options.modelDir);
  try {
    const data = openData(options.dataDir, options.inputWords);
    const model = factsOf(checkpoint, options.modelName);
    const dataName = options.dataName ?? folderName(options.dataDir);
    const facts = {
      suite: suiteVersion,
      kernels: await kernelVersion(),
      operands: options.operands,
      model,
      data,
      only: options.only,
    };
    const seeds = Array.from({ length: options.seeds }, (_, i) => i + 1);
    return await use({
      checkpoint,
      data,
      modelName: model.name,
      dataName,
      plan: (settings, profile) =>
        makePlan({ settings, run: { ...facts, scale: scaleOf(profile) }, profile, dataName, seeds }),
    });
  } finally {
    checkpoint.close();
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

/** @throws Where a count is not one. */
export function checkCount(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${what} is ${value}; valid: a whole number from 1`);
}
