import { assert, assertEquals } from "@std/assert";
import { bench, type BenchOptions } from "../../benchmarks/mod.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { writeSmallModel } from "./small_model.ts";

const folder = Deno.makeTempDirSync({ prefix: "tunemark-" });
await writeSmallModel(`${folder}/model`);
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

function optionsFor(name: string, change: Partial<BenchOptions> = {}): BenchOptions {
  return {
    settings: ["in_domain", "out_of_domain", "weight_distance"],
    profile: "smoke",
    modelDir: `${folder}/model`,
    dataDir: new URL("../../fixtures/data", import.meta.url).pathname,
    seeds: 1,
    outDir: `${folder}/${name}`,
    only: { task: "sentiment", size: "32" },
    operands: "12bit",
    workers: 1,
    evaluationBatch: 8,
    dryRun: false,
    ...change,
  };
}

/** All files of a run that must not vary, by path. */
async function filesOf(directory: string, prefix = ""): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${directory}/${prefix}`)) {
    const path = `${prefix}${name}`;
    if (isDirectory) found.push(...Object.entries(await filesOf(directory, `${path}/`)));
    else if (name !== "provenance.json" && name !== ".lock") {
      const bytes = await Deno.readFile(`${directory}/${path}`);
      found.push([path, new TextDecoder("latin1").decode(bytes)]);
    }
  }
  return Object.fromEntries(found.sort());
}

async function filesAfter(options: BenchOptions): Promise<Record<string, string>> {
  const reasons: (string | null)[] = [];
  await bench(options, ({ stage, reason }) => {
    if (stage === "failed") reasons.push(reason);
  });
  assertEquals(reasons, []);
  return await filesOf(options.outDir);
}

let once: Promise<Record<string, string>> | undefined;
const reference = () => once ??= filesAfter(optionsFor("reference"));

const equal: readonly [string, Partial<BenchOptions>][] = [
  ["Two runs write the same bytes", {}],
  ["Decoding one prompt at a time writes the same bytes as eight together", { evaluationBatch: 1 }],
  ["An optimizer batch cut into micro-batches writes the same bytes as a whole one", { microBatchTokens: 600 }],
];
equal.forEach(([name, change], i) =>
  gpuTest(name, async () => {
    const files = await reference();
    assertEquals(Object.keys(files).length, 1 + 4 + 2);
    assertEquals(await filesAfter(optionsFor(`changed${i}`, change)), files);
  })
);

gpuTest("One worker and two write the same bytes", async () => {
  const only = { task: "sentiment", method: "ft", set: "amazon", shots: "0" };
  const one = await filesAfter(optionsFor("one", { only }));
  assertEquals(Object.keys(one).length, 1 + 3 * 4 + 3 * 2);
  assertEquals(await filesAfter(optionsFor("two", { only, workers: 2 })), one);
});

gpuTest("A run killed in the middle of a cell and started again writes the same bytes", async () => {
  const change = {
    profile: "quick",
    only: { task: "sentiment", method: "ft", size: "600", set: "amazon", shots: "0" },
  } as const;
  const whole = await filesAfter(optionsFor("whole", change));
  const options = optionsFor("killed", change);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      new URL("./run_bench.ts", import.meta.url).pathname,
      JSON.stringify(options),
    ],
    env: { TUNEMARK_TUNE: "off" },
    stderr: "null",
  }).spawn();
  const [id] = Object.keys(whole).filter((path) => path.endsWith("/result.json")).map((path) => path.split("/")[1]);
  const cell = `${options.outDir}/cells/${id}`;
  const [model] = Object.keys(whole).filter((path) => path.endsWith("/training.json")).map((path) =>
    path.split("/")[1]
  );
  const checkpoint = `${options.outDir}/models/${model}/checkpoint`;
  while (!await exists(checkpoint)) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await child.status;
  assert(!await exists(`${cell}/result.json`));
  assertEquals(await filesAfter(options), whole);
  assertEquals(JSON.parse(await Deno.readTextFile(`${cell}/provenance.json`)).restarts, 1);
  assert(!await exists(checkpoint));
});

gpuTest(
  "What is asked for later, of a model kept in the run folder, has the same bytes as asked for at once",
  async () => {
    const only = { task: "sentiment", method: "ft", size: "16", shots: "0" };
    const settings = ["in_domain", "cross_task"];
    const whole = await filesAfter(optionsFor("at_once", { settings, only }));
    assertEquals(Object.keys(whole).filter((path) => path.endsWith("/training.json")).length, 1);
    await filesAfter(optionsFor("later", { settings: ["in_domain"], only }));
    assertEquals(await filesAfter(optionsFor("later", { settings, only })), whole);
  },
);

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
