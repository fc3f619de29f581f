/** A small data folder in U's layout, and a plan over it, for tests without a model or a GPU. */
import { openData } from "../../benchmarks/data.ts";
import { makePlan, type Planned } from "../../benchmarks/plan.ts";
import { profiles } from "../../benchmarks/profiles.ts";
import type { RunFacts } from "../../benchmarks/requests.ts";
import { chooseSettings } from "../../benchmarks/settings.ts";
import { tasks, tasksOf } from "../../tasks/mod.ts";

/** Two tasks without one of their sets each. */
const fewSets: Sets = { summary: ["xsum", "pdfs", "cnn"], sentiment: ["amazon", "sst2", "yelp"] };

/** Every set of each of U's tasks. */
const allSets: Sets = Object.fromEntries(
  tasksOf("U").map(({ name, sets }) => [name, [...sets.inDomain, ...sets.outOfDomain]]),
);

type Sets = Readonly<Record<string, readonly string[]>>;

/** Names of the settings that need no task but their own. */
export const ownTaskSettings = ["in_domain", "out_of_domain", "weight_distance"];

function writeData(directory: string, sets: Sets): void {
  for (const [task, names] of Object.entries(sets)) {
    Deno.mkdirSync(`${directory}/${task}/few_shot`, { recursive: true });
    const rows = (set: string, kind: string, count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, i) => ({
        idx: `${kind}${i}`,
        ...Object.fromEntries(tasks[task].fields.map((field) => [field, `${set} ${kind} text ${i}`])),
        output: tasks[task].labels[i % 2] ?? `about ${i}`,
      })));
    for (const set of names) {
      Deno.writeTextFileSync(`${directory}/${task}/${set}_test_10.json`, rows(set, "test", 10));
      Deno.writeTextFileSync(`${directory}/${task}/few_shot/${set}_few_shot.json`, rows(set, "demo", 8));
    }
    Deno.writeTextFileSync(`${directory}/${task}/${names[0]}_train_48.json`, rows(names[0], "train", 48));
  }
}

/** Words as numbers: the letters' sum is enough to tell the label words apart. */
export function encodeWords(text: string): number[] {
  return text.split(/(?<=[:\s])/).map((word) => [...word].reduce((sum, c) => sum + c.codePointAt(0)!, 0));
}

/** What a smoke run over a data folder shares. */
export function runFacts(dataDir: string, change: Partial<RunFacts> = {}): RunFacts {
  return {
    suite: "0",
    kernels: "k",
    operands: "12bit",
    scale: profiles.smoke,
    model: {
      name: "tiny",
      weightsSha256: "w",
      configSha256: "c",
      tokenizerSha256: "t",
      maxPositions: 512,
      layers: 2,
      tied: true,
      encode: encodeWords,
    },
    data: openData(dataDir),
    only: {},
    ...change,
  };
}

/** A smoke plan over a data folder. */
export function planSmoke(
  dataDir: string,
  options: { settings?: string[]; seeds?: number[]; run?: Partial<RunFacts> } = {},
): Promise<Planned> {
  return makePlan({
    settings: chooseSettings(options.settings ?? []),
    run: runFacts(dataDir, options.run),
    profile: "smoke",
    dataName: "test data",
    seeds: options.seeds ?? [1],
  });
}

/** Runs a test in a folder of its own that holds all of U's sets under `data`. */
export function withAllData(test: (folder: string, dataDir: string) => Promise<void>): Promise<void> {
  return withData(test, allSets);
}

/** Runs a test in a folder of its own that holds the data under `data`; `xlsum`, `amazonfood` and three tasks are left out. */
export async function withData(
  test: (folder: string, dataDir: string) => Promise<void>,
  sets: Sets = fewSets,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    writeData(`${folder}/data`, sets);
    await test(folder, `${folder}/data`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
