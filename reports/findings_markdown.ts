/**
 * Findings as a person reads them: all in one short table, and each setting's contrasts.
 * @module
 */
import type { Report, ReportContrast, ReportFinding, ReportSetting } from "./model.ts";
import { markdownTable } from "./tables.ts";
import { fixed, scientific } from "./text.ts";

/** One line a finding, over all settings; empty where the settings state none. */
export function findingsSummary(report: Report): string {
  const rows = report.settings.flatMap((setting) =>
    (setting.findings ?? []).map((finding) => [
      finding.name,
      setting.source,
      finding.verdict,
      ...(["holds", "contrary", "open"] as const).map((outcome) => countOf(finding, outcome)),
    ])
  );
  if (rows.length === 0) return "";
  const table = markdownTable({
    header: ["finding", "source", "verdict", "hold", "contrary", "open"],
    rows,
    right: (column) => column > 2,
  });
  return `## Findings

The papers' statements, put to this run. Numbers are contrasts: those that hold, that are contrary, that stay open.

${table}
- Reproduced: at least half of the contrasts hold and none is contrary. Not reproduced: at least half are contrary and none holds.
- A contrast holds, or is contrary, where its p is below 0.05 after Holm's correction over the setting's contrasts. p is McNemar's exact one for
  rates of single runs, else that of the t interval over seeds and items.
`;
}

/** A setting's findings with their contrasts; empty where it states none. */
export function findingSections({ findings }: ReportSetting): string[] {
  return (findings ?? []).map((finding) => {
    const table = markdownTable({
      header: ["contrast", "said greater", "said less", "difference, 95 %", "p", ""],
      rows: finding.contrasts.map(contrastRow),
      right: (column) => column > 0 && column < 5,
    });
    return `### Finding: ${finding.name}\n\n${finding.statement}\n\n${table}`;
  });
}

function countOf({ contrasts }: ReportFinding, outcome: string): string {
  return String(contrasts.filter((contrast) => contrast.outcome === outcome).length);
}

function contrastRow({ label, greater, less, difference, low, high, p, outcome, kind }: ReportContrast): string[] {
  const show = (text: string) => kind === "distance" ? scientific(Number(text)) : fixed(Number(text), 2);
  const value = (text: string | null) => text === null ? "missing" : show(text);
  const interval = low === null || high === null ? "" : ` (${show(low)} to ${show(high)})`;
  return [
    label,
    value(greater),
    value(less),
    difference === null ? "missing" : show(difference) + interval,
    p === null ? "none" : Number(p) < 0.001 ? scientific(Number(p)) : fixed(Number(p), 3),
    outcome,
  ];
}
