/**
 * The U paper's own numbers, on Llama-2-7b and its data: Figures 1 to 7 read off the images (ROUGE-L within 0.3, accuracy to the
 * nearest of its 250 rows, or within 1 where markers hide each other), and the weight distances of section 5.3 from its text.
 * @module
 */

/** Curves of one test set: scores in 0..100 by training size (none, 2,000, 4,000, 6,000), then by shot count; null where not given. */
export interface PaperCurves {
  readonly shots: readonly number[];
  readonly bySize: readonly [PaperCurve, PaperCurve, PaperCurve, PaperCurve];
}

/** Scores at each shot count. */
export type PaperCurve = readonly (number | null)[];

/** U Figure 1: test sets of the training task's own domain. */
export const figure1: Readonly<Record<string, PaperCurves>> = {
  xsum: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 20.2, 30.9, 32.4],
      [32.6, 32.1, 32.1, 31.5],
      [33.1, 30.6, 31.4, 32.4],
      [33.7, 30.4, 31.5, 31.8],
    ],
  },
  xlsum: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 15.0, 24.8, 27.6],
      [29.8, 28.9, 28.2, 29.2],
      [30.2, 28.6, 29.1, 29.3],
      [30.2, 29.2, 29.6, 30.5],
    ],
  },
  socialqa: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 31.8, 33.8, 39.8],
      [77.0, 69.3, 71.0, 74.0],
      [78.5, 75.2, 76.3, 76.7],
      [77.8, 72.6, 73.5, 75.5],
    ],
  },
  amazon: {
    shots: [0, 2, 4, 6],
    bySize: [
      [97.6, 98.4, 99.2, 98.8],
      [98.4, 88.0, 82.4, 94.0],
      [97.6, 93.2, 93.2, 98.8],
      [98.8, 93.2, 93.2, 98.8],
    ],
  },
  amazonfood: {
    shots: [0, 2, 4, 6],
    bySize: [
      [94.4, 97.2, 97.2, 96.8],
      [96.0, 97.2, 95.2, 92.4],
      [97.2, 95.6, 96.4, 96.0],
      [96.8, 96.0, 95.6, 96.8],
    ],
  },
  paws: {
    shots: [0, 2, 4, 6],
    bySize: [
      [48.0, 51.2, 47.2, 57.2],
      [81.6, 53.2, 53.6, 52.8],
      [93.2, 86.4, 87.6, 83.6],
      [93.2, 89.2, 91.2, 87.6],
    ],
  },
  multinli: {
    shots: [0, 3, 5, 7],
    bySize: [
      [34.4, 28.8, 34.8, 44.0],
      [87.2, 82.4, 82.8, 83.2],
      [87.2, 85.2, 86.8, 88.0],
      [88.8, 86.8, 87.6, 88.4],
    ],
  },
  multinli2: {
    shots: [0, 3, 5, 7],
    bySize: [
      [36.8, 34.0, 42.0, 50.0],
      [80.8, 78.4, 76.0, 76.8],
      [88.4, 85.2, 84.4, 82.0],
      [85.6, 84.0, 84.8, 84.8],
    ],
  },
};

/** U Figure 2: test sets of other domains, same task. */
export const figure2: Readonly<Record<string, PaperCurves>> = {
  pdfs: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 38.1, 39.8, 40.7],
      [20.5, 24.9, 36.2, 38.7],
      [21.1, 26.1, 32.9, 38.3],
      [18.9, 25.2, 34.8, 36.8],
    ],
  },
  cnn: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 25.5, 26.1, 26.8],
      [19.9, 20.1, 20.1, 20.0],
      [18.8, 18.6, 18.8, 19.7],
      [17.7, 18.0, 18.7, 19.3],
    ],
  },
  tweetqa: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 21.6, 29.8, 32.7],
      [13.1, 11.5, 11.4, 12.0],
      [11.6, 11.1, 11.4, 12.9],
      [11.0, 10.8, 10.7, 11.7],
    ],
  },
  sciqa: {
    shots: [0, 1, 2, 4],
    bySize: [
      [null, 29.5, 33.3, 33.4],
      [16.9, 17.4, 18.5, 18.7],
      [17.0, 15.5, 17.2, 17.8],
      [15.7, 15.8, 17.7, 18.2],
    ],
  },
  sst2: {
    shots: [0, 2, 4, 6],
    bySize: [
      [79.6, 86.8, 89.2, 88.4],
      [85.2, 78.4, 70.8, 87.2],
      [86.8, 86.4, 53.6, 67.2],
      [84.8, 68.0, 79.2, 87.6],
    ],
  },
  yelp: {
    shots: [0, 2, 4, 6],
    bySize: [
      [96.8, 96.4, 97.6, 96.8],
      [96.8, 94.4, 92.8, 96.0],
      [96.4, 96.0, 96.0, 96.4],
      [96.8, 94.8, 94.8, 97.0],
    ],
  },
  qqp: {
    shots: [0, 2, 4, 6],
    bySize: [
      [43.6, 60.4, 66.0, 65.6],
      [54.0, 60.4, 58.0, 57.6],
      [68.8, 64.0, 62.0, 62.8],
      [72.0, 75.2, 72.8, 72.8],
    ],
  },
  stsb: {
    shots: [0, 2, 4, 6],
    bySize: [
      [35.2, 72.4, 64.8, 71.6],
      [63.6, 69.2, 70.4, 66.8],
      [71.2, 73.6, 80.8, 82.8],
      [74.0, 78.8, 81.6, 80.8],
    ],
  },
  rte: {
    shots: [0, 3, 5, 7],
    bySize: [
      [44.4, 47.6, 48.4, 56.4],
      [70.0, 69.6, 71.6, 73.2],
      [71.6, 70.4, 71.2, 71.2],
      [75.6, 73.6, 73.2, 70.0],
    ],
  },
  gptnli: {
    shots: [0, 3, 5, 7],
    bySize: [
      [36.4, 29.2, 34.8, 44.4],
      [81.2, 80.8, 81.6, 81.6],
      [82.8, 83.6, 82.8, 83.2],
      [80.4, 81.2, 82.0, 81.6],
    ],
  },
};

/** Scores of models by the set that they were trained on, at each of `shots`; `none` is the untrained one. */
export interface CrossTaskPanel {
  /** The panel's letter. */
  readonly panel: string;
  readonly shots: readonly number[];
  readonly byTrainSet: Readonly<Record<string, PaperCurve>>;
}

/** U Figure 3, training size 2,000: by test set, then prompt format (1, 2). */
export const figure3: Readonly<Record<string, readonly [CrossTaskPanel, CrossTaskPanel]>> = {
  amazon: [
    {
      panel: "a",
      shots: [0, 2, 4, 6],
      byTrainSet: {
        none: [97.6, 98.4, 99.2, 98.8],
        xsum: [90, 97.6, 99.2, 98.4],
        socialqa: [98.4, 96.4, 96.8, 97.6],
        multinli: [98, 98.4, 98.4, 97.6],
        paws: [94.8, 54.8, 88.4, 53.6],
      },
    },
    {
      panel: "f",
      shots: [0, 2, 4, 6],
      byTrainSet: {
        none: [96, 98.4, 98, 98.8],
        xsum: [94.4, 98.4, 99.2, 98.8],
        socialqa: [97.2, 96, 98.8, 99.2],
        multinli: [96.8, 98, 98, 97.6],
        paws: [72, 66.8, 98, 81.2],
      },
    },
  ],
  multinli: [
    {
      panel: "b",
      shots: [0, 3, 5, 7],
      byTrainSet: {
        none: [34.4, 28.8, 34.8, 44],
        xsum: [37.2, 44, 59.2, 56.4],
        socialqa: [38.4, 42, 39.2, 44.4],
        amazon: [29.2, 29.2, 31.6, 30.8],
        paws: [38.4, 38.4, 38.4, 38.4],
      },
    },
    {
      panel: "g",
      shots: [0, 3, 5, 7],
      byTrainSet: {
        none: [32.8, 29.6, 29.2, 32.4],
        xsum: [35.2, 34.4, 40.4, 37.6],
        socialqa: [36.4, 39.2, 45.2, 44.8],
        amazon: [28.4, 30, 31.2, 33.6],
        paws: [39.2, 28.4, 38, 41.2],
      },
    },
  ],
  paws: [
    {
      panel: "c",
      shots: [0, 2, 4, 6],
      byTrainSet: {
        none: [48, 51.2, 47.2, 57.2],
        xsum: [52, 54.4, 55.2, 53.2],
        socialqa: [47.6, 47.2, 47.2, 50.4],
        amazon: [51.2, 50.8, 50, 50],
        multinli: [52.8, 53.2, 60.4, 53.6],
      },
    },
    {
      panel: "h",
      shots: [0, 2, 4, 6],
      byTrainSet: {
        none: [47.6, 47.2, 48.8, 53.2],
        xsum: [51.2, 54, 52, 53.2],
        socialqa: [47.2, 47.2, 47.2, 56.8],
        amazon: [48.4, 52.4, 50.8, 56.8],
        multinli: [51.2, 57.2, 58.8, 53.2],
      },
    },
  ],
  xsum: [
    {
      panel: "d",
      shots: [1, 2, 4],
      byTrainSet: {
        none: [20.2, 30.9, 32.4],
        socialqa: [7.7, 7.9, 7.9],
        amazon: [0, 0, 0],
        multinli: [0, 0, 0],
        paws: [0, 0, 0],
      },
    },
    {
      panel: "i",
      shots: [1, 2, 4],
      byTrainSet: {
        none: [18.8, 28.2, 32.6],
        socialqa: [9.4, 18.9, 23.5],
        amazon: [1.7, 8.6, 16.7],
        multinli: [0, 0, 0],
        paws: [0, 0, 0],
      },
    },
  ],
  socialqa: [
    {
      panel: "e",
      shots: [1, 2, 4],
      byTrainSet: {
        none: [31.8, 33.8, 40],
        xsum: [32.9, 35.7, 38.6],
        amazon: [0, 0, 0],
        multinli: [0, 0, 0],
        paws: [0, 0, 0],
      },
    },
    {
      panel: "j",
      shots: [1, 2, 4],
      byTrainSet: {
        none: [35.5, 36.6, 40.8],
        xsum: [35.4, 39.2, 41.8],
        amazon: [0, 0, 0],
        multinli: [0, 0, 0],
        paws: [0, 0, 0],
      },
    },
  ],
};

/** A panel of U's Figures 4 to 7, training size 2,000: a bar per model. */
export interface InContextPanel {
  /** Figure and letter, such as `4b`. */
  readonly panel: string;
  /** Set trained on. */
  readonly train: string;
  /** Set tested on. */
  readonly test: string;
  /** The untrained model, by shot count. */
  readonly icl: ReadonlyMap<number, number>;
  /** FTICL, by its number of demonstrations, best over shots. */
  readonly fticl: ReadonlyMap<number, number>;
  /** FT, best over shots. */
  readonly ft: number;
}

/** A panel in one line: bars of the untrained model and of FTICL as `[count, score]`. */
function panel(
  panel: string,
  train: string,
  test: string,
  icl: readonly (readonly [number, number])[],
  fticl: readonly (readonly [number, number])[],
  ft: number,
): InContextPanel {
  return { panel, train, test, icl: new Map(icl), fticl: new Map(fticl), ft };
}

/** U Figures 4 to 7. Which prompt format they are of is not said; the values agree with format 1. */
export const figures4To7: readonly InContextPanel[] = [
  panel("4a", "xsum", "xsum", [[1, 20.2], [2, 30.9]], [[1, 33.2], [2, 32.2]], 32.6),
  panel("4b", "xsum", "pdfs", [[1, 38.1], [2, 39.8]], [[1, 40.1], [2, 36.3]], 36.3),
  panel("4c", "socialqa", "socialqa", [[1, 31.8], [2, 33.8]], [[1, 76.7], [2, 77]], 77),
  panel("4d", "socialqa", "sciqa", [[1, 29.7], [2, 33.4]], [[1, 18.1], [2, 23.6]], 18.6),
  panel("5a", "socialqa", "amazon", [[0, 97.6], [2, 98.4], [4, 99.2]], [[1, 98], [2, 98.4]], 98.4),
  panel("5b", "socialqa", "multinli", [[0, 34.4], [3, 28.8], [5, 34.8]], [[1, 52], [2, 45.6]], 42),
  panel("5c", "socialqa", "paws", [[0, 48], [2, 51.2], [4, 47.2]], [[1, 50.4], [2, 61.6]], 47.6),
  panel("5d", "socialqa", "xsum", [[1, 20.2], [2, 30.9]], [[1, 26.8], [2, 19.2]], 7.9),
  panel("5e", "xsum", "socialqa", [[1, 31.8], [2, 33.8]], [[1, 35.5], [2, 36.9]], 35.7),
  panel("6a", "amazon", "amazon", [[0, 97.6], [2, 98.4], [4, 99.2]], [[2, 98], [4, 98.4]], 98.4),
  panel("6b", "amazon", "sst2", [[0, 79.6], [2, 86.8], [4, 89.2]], [[2, 81.6], [4, 77.2]], 85.2),
  panel("6c", "paws", "paws", [[0, 48], [2, 51.2], [4, 47.2]], [[2, 51.6], [4, 52.8]], 81.6),
  panel("6d", "paws", "stsb", [[0, 35.2], [2, 72.4], [4, 64.8]], [[2, 47.2], [4, 60]], 70.4),
  panel("6e", "multinli", "multinli", [[0, 34.4], [3, 28.8], [5, 34.8]], [[3, 45.2], [5, 72.8]], 87.2),
  panel("6f", "multinli", "rte", [[0, 44.4], [3, 47.6], [5, 48.4]], [[3, 56.8], [5, 50]], 71.6),
  panel("7a", "amazon", "paws", [[0, 48], [2, 51.2], [4, 47.2]], [[2, 53.2], [4, 55.6]], 51.2),
  panel("7b", "amazon", "xsum", [[1, 20.2], [2, 30.9]], [[2, 21.3], [4, 26.3]], 0),
  panel("7c", "paws", "multinli", [[0, 34.4], [3, 28.8], [5, 34.8]], [[2, 38.4], [4, 38.4]], 38.4),
  panel("7d", "paws", "xsum", [[1, 20.2], [2, 30.9]], [[2, 0], [4, 23.7]], 0),
  panel("7e", "multinli", "amazon", [[0, 97.6], [2, 98.4], [4, 99.2]], [[3, 89.2], [5, 78]], 98.4),
  panel("7f", "multinli", "xsum", [[1, 20.2], [2, 30.9]], [[3, 14.7], [5, 25.5]], 0),
];

/** U section 5.3, training size 2,000: mean absolute weight difference. Which demonstration count FTICL had is not said. */
export const section53: Readonly<Record<string, { readonly ft: number; readonly fticl: number }>> = {
  xsum: { ft: 1.0e-4, fticl: 8.03e-5 },
  socialqa: { ft: 8.54e-5, fticl: 7.95e-5 },
};

/**
 * The paper's score for a set, a shot count and a rank of training size (0 none, 1 to 3 its sizes ascending).
 *
 * @returns 0..100, or null where the paper gives none.
 */
export function paperScore(
  figure: Readonly<Record<string, PaperCurves>>,
  set: string,
  shots: number,
  rank: number,
): number | null {
  const curves = Object.hasOwn(figure, set) ? figure[set] : undefined;
  return curves?.bySize[rank]?.[curves.shots.indexOf(shots)] ?? null;
}

/** The paper's score in Figure 3 of the model trained on a set (`none`: untrained), in 0..100, or null where it gives none. */
export function crossTaskScore(test: string, format: 1 | 2, train: string, shots: number): number | null {
  const found = Object.hasOwn(figure3, test) ? figure3[test][format - 1] : undefined;
  return found?.byTrainSet[train]?.[found.shots.indexOf(shots)] ?? null;
}

/** The panel of Figures 4 to 7 for a training and a test set, or undefined. */
export function inContextPanel(train: string, test: string): InContextPanel | undefined {
  return figures4To7.find((panel) => panel.train === train && panel.test === test);
}
