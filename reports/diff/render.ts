/**
 * The text and Markdown forms of a comparison.
 * @module
 */
import { markdownTable } from "../tables.ts";
import { fixed, shortHash } from "../text.ts";
import { LEVEL, SEED } from "./compare.ts";
import { type DiffCell, type DiffResult, type DiffRow, type DiffSide, type Flip, MARKS } from "./types.ts";

/** Items listed for one value in text and Markdown; the JSON form has all. */
const SHOWN_ITEMS = 20;

function sideLine(
  letter: string,
  { name, suite, profile, model, operands, kernels, numericSignatures }: DiffSide,
): string {
  const hashes = (list: readonly string[]) => list.map(shortHash).join(" ") || "none";
  return `${letter}  ${name}: suite ${suite}, ${profile}, model ${model}, operands ${operands}, kernels ${
    hashes(kernels)
  }, ` +
    `signature ${hashes(numericSignatures)}`;
}

function methodLines({ cells }: DiffResult): string[] {
  const exact = cells.filter(({ mode }) => mode === "exact").length;
  const statistical = cells.filter(({ mode }) => mode === "statistical").length;
  return [
    ...(exact > 0 ? [`${exact} cells compared exactly: same numeric signature, operands and hyper-parameters.`] : []),
    ...(statistical > 0
      ? [
        `${statistical} cells compared by paired tests: McNemar exact for rates, paired bootstrap (seed "${SEED}") for other means, ` +
        `Holm over each task and metric, level ${LEVEL}.`,
      ]
      : []),
  ];
}

function summaryLine({ counts, verdict }: DiffResult): string {
  return `${MARKS.map((mark) => `${mark} ${counts[mark]}`).join("  ")}  ${verdict}`;
}

function rowName({ evaluation, what }: DiffRow): string {
  return evaluation === null ? what : `${evaluation}: ${what}`;
}

/** Values to two decimals, as in tables; a difference below that is seen in the note. */
function values({ a, b }: DiffRow): string {
  return a === null || b === null ? "" : `${fixed(Number(a), 2)} -> ${fixed(Number(b), 2)}`;
}

function statistics(row: DiffRow): string {
  if (row.difference === null) return "";
  const difference = Number(row.difference);
  const parts = [`${difference > 0 ? "+" : ""}${fixed(difference, 2)}`];
  if (row.low !== null) parts.push(`95 % ${fixed(Number(row.low), 2)} to ${fixed(Number(row.high), 2)}`);
  if (row.p !== null) parts.push(`p ${row.p}, Holm ${row.adjusted}`);
  if (row.n !== null) parts.push(`n ${row.n}`);
  if (row.discordant !== null) parts.push(`only A ${row.discordant[0]}, only B ${row.discordant[1]}`);
  return parts.join(", ");
}

function flipLines(flips: readonly Flip[]): string[] {
  const lines = flips.slice(0, SHOWN_ITEMS).map(({ id, a, b, outputs, margins }) => {
    const texts = outputs === null ? "" : `; ${JSON.stringify(outputs[0])} -> ${JSON.stringify(outputs[1])}`;
    return `${id}: ${a} -> ${b}${texts}${margins === null ? "" : `; margin ${margins[0]} -> ${margins[1]}`}`;
  });
  return flips.length > SHOWN_ITEMS ? [...lines, `and ${flips.length - SHOWN_ITEMS} more`] : lines;
}

function isEqual(cell: DiffCell): boolean {
  return cell.rows.every(({ mark }) => mark === "=");
}

/** The form for a terminal: a line a difference; what is equal is only counted. */
export function diffText(result: DiffResult): string {
  const lines = [sideLine("A", result.a), sideLine("B", result.b), ...methodLines(result), ""];
  for (const cell of result.cells) {
    if (isEqual(cell)) {
      lines.push(`= ${cell.label}: all ${cell.rows.length} equal`);
      continue;
    }
    lines.push(`${cell.label}`, ...cell.notes.map((note) => `    ${note}`));
    for (const row of cell.rows.filter(({ mark }) => mark !== "=")) {
      const parts = [rowName(row), values(row), statistics(row)].filter((part) => part !== "");
      lines.push(`  ${row.mark} ${parts.join("  ")}`, ...row.notes.map((note) => `      ${note}`));
      lines.push(...flipLines(row.flips ?? []).map((line) => `      ${line}`));
    }
    const equal = cell.rows.filter(({ mark }) => mark === "=").length;
    if (equal > 0) lines.push(`  = ${equal} equal`);
  }
  return [...lines, "", summaryLine(result)].join("\n") + "\n";
}

/** The form for a review: a table a cell. */
export function diffMarkdown(result: DiffResult): string {
  const sections = result.cells.map((cell) => {
    if (isEqual(cell)) return `### ${cell.label}\n\nAll ${cell.rows.length} equal.\n`;
    const shown = cell.rows.filter(({ mark }) => mark !== "=");
    const table = markdownTable({
      header: ["mark", "what", "A -> B", "difference", "notes"],
      rows: shown.map((row) => [row.mark, rowName(row), values(row), statistics(row), row.notes.join("; ")]),
    });
    const equal = cell.rows.length - shown.length;
    const items = shown.flatMap((row) => flipLines(row.flips ?? []).map((line) => `- ${rowName(row)}: ${line}\n`));
    return [
      `### ${cell.label}\n`,
      ...(cell.notes.length > 0 ? [cell.notes.map((note) => `- ${note}\n`).join("")] : []),
      table,
      ...(equal > 0 ? [`${equal} equal.\n`] : []),
      ...(items.length > 0 ? [items.join("")] : []),
    ].join("\n");
  });
  const head = [
    "## Comparison\n",
    [sideLine("A", result.a), sideLine("B", result.b), ...methodLines(result)].map((line) => `- ${line}\n`).join(""),
    `**${summaryLine(result)}**\n`,
  ];
  return [...head, ...sections].join("\n");
}
