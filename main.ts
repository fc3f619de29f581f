/**
 * The command line: flags in, rooms called, nothing else. Rooms are imported when their command runs, so that a wrong flag is told at once.
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "./benchmarks/mod.ts";
import type { Operands, Profile } from "./benchmarks/types.ts";
import type { Gpu } from "./kernels/gpu/device.ts";
import type { selfcheck as check } from "./kernels/selfcheck.ts";
import { closest, pairs, parseCommandLine, type Request, UsageError } from "./command_line.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

type Selfcheck = Awaited<ReturnType<typeof check>>;

const exitCode = { failed: 1, usage: 3, interrupted: 130 } as const;

/** Path of a file of this checkout. */
function ownPath(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

async function benchOptions(request: Request, signal: AbortSignal): Promise<BenchOptions> {
  const { values, switches } = request;
  const { workers } = values;
  const { resolveModel } = await import("./models/checkpoint.ts");
  const inputWords = values["input-words"];
  const microBatchTokens = values["micro-batch-tokens"];
  return {
    settings: [...request.operands],
    profile: values.profile as Profile,
    modelDir: values.model === undefined ? ownPath("fixtures/model") : resolveModel(values.model),
    ...(values.model === undefined ? { modelName: "embedded" } : {}),
    dataDir: values.data ?? ownPath("fixtures/data"),
    ...(values.data === undefined ? { dataName: "embedded" } : {}),
    ...(inputWords === undefined ? {} : { inputWords: Number(inputWords) }),
    seeds: Number(values.seeds),
    outDir: values.out ?? `runs/${values.profile}`,
    only: values.only === undefined ? {} : pairs(values.only),
    operands: values.operands as Operands,
    ...(workers === undefined ? {} : { workers: Number(workers) }),
    evaluationBatch: Number(values["evaluation-batch"]),
    ...(microBatchTokens === undefined ? {} : { microBatchTokens: Number(microBatchTokens) }),
    dryRun: switches["dry-run"] === true,
    signal,
  };
}

async function checkSelection(names: readonly string[], only: Readonly<Record<string, string>>): Promise<void> {
  const { allSettings, onlyKeys, settings } = await import("./benchmarks/mod.ts");
  for (const key of Object.keys(only)) {
    if ((onlyKeys as readonly string[]).includes(key)) continue;
    throw new UsageError(
      `--only ${key}: no such key (closest: ${closest(key, onlyKeys)}; all: ${onlyKeys.join(", ")})`,
    );
  }
  const known = [...Object.keys(settings), allSettings];
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UsageError(`unknown setting "${name}" (closest: ${closest(name, known)}; all: ${known.join(", ")})`);
  }
}

async function runBench(options: BenchOptions, terminal: Terminal): Promise<number> {
  const { bench, progressLine } = await import("./benchmarks/mod.ts");
  const { runDir, failed } = await bench(options, (progress) => {
    if (progress.stage === "failed") terminal.note(progressLine(progress));
    else terminal.progress(progressLine(progress));
  });
  options.signal?.throwIfAborted();
  const report = await renderReport(runDir, terminal);
  return failed > 0 ? exitCode.failed : report;
}

async function bench(request: Request, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const { dryRun, listRuns } = await import("./benchmarks/mod.ts");
  const options = await benchOptions(request, signal);
  await checkSelection(request.operands, options.only);
  if (request.switches.list) terminal.result(await listRuns(options, terminal.note));
  else if (options.dryRun) terminal.result(await dryRun(options));
  else return await runBench(options, terminal);
  return 0;
}

async function renderReport(runDir: string, terminal: Terminal): Promise<number> {
  const { writeReport } = await import("./reports/mod.ts");
  const { reportSha256, markdownPath, incomplete, failed } = await writeReport(runDir);
  if (failed > 0) terminal.note(`${failed} cells failed; the report says why`);
  if (incomplete > 0) terminal.note(`${incomplete} cells have no result yet`);
  terminal.result(`report ${markdownPath}\nsha256 ${reportSha256}`);
  return failed + incomplete > 0 ? exitCode.failed : 0;
}

async function diff(request: Request, terminal: Terminal): Promise<number> {
  const { diff } = await import("./reports/diff/mod.ts");
  const [a, b] = request.operands as [string, string];
  const { text, exitCode } = await diff(a, b, {
    format: request.values.format as "text" | "md" | "json",
    samples: request.switches.samples === true,
    failOn: request.values["fail-on"] as "regression" | "any",
  });
  terminal.result(text);
  return exitCode;
}

async function repro(terminal: Terminal, signal: AbortSignal): Promise<number> {
  const runDir = ownPath("runs/.repro");
  await Deno.remove(runDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const request = parseCommandLine(["bench", "--profile", "smoke", "--out", runDir]) as Request;
  const code = await runBench(await benchOptions(request, signal), terminal);
  if (code !== 0) return code;
  const { compareWithGolden } = await import("./reports/golden.ts");
  const { ok, text } = await compareWithGolden(runDir);
  terminal.result(text);
  return ok ? 0 : exitCode.failed;
}

/** Opens the GPU, tuned as the environment wishes, and checks its numerics for what `use` does, and closes it. */
async function withCheckedGpu<T>(use: (gpu: Gpu, checked: Selfcheck) => T | Promise<T>): Promise<T> {
  const { closeGpu, openGpu } = await import("./kernels/gpu/device.ts");
  const { selfcheck } = await import("./kernels/selfcheck.ts");
  const { openUsersTuning } = await import("./kernels/gpu/tuner.ts");
  const gpu = await openGpu();
  try {
    await openUsersTuning(gpu);
    return await use(gpu, await selfcheck(gpu));
  } finally {
    closeGpu(gpu);
  }
}

const limitsShown = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

async function selfcheck(request: Request, terminal: Terminal): Promise<number> {
  return await withCheckedGpu((gpu, { signature, adapter, rules }) => {
    const limits = Object.fromEntries(limitsShown.map((name) => [name, gpu.limits[name]]));
    if (request.switches.json) {
      terminal.result(JSON.stringify({ adapter, limits, signature, rules }, null, 2));
    } else {
      const facts = { ...adapter, ...limits, "numeric signature": signature };
      for (const [name, value] of Object.entries(facts)) terminal.result(`${name.padEnd(34)} ${value}`);
      for (const { name, tier, holds, detail } of rules) {
        terminal.result(`${holds ? "holds" : "FAILS"} ${name} (${tier})${detail === "" ? "" : `: ${detail}`}`);
      }
    }
    const broken = rules.filter((rule) => !rule.holds);
    for (const { name } of broken) terminal.note(`error: rule does not hold on this adapter: ${name}`);
    return broken.length > 0 ? exitCode.failed : 0;
  });
}

async function pretrain(request: Request, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const { steps, rows, replay } = request.values;
  const { scores = false } = request.switches;
  if (replay !== undefined && scores) throw new UsageError("--replay and --scores are two different things; give one");
  const outDir = request.values.out ?? ownPath("fixtures/model");
  const stepCount = steps === undefined ? {} : { steps: Number(steps) };
  if (replay !== undefined) return await replaySteps(outDir, Number(replay), stepCount, terminal, signal);
  const { pretrain, scoreModel } = await import("./fixtures/pretrain/mod.ts");
  await withCheckedGpu((gpu, { signature }) =>
    (scores ? scoreModel : pretrain)({
      gpu,
      numericSignature: signature,
      outDir,
      ...stepCount,
      scoreRows: Number(rows),
      signal,
      log: terminal.progress,
    })
  );
  signal.throwIfAborted();
  terminal.result(`model ${outDir}`);
  return 0;
}

/** Does steps of a recorded pre-training again; the exit code says whether they gave the recorded weights. */
async function replaySteps(
  modelDir: string,
  from: number,
  { steps }: { readonly steps?: number },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const { planReplay, replay } = await import("./fixtures/pretrain/mod.ts");
  const plan = await planReplay(modelDir, from, steps).catch((error) => {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  });
  return await withCheckedGpu(async (gpu, { signature }) => {
    const sha256 = await replay(plan, { gpu, signal, log: terminal.progress });
    const equal = sha256 === plan.recorded;
    terminal.result(`step ${plan.to} ${sha256} ${equal ? "as recorded" : `differs from ${plan.recorded}`}`);
    if (!equal && signature !== plan.numericSignature) {
      terminal.note(`this adapter's numeric signature is ${signature}, the run's was ${plan.numericSignature}`);
    }
    return equal ? 0 : exitCode.failed;
  });
}

/** Prints a set and some of its rows, or without a name all sets. */
async function showWorld([verb, name]: readonly string[], request: Request, terminal: Terminal): Promise<number> {
  if (verb !== "show") throw new UsageError(`unknown argument "${verb}" for world (closest: show)`);
  if (request.switches.check || request.values.out) throw new UsageError("world show takes --seed and --rows only");
  const { findSet, setList, setNames, showSet } = await import("./fixtures/world/show.ts");
  if (name === undefined) {
    terminal.result(setList());
    return 0;
  }
  const set = findSet(name);
  if (!set) {
    const names = setNames.filter((known) => known.includes("/") === name.includes("/"));
    throw new UsageError(`no set "${name}" (closest: ${closest(name, names)}; all: ${names.join(", ")})`);
  }
  const { rows, seed } = request.values;
  terminal.result(showSet(set, Number(rows ?? 3), seed === undefined ? undefined : Number(seed)));
  return 0;
}

const written = { missing: "written", differs: "rewritten", surplus: "removed" } as const;

async function world(request: Request, terminal: Terminal): Promise<number> {
  if (request.operands.length > 0) return await showWorld(request.operands, request, terminal);
  if (request.values.rows !== undefined) throw new UsageError("--rows goes with: world show NAME");
  const { writeWorld } = await import("./fixtures/world/mod.ts");
  const { out, seed } = request.values;
  const directory = out ?? ownPath("fixtures/data");
  const check = request.switches.check === true;
  const { files, ...found } = await writeWorld(directory, {
    check,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
  const differences = [...found.differences];
  if (out === undefined && seed === undefined) {
    const { writePage } = await import("./fixtures/world/show.ts");
    if (await writePage(check)) differences.push({ path: "../WORLD.md", difference: "differs" });
  }
  for (const { path, difference } of differences) {
    terminal.result(`${check ? difference : written[difference]} ${join(directory, path)}`);
  }
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  terminal.note(
    `${files.length} data files, ${rows} rows; ${differences.length} ${check ? "not as generated" : "changed"}`,
  );
  return check && differences.length > 0 ? exitCode.failed : 0;
}

async function convert(request: Request, terminal: Terminal): Promise<number> {
  const { convert, convertedText, datasetList } = await import("./fixtures/convert.ts");
  if (request.switches.list) {
    terminal.result(datasetList());
    return 0;
  }
  const [name, ...files] = request.operands;
  if (name === undefined) throw new UsageError("convert takes DATASET FILE ...; got none");
  const { datasets } = await import("./tasks/datasets/list.ts");
  const dataset = datasets.find((each) => each.name === name);
  if (dataset === undefined) {
    const names = datasets.map((each) => each.name);
    throw new UsageError(`unknown dataset "${name}" (closest: ${closest(name, names)}; all: ${names.join(", ")})`);
  }
  if (files.length === 0) throw new UsageError(`convert ${name} needs the files of the dataset; got none`);
  const { out: outDir, seed } = request.values;
  if (outDir === undefined) throw new UsageError("convert needs --out DIR: a data folder");
  const [train, test, fewShot] = ["train", "test", "few-shot"].map((flag) => Number(request.values[flag])) as [
    number,
    number,
    number,
  ];
  if (train + test + fewShot === 0) throw new UsageError("--train, --test and --few-shot are 0; one must be more");
  const force = request.switches.force === true;
  const converted = await convert(dataset, files, { outDir, train, test, fewShot, seed: Number(seed), force });
  terminal.result(convertedText(converted));
  return 0;
}

async function perf(request: Request, terminal: Terminal): Promise<number> {
  const { measure, perfPlan, reportText, scalingSvg } = await import("./perf/mod.ts");
  const { scaling = false, quick = false, json = false } = request.switches;
  const report = await withCheckedGpu((gpu) =>
    measure(gpu, perfPlan({ scaling, quick, card: !gpu.adapter.software }), terminal.progress)
  );
  if (scaling) {
    const path = request.values.out!;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, scalingSvg(report.scaling));
    terminal.note(`plot ${path}`);
  }
  terminal.result(json ? JSON.stringify(report, null, 2) : reportText(report));
  return 0;
}

async function run(request: Request, terminal: Terminal, signal: AbortSignal): Promise<number> {
  switch (request.command) {
    case "bench":
      return await bench(request, terminal, signal);
    case "report":
      return await renderReport(request.operands[0]!, terminal);
    case "diff":
      return await diff(request, terminal);
    case "repro":
      return await repro(terminal, signal);
    case "selfcheck":
      return await selfcheck(request, terminal);
    case "perf":
      return await perf(request, terminal);
    case "pretrain":
      return await pretrain(request, terminal, signal);
    case "convert":
      return await convert(request, terminal);
    default:
      return await world(request, terminal);
  }
}

/** Exit code of an error. `diff` keeps 1 for a regression, so there everything else that goes wrong is 3. */
function codeOf(error: Error, command: string | undefined): number {
  const usage = error instanceof UsageError || error.name === "NoAdapterError" || command === "diff";
  return usage ? exitCode.usage : exitCode.failed;
}

async function main(args: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (interrupt.signal.aborted) Deno.exit(exitCode.interrupted);
    interrupt.abort();
  });
  try {
    const request = parseCommandLine(args);
    if ("help" in request) {
      terminal.result(request.help);
      return 0;
    }
    return await run(request, terminal, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) {
      terminal.note("interrupted; run the same command again to go on");
      return exitCode.interrupted;
    }
    if (!(error instanceof Error)) throw error;
    terminal.note(`error: ${error.message}`);
    return codeOf(error, args[0]);
  } finally {
    terminal.close();
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
