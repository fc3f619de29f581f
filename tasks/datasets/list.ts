/**
 * All datasets whose publishers' files can be read.
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { nliDatasets } from "./nli_sets.ts";
import { paraphraseDatasets } from "./paraphrase_sets.ts";
import { promotDatasets } from "./promot_sets.ts";
import { questionDatasets } from "./question_sets.ts";
import { sentimentDatasets } from "./sentiment_sets.ts";
import { summaryDatasets } from "./summary_sets.ts";

export type { DatasetRow } from "../types.ts";
export type { Cell, Values } from "./cells.ts";
export type { Dataset, Layout, PlainFormat } from "./dataset.ts";
export { type DatasetEntry, readDataset } from "./read_dataset.ts";

/** All datasets, task by task. */
export const datasets: readonly Dataset[] = [
  ...summaryDatasets,
  ...questionDatasets,
  ...sentimentDatasets,
  ...paraphraseDatasets,
  ...nliDatasets,
  ...promotDatasets,
];
