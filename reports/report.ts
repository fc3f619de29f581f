/**
 * Writes a run's report: from result files alone, the same bytes every time.
 * @module
 */
import { buildReport } from "./build.ts";
import { reportCsv } from "./csv.ts";
import { reportMarkdown } from "./markdown.ts";
import { readRun } from "./read_run.ts";
import { canonicalJson, sha256, writeWhole } from "./text.ts";

/** What was written. */
export interface WrittenReport {
  /** SHA-256 of `report.json`: equal for equal reports, so that one line tells. */
  readonly reportSha256: string;
  /** Path of `report.md`. */
  readonly markdownPath: string;
  /** Planned cells without a result. */
  readonly incomplete: number;
  /** Cells that failed. */
  readonly failed: number;
}

/**
 * Reads a run's folder and writes `report.json`, `report.md` and `report.csv` into it, each whole or not at all.
 * @throws naming file and field, where a result file is not as it must be; naming the path, where a report cannot be written
 */
export async function writeReport(runDir: string): Promise<WrittenReport> {
  const report = await buildReport(await readRun(runDir));
  const json = canonicalJson(report);
  const markdownPath = `${runDir}/report.md`;
  await writeWhole(`${runDir}/report.json`, json);
  await writeWhole(markdownPath, reportMarkdown(report));
  await writeWhole(`${runDir}/report.csv`, reportCsv(report));
  return {
    reportSha256: await sha256(json),
    markdownPath,
    incomplete: report.cells.filter(({ status }) => status === "missing").length,
    failed: report.cells.filter(({ status }) => status === "failed").length,
  };
}
