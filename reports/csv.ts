/**
 * `report.csv`: every table's values in long form, one line a value, for programs.
 * @module
 */
import type { Report } from "./model.ts";
import { csvTable, type Table } from "./tables.ts";

/** The long table as CSV: fields that do not apply are empty. */
export function reportCsv(report: Report): string {
  const header = [
    "setting",
    "table",
    "row",
    "column",
    "value",
    "low",
    "high",
    "least",
    "greatest",
    "members",
    "present",
    "n",
    "paper",
    "reason",
  ];
  const rows = report.settings.flatMap((setting) =>
    setting.tables.flatMap((table) =>
      table.entries.map((entry) => [
        setting.name,
        table.title,
        entry.row,
        entry.column,
        entry.value ?? "",
        entry.low ?? "",
        entry.high ?? "",
        entry.range?.[0] ?? "",
        entry.range?.[1] ?? "",
        String(entry.members),
        String(entry.present),
        entry.n.join(" "),
        entry.paper === null ? "" : String(entry.paper),
        entry.reason ?? "",
      ])
    )
  );
  const table: Table = { header, rows };
  return csvTable(table);
}
