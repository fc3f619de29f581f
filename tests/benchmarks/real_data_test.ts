/** A trained checkpoint put to U's own files, end to end: real text through prompts, training, scoring and the report. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bench, type CellResult, type Sample } from "../../benchmarks/mod.ts";
import { findTask } from "../../tasks/mod.ts";
import { openData } from "../../benchmarks/data.ts";
import { writeReport } from "../../reports/mod.ts";
import { sharedData, testWithSharedData } from "../shared_data.ts";

/** Runs settings at the smoke profile; results of its cells, and the report. */
async function run(dataDir: string, settings: string[], only: Record<string, string>) {
  const outDir = await Deno.makeTempDir();
  try {
    const { plan, failed } = await bench({
      settings,
      profile: "smoke",
      modelDir: sharedData("models/stories260K/hf")!,
      dataDir,
      seeds: 1,
      outDir,
      only,
      operands: "12bit",
      workers: 1,
      evaluationBatch: 64,
      dryRun: false,
    });
    const cells = plan.cells.map(({ id }) => {
      const read = (name: string) => Deno.readTextFileSync(`${outDir}/cells/${id}/${name}`);
      const result: CellResult = JSON.parse(read("result.json"));
      const lines = result.status === "ok" ? read("samples.jsonl").trimEnd().split("\n") : [];
      return { result, samples: lines.map((line): Sample => JSON.parse(line)) };
    });
    const { markdownPath } = await writeReport(outDir);
    return { cells, failed, markdown: await Deno.readTextFile(markdownPath) };
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
}

testWithSharedData("a model is tuned on U's own rows and put to another set", "ft-llm", async (dataDir) => {
  const only = { task: "question", size: "16", set: "sciqa" };
  const { cells, failed, markdown } = await run(dataDir, ["out_of_domain"], only);
  assertEquals([cells.length, failed], [1, 0]);
  const [{ result, samples }] = cells;
  assert(Number(result.train!.finalLoss) < Number(result.train!.firstLoss));
  assertEquals(result.evaluations.map(({ set, shots, n }) => `${set} ${shots} ${n}`), ["sciqa 0 4", "sciqa 1 4"]);
  const { rows } = await openData(dataDir).test(findTask("question"), "sciqa", 4);
  const told = samples.filter(({ shots }) => shots === 0);
  assertEquals(told.map(({ reference }) => reference), rows.map(({ output }) => output));
  assert(samples.some(({ output }) => output !== ""));
  const cut = result.evaluations.filter(({ truncated }) => truncated > 0);
  for (const { set, shots, truncated, n } of cut) {
    assertMatch(markdown, new RegExp(`question/${set} +\\| +1 \\| +${shots} \\| ${truncated} of ${n} `));
  }
});

testWithSharedData("demonstrations that leave no room for a label fail with the reason", "ft-llm", async (dataDir) => {
  const only = { task: "detection", method: "fticl" };
  const { cells, failed, markdown } = await run(dataDir, ["training_loss"], only);
  assertEquals([cells.length, failed], [1, 1]);
  const [{ result }] = cells;
  assertMatch(
    result.reason!,
    /^all 16 examples of optimizer step 1 lost their whole target to the limit of 512 tokens; /,
  );
  assert(markdown.includes(result.reason!));
});
