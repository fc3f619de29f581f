/**
 * Reports: what a run's result files say, as tables with intervals, the same bytes every time; comparisons of two runs; the golden reports.
 * Nothing here touches a GPU.
 * @module
 */
export { type WrittenReport, writeReport } from "./report.ts";
