/**
 * The U paper's own numbers, on Llama-2-7b and its data: Figures 1 and 2 read off the images (ROUGE-L within 0.3, accuracy to the
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
