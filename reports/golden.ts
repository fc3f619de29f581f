/**
 * The golden reports: what the smoke profile gives, committed once for each numeric signature it was seen with.
 * @module
 */
import { compare } from "./diff/compare.ts";
import { diffText } from "./diff/render.ts";
import { parseReport, type Source } from "./diff/sources.ts";
import type { Report } from "./model.ts";
import { message, shortHash } from "./text.ts";

/** Whether a run gives the golden report, and what to tell. */
export interface GoldenOutcome {
  /** Known signature: the bytes are equal. Unknown one: no regression, and nothing that cannot be compared. */
  readonly ok: boolean;
  /** Ends with a line end. */
  readonly text: string;
}

async function readOptional(path: string | URL): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw new Error(`cannot read ${path}: ${message(cause)}`, { cause });
  }
}

async function goldenNames(folder: URL): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".json")) names.push(name);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw new Error(`cannot read ${folder}: ${message(cause)}`, { cause });
    }
  }
  return names.sort();
}

/** The name a run's golden report has: 16 hex digits of its numeric signature. */
function goldenName({ numericSignatures }: Report, path: string): string {
  if (numericSignatures.length !== 1) {
    throw new Error(`${path}: a golden report needs cells of one numeric signature, found ${numericSignatures.length}`);
  }
  return `${shortHash(numericSignatures[0])}.json`;
}

/**
 * Compares a run's written `report.json` with the committed golden one.
 *
 * Where the numeric signature has a golden report, the bytes must be equal; if they are not, the text says where they part. Where it has none,
 * the text says so and how to add it, and the run is compared with the first golden report there is by paired statistics.
 *
 * @param folder Where golden reports lie, ending in a slash; by default beside this file.
 * @throws where the run has no `report.json`, or one that is not as it must be
 */
export async function compareWithGolden(
  runDir: string,
  folder: URL = new URL("./golden/", import.meta.url),
): Promise<GoldenOutcome> {
  const path = `${runDir}/report.json`;
  const own = await readOptional(path);
  if (own === null) throw new Error(`${path}: does not exist; a run's report must be written first`);
  const report = parseReport(own, path);
  const name = goldenName(report, path);
  const run: Source = { name: runDir, report, directory: null };
  const golden = await readOptional(new URL(name, folder));
  if (golden === own) return { ok: true, text: `report.json is the golden report ${name}, byte for byte\n` };
  if (golden !== null) {
    const found = await differences(golden, name, run);
    const where = found.same
      ? "the comparison finds all values equal: the files differ in what it does not read\n"
      : "";
    return { ok: false, text: `${found.text}${where}report.json differs from the golden report ${name}\n` };
  }

  const unknown = `numeric signature ${shortHash(report.numericSignatures[0])} has no golden report; ` +
    `once the numbers are trusted, add it: cp ${path} reports/golden/${name}\n`;
  const [other] = await goldenNames(folder);
  if (other === undefined) return { ok: false, text: `${unknown}there is no golden report to compare with\n` };
  const found = await differences((await readOptional(new URL(other, folder)))!, other, run);
  return { ok: found.ok, text: `${found.text}${unknown}` };
}

async function differences(golden: string, name: string, run: Source): Promise<GoldenOutcome & { same: boolean }> {
  const source: Source = { name: `reports/golden/${name}`, report: parseReport(golden, name), directory: null };
  const result = await compare(source, run, { samples: false, failOn: "regression" });
  return { ok: result.exitCode === 0, same: result.verdict === "no change", text: diffText(result) };
}
