/** Wrong calls of `pretrain`: each ends in one line, before any GPU is opened. */
import { assertEquals, assertMatch } from "@std/assert";
import { tunemark } from "./spawn.ts";

/** A folder that has the record of a run of 60 steps, with the state of step 40 stored. */
async function recordedRun(): Promise<string> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/milestones/step_40`, { recursive: true });
  const hash = "0".repeat(64);
  await Deno.writeTextFile(`${dir}/milestones/hashes.csv`, `step,weights_sha256\n20,${hash}\n40,${hash}\n60,${hash}\n`);
  await Deno.writeTextFile(
    `${dir}/milestones/run.json`,
    JSON.stringify({ recipe: { steps: 60 }, tokenizer: "", numericSignature: "", adapter: "", seconds: 1 }),
  );
  await Deno.writeTextFile(`${dir}/milestones/step_40/state.safetensors`, "");
  return dir;
}

const refused: [string[], number, RegExp][] = [
  [["--rows", "501"], 3, /^error: --rows is "501"; it must be an integer from 0 to 500 \(closest: 500\)\n$/],
  [["--steps", "0"], 3, /^error: --steps is "0"; it must be an integer from 1 to 1000000 \(closest: 1\)\n$/],
  [["--replay", "last"], 3, /^error: --replay is "last"; it must be an integer from 0 to 1000000\n$/],
  [["--replay", "40", "--scores"], 3, /^error: --replay and --scores are two different things; give one\n$/],
  [
    ["--replay", "50"],
    3,
    /^error: --replay is 50; no state of that step is stored: valid are 0, 40 \(0: the seed\)\n$/,
  ],
  [
    ["--replay", "40", "--steps", "21"],
    3,
    /^error: --steps is 21; the weights of step 61 are not recorded: it must be one of 1 from 20 to 20 \(closest: 20\)\n$/,
  ],
  [
    ["--replay", "0", "--steps", "50"],
    3,
    /^error: --steps is 50; .*: it must be one of 3 from 20 to 60 \(closest: 40, 60, 20\)\n$/,
  ],
];

for (const [args, code, message] of refused) {
  Deno.test(`"pretrain ${args.join(" ")}" ends with code ${code} and one line`, async () => {
    const dir = await recordedRun();
    const finished = await tunemark(["pretrain", "--out", dir, ...args]);
    await Deno.remove(dir, { recursive: true });
    assertMatch(finished.stderr, message);
    assertEquals({ code: finished.code, stdout: finished.stdout }, { code, stdout: "" });
  });
}
