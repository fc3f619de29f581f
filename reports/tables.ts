/**
 * One table model, and its forms: Markdown for people, CSV for programs.
 * @module
 */

/** A table of text. All rows are as long as the header. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns set flush right, by index; the others are flush left. */
  readonly right?: (column: number) => boolean;
}

/** Characters as a terminal counts them: code points, which holds for the text that reports print. */
function width(text: string): number {
  return [...text].length;
}

function widths(table: Table): number[] {
  return table.header.map((_, c) => Math.max(3, ...[table.header, ...table.rows].map((row) => width(row[c]))));
}

function pad(text: string, size: number, right: boolean): string {
  const space = " ".repeat(size - width(text));
  return right ? space + text : text + space;
}

/** A cell's text made safe for a Markdown table: bars escaped, line ends turned to spaces. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s*\r?\n\s*/g, " ").replaceAll("|", "\\|");
}

/** GitHub-flavoured Markdown, columns aligned in the source too; ends with a line end. */
export function markdownTable(table: Table): string {
  const right = table.right ?? (() => false);
  const safe: Table = {
    ...table,
    header: table.header.map(escapeMarkdown),
    rows: table.rows.map((row) => row.map(escapeMarkdown)),
  };
  const sizes = widths(safe);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => pad(cell, sizes[c], right(c))).join(" | ")} |\n`;
  const rule = sizes.map((size, c) => right(c) ? "-".repeat(size - 1) + ":" : "-".repeat(size));
  return line(safe.header) + line(rule) + safe.rows.map(line).join("");
}

/** CSV after RFC 4180, but with LF line ends; fields are quoted where they must be. */
export function csvTable(table: Table): string {
  const field = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return [table.header, ...table.rows].map((row) => row.map(field).join(",") + "\n").join("");
}
