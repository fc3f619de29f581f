/**
 * Chooses among variants of a kernel that give the same bits by measuring them once on this adapter, and keeps the choices in a small
 * file. Without tuning, or where nothing can be measured, the first variant is taken: the one that rules choose.
 * @module
 */
import {
  allocate,
  allocateImage,
  type Arena,
  createArena,
  type Image,
  releaseArena,
  type Tensor,
  upload,
} from "./buffers.ts";
import { type Gpu, settle } from "./device.ts";
import {
  copyToImage,
  createProgram,
  dispatch,
  imageType,
  type Kernel,
  profile,
  type Program,
  releaseProgram,
} from "./program.ts";
import { adapterKey, readUserCache, userCacheFile, writeUserCache } from "./user_cache.ts";

/** What has been chosen on this adapter. */
export interface Tuning {
  /** Name of the chosen variant of each contest. */
  readonly choices: Map<string, string>;
  /** Where choices are kept, or null. */
  readonly file: string | null;
  /** Adapter, driver and kernel version: the file's key for these choices. */
  readonly owner: string;
  /** Milliseconds that measuring may still take; what is left out is measured by a later process. */
  budget: number;
}

/** Variants that do the same work on the same data. */
export interface Contest {
  /** Names the work: the kind of product and the class of its shape. */
  readonly key: string;
  /** By name; the first is what rules choose. */
  readonly variants: readonly (readonly [string, Kernel])[];
  /** Number of elements of each binding. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Bindings whose values matter to the time; the others are zero. */
  readonly values?: Readonly<Record<string, Uint32Array<ArrayBuffer>>>;
  /** Uniforms of every variant. */
  readonly uniforms: Readonly<Record<string, number>>;
}

/** A variant must beat the rules' choice by this factor, so that noise decides nothing. */
const margin = 0.85;

/**
 * Lets this GPU choose variants by measurement from now on.
 * @param file where choices are kept; null keeps them for this process only
 * @param budget milliseconds of measuring; 0 takes what the file holds and measures nothing
 */
export async function openTuning(gpu: Gpu, file: string | null, budget: number): Promise<void> {
  const owner = await adapterKey(gpu);
  const known = await readUserCache<string>(file, owner);
  gpu.tuning = { choices: new Map(Object.entries(known)), file, owner, budget: gpu.timestamps ? budget : 0 };
}

/** Milliseconds of measuring that a process may spend before it starts on its work. */
const processBudget = 1500;

/**
 * Lets this GPU choose variants by measurement, as the environment wishes: `TUNEMARK_TUNE=off` leaves all to rules, and so does a
 * process that may not read that variable.
 */
export async function openUsersTuning(gpu: Gpu): Promise<void> {
  try {
    const wish = Deno.env.get("TUNEMARK_TUNE") ?? "on";
    if (wish === "off") return;
    if (wish !== "on") throw new Error(`TUNEMARK_TUNE is "${wish}"; it must be on or off`);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  await openTuning(gpu, userCacheFile("tuning.json"), processBudget);
}

/** A variant made ready to run. */
interface Entry {
  readonly arena: Arena;
  readonly program: Program<null>;
  /** Best time so far, in nanoseconds. */
  best: number;
}

/** Rounds of a contest. Variants take turns, so that what else the machine does meets all of them. */
const rounds = 6;

/** Puts a variant's data on the GPU and records it; one whose images do not fit never wins. */
function enter(gpu: Gpu, kernel: Kernel, { lengths, values, uniforms }: Contest): Entry {
  const arena = createArena(gpu);
  const program = createProgram<null>(gpu, "tuning");
  const bindings: Record<string, Tensor | Image> = {};
  for (const [name, type] of Object.entries({ ...kernel.inputs, ...kernel.outputs })) {
    const tensor = allocate(arena, name, lengths[name]);
    if (values?.[name]) upload(gpu, tensor, values[name]);
    const image = type === imageType ? allocateImage(arena, name, lengths[name]) : null;
    if (type === imageType && image === null) return { arena, program, best: Infinity };
    bindings[name] = image ? copyToImage(program, tensor, image, () => lengths[name]) : tensor;
  }
  dispatch(program, kernel, bindings, () => uniforms);
  return { arena, program, best: Infinity };
}

/** Name of the variant that wins, or null where the budget does not last. */
async function hold(gpu: Gpu, tuning: Tuning, contest: Contest): Promise<string | null> {
  const entries: Entry[] = [];
  const end = performance.now() + tuning.budget;
  try {
    for (const [, kernel] of contest.variants) {
      if (performance.now() >= end) return null;
      const entry = enter(gpu, kernel, contest);
      entries.push(entry);
      // The first run compiles, warms caches and counts for nothing.
      if (entry.program.dispatches.length > 0) await profile(entry.program, null);
    }
    for (let round = 0; round < rounds; round++) {
      for (const entry of entries) {
        if (performance.now() >= end) return null;
        if (entry.program.dispatches.length === 0) continue;
        const [{ nanoseconds }] = await profile(entry.program, null);
        entry.best = Math.min(entry.best, nanoseconds);
      }
    }
    const times = entries.map(({ best }) => best);
    const best = times.indexOf(Math.min(...times));
    return contest.variants[times[best] < margin * times[0] ? best : 0][0];
  } finally {
    for (const { arena, program } of entries) {
      releaseProgram(program);
      releaseArena(arena);
    }
    tuning.budget = end - performance.now();
  }
}

/** Holds the contests that have not been held, in order, while the budget lasts. Does nothing without `openTuning`. */
export async function tune(gpu: Gpu, contests: readonly Contest[]): Promise<void> {
  const { tuning } = gpu;
  if (!tuning) return;
  let held = 0;
  for (const contest of contests) {
    if (contest.variants.length < 2 || tuning.choices.has(contest.key)) continue;
    const winner = await hold(gpu, tuning, contest);
    if (winner === null) break;
    tuning.choices.set(contest.key, winner);
    held++;
  }
  if (held > 0) {
    await writeUserCache(tuning.file, tuning.owner, Object.fromEntries([...tuning.choices].sort()));
  }
  await settle(gpu);
}
