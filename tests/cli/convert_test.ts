/** `convert` as its users call it. */
import { assertEquals } from "@std/assert";
import { withFiles } from "../tasks/datasets_files.ts";
import { tunemark } from "./spawn.ts";

Deno.test("convert writes a dataset's rows and prints how many of each label", async () => {
  const lines = Array.from({ length: 12 }, (_, i) => `sentence ${i}\t${i % 2}`);
  await withFiles({ "dev.tsv": lines.join("\n") + "\n" }, async (folder) => {
    const out = `${folder}/data`;
    const call = ["convert", "sst2", `${folder}/dev.tsv`, "--out", out, "--test", "10", "--few-shot", "2"];
    const { code, stdout, stderr } = await tunemark(call);
    assertEquals([code, stderr], [0, ""]);
    const [test, fewShot, read] = stdout.trimEnd().split("\n");
    assertEquals(test, `${out}/sentiment/sst2_test_10.json  10 rows: positive 5, negative 5`);
    assertEquals(fewShot, `${out}/sentiment/few_shot/sst2_few_shot.json  2 rows: positive 1, negative 1`);
    assertEquals(read, "12 records read");
    const again = await tunemark(call);
    assertEquals(again.code, 1);
    const there = `error: ${out}/sentiment/sst2_test_10.json is there already`;
    assertEquals(again.stderr, `${there}; valid: another --out, or --force to replace it\n`);
  });
});

const wrong: [string[], string][] = [
  [[], "convert takes DATASET FILE ...; got none"],
  [["sst2"], "convert sst2 needs the files of the dataset; got none"],
  [["sst2", "a.tsv"], "convert needs --out DIR: a data folder"],
  [
    ["sst2", "a.tsv", "--out", "d", "--test", "0", "--few-shot", "0"],
    "--train, --test and --few-shot are 0; one must be more",
  ],
];

for (const [args, message] of wrong) {
  Deno.test(`the call "convert ${args.join(" ")}" is refused`, async () => {
    const { code, stderr } = await tunemark(["convert", ...args]);
    assertEquals([code, stderr], [3, `error: ${message}\n`]);
  });
}
