/** A trained checkpoint put to U's own files, end to end: real text through prompts, training, scoring and the report. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bench, type BenchOptions, type CellResult, planRun, type Sample } from "../../benchmarks/mod.ts";
import { openData } from "../../benchmarks/data.ts";
import { encodeExamples, encodePrompt } from "../../benchmarks/examples.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { writeReport } from "../../reports/mod.ts";
import { findTask, renderContext } from "../../tasks/mod.ts";
import { methodOf } from "../../training/methods/mod.ts";
import { sharedData, testWithSharedData } from "../shared_data.ts";

/** Words of each input text with which U's files fit the small checkpoint's context of 512 tokens at the smoke profile, as the README has it. */
const wordsThatFit = 12;

/** All of U's settings at the smoke profile. */
function smoke(dataDir: string): BenchOptions {
  return {
    settings: [],
    profile: "smoke",
    modelDir: sharedData("models/stories260K/hf")!,
    dataDir,
    seeds: 1,
    outDir: "unused",
    only: {},
    operands: "12bit",
    workers: 1,
    evaluationBatch: 64,
    dryRun: false,
  };
}

/** Runs settings at the smoke profile; results of its cells, and the report. */
async function run(dataDir: string, settings: string[], only: Record<string, string>, inputWords?: number) {
  const outDir = await Deno.makeTempDir();
  try {
    const words = inputWords === undefined ? {} : { inputWords };
    const { plan, failed } = await bench({ ...smoke(dataDir), settings, ...words, outDir, only });
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

testWithSharedData(
  "with shorter texts they leave room, and the report says how long texts are",
  "ft-llm",
  async (dataDir) => {
    const only = { task: "detection", method: "fticl" };
    const { cells, failed, markdown } = await run(
      dataDir,
      ["training_loss", "fticl_classification"],
      only,
      wordsThatFit,
    );
    assertEquals(failed, 0);
    assert(cells.length > 1);
    for (const { result } of cells) {
      assertEquals([result.status, result.train!.truncated], ["ok", 0]);
      assert(Number(result.train!.finalLoss) < Number(result.train!.firstLoss));
      for (const { truncated } of result.evaluations) assertEquals(truncated, 0);
    }
    assertMatch(markdown, new RegExp(`\\n- Data: ft-llm .*; input texts cut after ${wordsThatFit} words\\n`));
    assert(markdown.includes(` --input-words ${wordsThatFit} --only `));
  },
);

testWithSharedData("so cut, all that U's settings train on and ask fits the context", "ft-llm", async (dataDir) => {
  const { plan, specs } = await planRun({ ...smoke(dataDir), inputWords: wordsThatFit });
  assertEquals([plan.inputWords, specs.size, plan.absent], [wordsThatFit, 81, []]);
  const data = openData(dataDir, wordsThatFit);
  const { tokenizer, config: { maxPositions }, close } = await loadCheckpoint(smoke(dataDir).modelDir);
  let examined = 0;
  for (const { train, method, evaluations } of specs.values()) {
    if (train !== null) {
      const task = findTask(train.task);
      const { rows } = await data.train(task, train.set, train.size);
      const shown = (await data.demonstrations(task, train.set, methodOf(method).demonstrations(method))).rows;
      const { examples, truncated } = encodeExamples(tokenizer, task, train.format, shown, rows, maxPositions);
      assertEquals([examples.length, truncated], [train.size, 0]);
      examined += examples.length;
    }
    for (const { task: name, set, format, shots, rows: count, maxNewTokens } of evaluations) {
      const task = findTask(name);
      const demonstrations = (await data.demonstrations(task, set, shots)).rows;
      for (const row of (await data.test(task, set, count)).rows) {
        const text = renderContext(task, format, demonstrations, row);
        assertEquals(encodePrompt(tokenizer, text, maxPositions - maxNewTokens).truncated, false);
        examined++;
      }
    }
  }
  assert(examined > 2000);
  close();
});
