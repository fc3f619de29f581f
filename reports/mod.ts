/**
 * Reports: what a run's result files say, as tables with intervals, the same bytes every time; comparisons of two runs; the golden reports.
 * Nothing here touches a GPU.
 * @module
 */
export { writeReport, type WrittenReport } from "./report.ts";
export { diff, type DiffOptions, type DiffOutcome, UsageError } from "./diff/mod.ts";
export { compareWithGolden, type GoldenOutcome } from "./golden.ts";
