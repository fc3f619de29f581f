/**
 * Findings and comparisons as a person reads them: all findings in one short table, and each table's contrasts.
 * @module
 */
import type { Report, ReportComparison, ReportContrast, ReportFinding, ValueKind } from "./model.ts";
import { markdownTable } from "./tables.ts";
import { fixed, scientific } from "./text.ts";

/** A line a finding, then each with its contrasts; empty where the run states none. */
export function findingsSection({ findings }: Report): string {
  if (findings.length === 0) return "";
  const table = markdownTable({
    header: ["", "finding", "source", "paper", "ours, 95 %", "verdict", "hold", "contrary", "open"],
    rows: findings.map((finding) => [
      finding.id,
      finding.name,
      finding.source,
      finding.effect?.paper == null ? "" : valueText(finding.effect.paper, finding.effect.kind),
      effectText(finding),
      finding.verdict,
      ...(["holds", "contrary", "open"] as const).map((outcome) => countOf(finding, outcome)),
    ]),
    right: (column) => column === 3 || column === 4 || column > 5,
  });
  return [
    `## Findings

The papers' statements, put to this run.

${table}
- Paper and ours: the mean difference of the contrasts that the finding is first about, first side less second; the paper's is over those of
  them that it gives.
- Reproduced: of the contrasts that claim a difference, and of those that claim none beyond a margin, at least half hold and none is contrary.
  Not reproduced: of those or of these at least half are contrary and none holds.
- A contrast that claims one side greater holds, or is contrary, where its p is below 0.05 after Holm's correction over the finding's
  contrasts. p is McNemar's exact one for rates of single runs, else that of the t interval over seeds and items. One that claims sides equal, or
  one not above or not below the other, holds where the 95 % interval of the difference lies within the margin, and is contrary where it lies
  beyond.
`,
    ...findings.map(findingText),
  ].join("\n");
}

function findingText({ id, name, statement, contrasts }: ReportFinding): string {
  const table = markdownTable({
    header: ["contrast", "first", "claim", "second", "difference, 95 %", "paper's", "p", ""],
    rows: contrasts.map((one) => [
      one.label,
      sideText(one.first, one.kind),
      one.margin === 0 ? one.claim : `${one.claim}, within ${one.margin}`,
      sideText(one.second, one.kind),
      ...differenceTexts(one),
      one.outcome,
    ]),
    right: (column) => column > 0 && column < 7 && column !== 2,
  });
  return `### ${id}: ${name}\n\n${statement}\n\n${table}`;
}

/** A comparison's table. */
export function comparisonText({ title, unit, sides, contrasts, notes }: ReportComparison): string {
  const words = { holds: "higher", contrary: "lower", open: "", missing: "missing" } as const;
  const table = markdownTable({
    header: ["", ...sides, "difference, 95 %", "paper's", "p", ""],
    rows: contrasts.map((one) => [
      one.label,
      sideText(one.first, one.kind),
      sideText(one.second, one.kind),
      ...differenceTexts(one),
      words[one.outcome],
    ]),
    right: (column) => column > 0 && column < 6,
  });
  const below = [
    "Differences are paired item by item; p is corrected by Holm over the table, and a side is called higher or lower where it is below 0.05.",
    ...notes,
  ];
  return `### ${title}\n\n${unit}\n\n${table}\n${below.map((line) => `- ${line}\n`).join("")}`;
}

function countOf({ contrasts }: ReportFinding, outcome: string): string {
  return String(contrasts.filter((contrast) => contrast.outcome === outcome).length);
}

function effectText({ effect }: ReportFinding): string {
  if (effect === null || effect.value === null) return "missing";
  const show = (text: string) => valueText(text, effect.kind);
  const interval = effect.low === null || effect.high === null ? "" : ` (${show(effect.low)} to ${show(effect.high)})`;
  return show(effect.value) + interval;
}

function sideText(text: string | null, kind: ValueKind): string {
  return text === null ? "missing" : valueText(text, kind);
}

/** Difference with its interval, the paper's, p. */
function differenceTexts({ difference, low, high, paper, p, kind }: ReportContrast): string[] {
  const show = (text: string) => valueText(text, kind);
  const interval = low === null || high === null ? "" : ` (${show(low)} to ${show(high)})`;
  return [
    difference === null ? "missing" : show(difference) + interval,
    paper === null ? "" : valueText(String(paper), kind),
    p === null ? "" : Number(p) < 0.001 ? scientific(Number(p)) : fixed(Number(p), 3),
  ];
}

/**
 * A value as tables show it: two decimals of scores, three of a cosine, four of a loss or a norm, three digits of a divergence, a distance in
 * scientific notation.
 */
export function valueText(text: string, kind: ValueKind): string {
  if (kind === "distance") return scientific(Number(text));
  if (kind === "divergence") return text === "0" ? text : Number(text).toPrecision(3);
  return fixed(Number(text), { metric: 2, points: 2, cosine: 3, loss: 4 }[kind]);
}
