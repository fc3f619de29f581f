import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { compareWithGolden } from "../../reports/golden.ts";
import { writeReport } from "../../reports/report.ts";
import { madeUpRun, setSamples, withRun, writable } from "./made_up_run.ts";

/** Writes the report of a made-up run, and hands its folder and an empty one for golden reports to a test. */
async function withGolden(use: (directory: string, golden: URL) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tunemark_golden_" });
  try {
    await withRun(madeUpRun(), async (directory) => {
      await writeReport(directory);
      await use(directory, new URL(`file://${folder}/`));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a report equal to its signature's golden one is ok", async () => {
  await withGolden(async (directory, golden) => {
    await Deno.copyFile(`${directory}/report.json`, new URL("0123456789abcdef.json", golden));
    const { ok, text } = await compareWithGolden(directory, golden);
    assertEquals([ok, text], [true, "report.json is the golden report 0123456789abcdef.json, byte for byte\n"]);
  });
});

Deno.test("a report that differs from its signature's golden one is not, and the text says where", async () => {
  await withGolden(async (directory, golden) => {
    await Deno.copyFile(`${directory}/report.json`, new URL("0123456789abcdef.json", golden));
    const changed = madeUpRun();
    const samples = structuredClone(changed.cells.aa.samples);
    writable(samples[3].statistics.rougeL).lcs += 1;
    setSamples(changed.cells.aa, samples);
    await withRun(changed, async (other) => {
      await writeReport(other);
      const { ok, text } = await compareWithGolden(other, golden);
      assertEquals(ok, false);
      assertStringIncludes(text, "first differing item row 4: lcs/predicted/target 5/10/12 -> 6/10/12");
      assertStringIncludes(text, "report.json differs from the golden report 0123456789abcdef.json\n");
    });
    const renamed = madeUpRun();
    writable(renamed.plan).absent = [];
    await withRun(renamed, async (other) => {
      await writeReport(other);
      const { ok, text } = await compareWithGolden(other, golden);
      assertEquals(ok, false);
      assertStringIncludes(text, "the files differ in what it does not read\n");
    });
  });
});

Deno.test("an unknown signature is compared by paired tests, and the text says how to add it", async () => {
  await withGolden(async (directory, golden) => {
    const unknown = `numeric signature 0123456789abcdef has no golden report; once the numbers are trusted, add it: ` +
      `cp ${directory}/report.json reports/golden/0123456789abcdef.json\n`;
    const alone = await compareWithGolden(directory, golden);
    assertEquals([alone.ok, alone.text], [false, `${unknown}there is no golden report to compare with\n`]);
    const missing = await compareWithGolden(directory, new URL("missing/", golden));
    assertEquals(missing.ok, false);

    const other = (await Deno.readTextFile(`${directory}/report.json`)).replaceAll(
      "0123456789abcdef",
      "fedcba9876543210",
    );
    await Deno.writeTextFile(new URL("fedcba9876543210.json", golden), other);
    const { ok, text } = await compareWithGolden(directory, golden);
    assertEquals(ok, true);
    assertStringIncludes(text, "3 cells compared by paired tests");
    assertStringIncludes(text, "= 14  + 0  - 0  ~ 0  x 0  ? 0  no change\n");
    assertEquals(text.endsWith(unknown), true);
  });
});

Deno.test("a run without a report, or with one that is no report, is an error", async () => {
  await withRun(madeUpRun(), async (directory) => {
    const path = `${directory}/report.json`;
    const message = async () => (await assertRejects(() => compareWithGolden(directory), Error)).message;
    assertEquals(await message(), `${path}: does not exist; a run's report must be written first`);
    await Deno.writeTextFile(path, '{"schema": "tunemark.report/0"}');
    assertEquals(await message(), `${path}: field "schema" must be "tunemark.report/1", found "tunemark.report/0"`);
  });
  const none = madeUpRun();
  for (const cell of Object.values(none.cells)) cell.result = null;
  await withRun(none, async (directory) => {
    await writeReport(directory);
    await assertRejects(
      () => compareWithGolden(directory),
      Error,
      "a golden report needs cells of one numeric signature, found 0",
    );
  });
});
