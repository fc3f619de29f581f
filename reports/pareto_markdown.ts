/**
 * Learning against forgetting, as a person reads it.
 * @module
 */
import type { ReportMean, ReportPareto, ReportParetoContrast } from "./model.ts";
import { markdownTable } from "./tables.ts";
import { fixed } from "./text.ts";

/** A table of points, and one of contrasts where there are any; `explained` where it is told how to read them. */
export function paretoText(
  { title, target, others, reference, points, contrasts, notes }: ReportPareto,
  explained: boolean,
): string {
  const onFront = (found: boolean | null) => found === null ? "open" : found ? "yes" : "";
  const rendered = markdownTable({
    header: ["method", "learning rate", "validation", "target", "others", "own front", "front of all"],
    rows: points.map((point) => [
      point.method,
      rateText(point.learningRate) + (point.chosen ? " (chosen)" : ""),
      point.validation === null ? (point.learningRate === null ? "" : "missing") : fixed(Number(point.validation), 2),
      meanText(point.target),
      meanText(point.others),
      onFront(point.ownFront),
      onFront(point.front),
    ]),
    right: (column) => column > 0,
  });
  const below = [
    `Target: ${target}. Others: ${others}.`,
    ...notes,
    ...(explained ? legend : []),
  ];
  const compared = contrasts.length === 0 ? "" : `\n${contrastTable(reference, contrasts)}
- Each method at its chosen learning rate less ${reference} at its own.
`;
  return `### ${title}\n\n${rendered}\n${below.map((line) => `- ${line}\n`).join("")}${compared}`;
}

const legend = [
  "`±`: half of the 95 % t interval over items, and over seeds where there are several. Differences are taken item by item; in brackets their " +
  "95 % interval; p is corrected by Holm over the panel.",
  "Chosen: the best score on validation rows, of equal ones the smaller learning rate.",
  "A point is on a front where no other point is better in one score and as good or better in the other; equal points are on it together. " +
  'Where a point is missing, "open" stands for what it might change.',
];

function contrastTable(reference: string, contrasts: readonly ReportParetoContrast[]): string {
  const difference = (found: ReportParetoContrast["target"]) =>
    found === null
      ? ["missing", ""]
      : [`${short(found.value)} (${short(found.low)} to ${short(found.high)})`, Number(found.p).toPrecision(2)];
  return markdownTable({
    header: ["method", "learning rate", `${reference}'s`, "target", "p", "others", "p"],
    rows: contrasts.map(({ method, learningRate, referenceLearningRate, target, others }) => [
      method,
      rateText(learningRate),
      rateText(referenceLearningRate),
      ...difference(target),
      ...difference(others),
    ]),
    right: (column) => column > 0,
  });
}

function rateText(rate: number | null): string {
  return rate === null ? "" : rate.toExponential();
}

function meanText(mean: ReportMean | null): string {
  return mean === null
    ? "missing"
    : `${short(mean.value)} ± ${short(String((Number(mean.high) - Number(mean.low)) / 2))}`;
}

function short(value: string): string {
  return fixed(Number(value), 2);
}
