/**
 * The P paper's own numbers on its data, 0-100, single runs, as printed: mT5 XXL's (Tables 2 to 6, 9 to 11 and 15), and those of its other
 * models (Tables 12 to 14).
 * @module
 */
import type { ArmName } from "./promot_arms.ts";

/** Scores of models, by name. */
export type ArmScores = Readonly<Partial<Record<ArmName, number>>>;

/** Tables 2 and 9: scores on the set tuned on. */
export const supervised: Readonly<Record<string, ArmScores>> = {
  rte: { pretrained: 47.65, prompt_tuning: 91.34, ft: 92.06, promot: 92.78, prompt_tuning_1: 92.78, promot_1: 93.86 },
  enfr: { pretrained: 1.98, prompt_tuning: 39.28, ft: 41.8, promot: 41.3, prompt_tuning_1: 39.41, promot_1: 41.19 },
  snli: { pretrained: 1.32, prompt_tuning: 88.53, ft: 88.91, promot: 89.62 },
  openbookqa: { pretrained: 0, prompt_tuning: 73.6, ft: 77.2, promot: 81.6 },
};

/** The eight sets shown in context, in the paper's order. */
export const contextSets = ["cb", "wic", "triviaqa", "webquestions", "ende", "enro", "xsum", "wikilingua"] as const;

/**
 * Scores of one model at one shot count: its "Norm. Avg", then the eight sets in order, which may be left out where they are all about 0. The
 * paper says of Norm. Avg only that it is of normalized preferred metrics; by its numbers it is the plain mean of the eight.
 */
export type ContextScores = readonly [average: number, ...eight: number[]];

/** Scores of models at one and at four shots; null where the paper gives none. */
export type ContextTable = Readonly<
  Partial<Record<ArmName, readonly [one: ContextScores | null, four: ContextScores | null]>>
>;

const pretrained = [
  [17.52, 46.43, 49.69, 17.58, 9.7, 3.97, 1.82, 6.41, 4.59],
  [18.75, 51.79, 49.69, 19.02, 13.04, 8.83, 3.92, 2.35, 1.33],
] as const;

const promotOneShotRte: ContextScores = [22.26, 83.93, 51.25, 17.82, 10.14, 2.26, 0.87, 6.94, 4.87];

/** Table 3: after tuning on RTE. */
export const afterRte: ContextTable = {
  pretrained,
  ft: [[15.43, 73.21, 50, 0.15, 0.05, 0, 0, 0, 0], [16.56, 82.14, 50.16, 0.11, 0.05, 0, 0, 0, 0]],
  promot: [
    [20.1, 66.07, 51.41, 17.64, 11.07, 2.02, 0.7, 7.02, 4.84],
    [21.24, 67.86, 53.61, 18.66, 13.19, 3.69, 0.96, 7.01, 4.9],
  ],
  promot_1: [promotOneShotRte, [22.33, 82.14, 50.63, 19.62, 12.11, 4.89, 1.87, 3.93, 3.43]],
};

/** Table 4: after tuning on WMT14 English to French. */
export const afterEnFr: ContextTable = {
  pretrained,
  ft: [
    [9.15, 16.07, 50.63, 3.2, 0.89, 0.81, 1.53, 0.05, 0.03],
    [11.67, 32.14, 49.06, 3.15, 6.15, 0.18, 0.42, 1.86, 0.43],
  ],
  promot: [
    [18.87, 41.07, 50.16, 13.63, 9.4, 15.52, 18.54, 1.49, 1.14],
    [20.64, 57.14, 50.31, 15.2, 7.92, 15.55, 17.8, 0.65, 0.52],
  ],
  promot_1: [
    [19.91, 41.07, 49.84, 16.93, 10.14, 16.14, 17.57, 3.41, 4.22],
    [21.99, 53.57, 50.63, 18.19, 12.01, 15.63, 16.81, 4.36, 4.73],
  ],
};

/** Tables 5 and 11: after tuning on both at once. */
export const afterBoth: ContextTable = {
  pretrained,
  ft: [
    [20.06, 80.36, 51.1, 15.76, 9.7, 0.88, 1.52, 0.44, 0.72],
    [20.81, 82.14, 52.82, 17.75, 12.25, 0.24, 0.54, 0.34, 0.39],
  ],
  promot: [
    [25.88, 83.93, 51.41, 16.99, 10.04, 18.83, 18.41, 4.5, 2.89],
    [26.31, 78.57, 52.5, 22.26, 12.5, 18.84, 18.81, 5.04, 1.92],
  ],
  ft_1: [[22.62, 87.5, 53.29, 16.53, 9.4, 2.5, 5.62, 1.82, 4.33], null],
  promot_1: [[26.17, 85.71, 52.04, 17.18, 10.38, 17.57, 18.57, 4.32, 3.56], null],
};

/** Table 5: scores on the two sets tuned on. */
export const bothSupervised: Readonly<Record<string, ArmScores>> = {
  rte: { pretrained: 47.65, ft: 90.25, promot: 91.34, ft_1: 91.7, promot_1: 93.14 },
  enfr: { pretrained: 1.98, ft: 41.34, promot: 40.73, ft_1: 40.87, promot_1: 40.55 },
};

/** Table 6: ablations on RTE; the averages are plain means of its eight numbers. */
export const ablationsRte: ContextTable = {
  joint: [[16.97, 83.93, 50.47, 0.75, 0.64, 0, 0, 0, 0], null],
  ft_1: [[16.25, 78.57, 51.41, 0.03, 0, 0, 0, 0, 0], null],
  random_prompt: [[17.1, 83.93, 51.72, 0.83, 0.3, 0, 0, 0, 0], null],
  promot_1: [promotOneShotRte, null],
};

/** Table 6: scores on RTE. */
export const ablationsSupervised: Readonly<Record<string, ArmScores>> = {
  rte: { joint: 90.97, ft_1: 90.97, random_prompt: 92.06, promot_1: 93.86 },
};

/** Table 15: LoRA in the prompt's place, on English to French; of its eight sets only their plain means are given here. */
export const loraEnFr: { readonly supervised: ArmScores; readonly average: ArmScores } = {
  supervised: { lora_2: 39.09, lora_4: 39.97, promot: 41.19 },
  average: { lora_2: 11.5, lora_4: 11.4, promot: 18.9 },
};

/** Table 10: after tuning on SNLI, and on OpenbookQA, at one shot. Of FT on OpenbookQA all eight scores are about 0. */
export const afterFurther: Readonly<Record<"snli" | "openbookqa", ContextTable>> = {
  snli: {
    pretrained: [pretrained[0], null],
    ft: [[16.2, 69.64, 53.29, 4.54, 2.12, 0, 0, 0, 0], null],
    promot: [[19.83, 62.5, 51.25, 20.56, 9.94, 2.48, 0.9, 6.58, 4.39], null],
  },
  openbookqa: {
    pretrained: [pretrained[0], null],
    ft: [[0], null],
    promot: [[17.4, 41.07, 50, 21.1, 10.53, 2.8, 1.04, 7.48, 5.2], null],
  },
};

/** What the paper gives of another base model at one shot: by row, the set tuned on, the average or one of the eight, then by model. */
export interface OtherModel {
  /** The base model. */
  readonly model: string;
  /** Where the numbers stand. */
  readonly source: string;
  /** Scores by row. */
  readonly scores: Readonly<Record<string, ArmScores>>;
}

/** Table 12: another encoder-decoder, tuned on RTE. */
export const otherAfterRte: readonly OtherModel[] = [{
  model: "T5.1.1 XXL",
  source: "P Table 12",
  scores: {
    rte: { prompt_tuning: 91.7, ft: 93.5, promot: 93.14 },
    average: { pretrained: 19.75, ft: 14.07, promot: 22.23 },
    cb: { pretrained: 55.36, ft: 62.5, promot: 73.21 },
    triviaqa: { pretrained: 34.15, ft: 0.02, promot: 33.86 },
    webquestions: { pretrained: 16.04, ft: 0, promot: 15.95 },
  },
}];

/** Tables 13 and 14: a smaller encoder-decoder and the paper's one decoder-only model, tuned on English to French. */
export const otherAfterEnFr: readonly OtherModel[] = [
  {
    model: "mT5 XL",
    source: "P Table 13",
    scores: {
      enfr: { prompt_tuning: 32.47, ft: 35.84, promot: 36.46 },
      average: { pretrained: 13.59, ft: 8.61, promot: 14.4 },
      triviaqa: { pretrained: 12.13, ft: 0.83, promot: 8.81 },
      ende: { pretrained: 2.56, ft: 0.63, promot: 7.69 },
      enro: { pretrained: 1.52, ft: 1.2, promot: 10.4 },
    },
  },
  {
    model: "PaLM 8b, decoder-only",
    source: "P Table 14",
    scores: {
      enfr: { prompt_tuning: 13.62, ft: 33.04, promot: 32.02 },
      average: { pretrained: 26.09, ft: 17.8, promot: 22.37 },
      cb: { pretrained: 46.43, ft: 32.14, promot: 33.93 },
      triviaqa: { pretrained: 44.69, ft: 37.09, promot: 42.11 },
      webquestions: { pretrained: 13.02, ft: 11.91, promot: 13.01 },
      ende: { pretrained: 23.85, ft: 3.77, promot: 19.33 },
      enro: { pretrained: 19.89, ft: 4.02, promot: 13.18 },
      xsum: { pretrained: 5.57, ft: 2.29, promot: 2.9 },
      wikilingua: { pretrained: 5.59, ft: 3.14, promot: 4.77 },
    },
  },
];

/**
 * Figure 7, read off the plot: cosines of the gradient on RTE with that on shuffled labels in the last decoder layer of mT5 XXL, after 0, 100, 200,
 * 300 and 400 steps of FT, by kind of module.
 */
export const gradientCosines: Readonly<Record<string, readonly number[]>> = {
  MLP: [0.98, 0.85, 0.87, 0.76, 0.1],
  query: [0.96, 0.67, 0.58, 0.56, 0.08],
  key: [0.99, 0.82, 0.8, 0.73, 0.05],
  value: [0.99, 0.95, 0.96, 0.74, 0.2],
};
