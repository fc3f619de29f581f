/**
 * `report.md`: the report as a person reads it.
 * @module
 */
import type { DistanceResult } from "../benchmarks/types.ts";
import { cutPromptsSection } from "./cut_prompts.ts";
import { comparisonText, findingsSection, valueText } from "./findings_markdown.ts";
import { cellLabel } from "./labels.ts";
import type {
  Report,
  ReportCell,
  ReportChoice,
  ReportEntry,
  ReportSetting,
  ReportTable,
  ReportTrain,
} from "./model.ts";
import { paretoText } from "./pareto_markdown.ts";
import { markdownTable } from "./tables.ts";
import { fixed, scientific, shortHash } from "./text.ts";

/** The whole document. */
export function reportMarkdown(report: Report): string {
  const sections = [
    header(report),
    reproduction(report),
    legend(report),
    findingsSection(report),
    ...report.settings.map((setting) => settingSection(setting)),
    trainingSection(report),
    distanceSection(report),
    cutPromptsSection(report),
    problemSection(report),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

/** The distinct values of something over the done cells, as short hashes. */
function hashes(report: Report, of: (cell: ReportCell) => string | undefined): string {
  const found = new Set(report.cells.map(of).filter((hash) => hash !== undefined));
  return found.size === 0 ? "unknown" : [...found].sort().map((hash) => `\`${shortHash(hash)}\``).join(", ");
}

function header(report: Report): string {
  const done = report.cells.filter(({ status }) => status === "ok").length;
  const failed = report.cells.filter(({ status }) => status === "failed").length;
  const missing = report.cells.length - done - failed;
  const model = [
    `weights ${hashes(report, ({ identity }) => identity?.modelWeights)}`,
    `config ${hashes(report, ({ identity }) => identity?.modelConfig)}`,
    `tokenizer ${hashes(report, ({ identity }) => identity?.tokenizer)}`,
  ].join(", ");
  return `# Tunemark report

- Model: ${report.model} (${model})
- Data: ${report.data} (\`${shortHash(report.dataSha256)}\`)${
    report.inputWords === undefined ? "" : `; input texts cut after ${report.inputWords} words`
  }
- Profile: ${report.profile}; ${report.seeds.length === 1 ? "seed" : "seeds"} ${
    report.seeds.join(", ")
  }; operands ${report.operands}
- Learning rates: ${
    Object.entries(report.learningRates.values).map(([method, rate]) => `${method} ${rate.toExponential()}`).join(", ")
  }, ${report.learningRates.from}
- Suite ${report.suite}; kernels ${hashes(report, ({ identity }) => identity?.kernels)}; numeric signature ${
    hashes(report, ({ identity }) => identity?.numericSignature)
  }
- Cells: ${done} done, ${failed} failed, ${missing} missing
`;
}

function reproduction(report: Report): string {
  const settings = report.settings.map(({ name }) => name).join(" ");
  const filter = Object.entries(report.only ?? {}).map(([key, value]) => `${key}=${value}`).join(",");
  const only = filter === "" ? "" : ` --only ${filter}`;
  const words = report.inputWords === undefined ? "" : ` --input-words ${report.inputWords}`;
  return `## How to reproduce

    deno task bench ${settings} --profile ${report.profile} --seeds ${report.seeds.length} --operands ${report.operands}${words}${only}

with the model and data named above (\`--model\`, \`--data\` where they are not the embedded ones). An adapter with the same numeric signature
gives the same \`report.json\`, byte for byte; \`deno task diff\` compares two reports.
`;
}

function legend(report: Report): string {
  const entries = report.settings.flatMap(({ tables }) => tables.flatMap((table) => table.entries));
  const lines = [
    "`±` is half the interval over test items: " +
    `${report.intervals.wilson} for rates, ${report.intervals.bootstrap} for other means.`,
  ];
  if (entries.some(({ members }) => members > 1)) {
    lines.push(
      `Where a value is the mean of several seeds, \`±\` is half the ${report.intervals.seeds}; the least and greatest seed follow in ` +
        "parentheses. It is given only if all of them exist.",
    );
  }
  if (entries.some(({ paper }) => paper !== null)) {
    lines.push("Square brackets hold the paper's value, on the paper's own model and data.");
  }
  if (report.cells.some(({ evaluations }) => evaluations.some(({ truncated }) => truncated > 0))) {
    lines.push(
      "Some prompts did not fit the model's context and lost their beginning; a section at the end names them.",
    );
  }
  return `## How to read the tables\n\n${lines.map((line) => `- ${line}\n`).join("")}`;
}

function settingSection(setting: ReportSetting): string {
  const head = `## ${setting.name}: ${setting.title} (${setting.source})\n\n${setting.description}\n`;
  const comparisons = (setting.comparisons ?? []).filter(({ contrasts }) => contrasts.length > 0);
  const parts = [
    ...(setting.paretos ?? []).map((pareto, i) => paretoText(pareto, i === 0)),
    ...setting.tables.map(tableSection),
    ...comparisons.map(comparisonText),
    ...(setting.choices ?? []).map(choiceSection),
  ];
  return [head, ...parts].join("\n");
}

/** Rows: learning rates. Columns: tasks, their mean. */
function choiceSection({ method, candidates, chosen }: ReportChoice): string {
  const score = (text: string | null) => text === null ? "missing" : fixed(Number(text), 2);
  const rendered = markdownTable({
    header: ["learning rate", ...candidates[0].tasks.map(({ task }) => task), "mean", "choice"],
    rows: candidates.map(({ learningRate, tasks, mean }) => [
      learningRate.toExponential(),
      ...tasks.map(({ best }) => score(best)),
      score(mean),
      learningRate === chosen ? "chosen" : "",
    ]),
    right: (column) => column <= candidates[0].tasks.length + 1,
  });
  return `### Learning rate of ${method}\n\nBest validation score over shot counts, 0-100\n\n${rendered}
- ${chosen === null ? "No choice: scores are missing." : "Chosen: the best mean over tasks, of equal ones the smaller."}
`;
}

function tableSection(table: ReportTable): string {
  const find = (row: string, column: string) =>
    table.entries.find((entry) => entry.row === row && entry.column === column);
  const rendered = markdownTable({
    header: [table.rowHeader, ...table.columns],
    rows: table.rows.map((row) => [row, ...table.columns.map((column) => entryText(find(row, column)))]),
    right: (column) => column > 0,
  });
  const signatures = [...new Set(table.entries.flatMap((entry) => entry.signatures))].sort();
  const below = [
    ...itemCounts(table),
    ...table.notes,
    ...signatures.map((signature) => `Scorer: \`${signature}\``),
  ];
  return `### ${table.title}\n\n${table.unit}\n\n${rendered}${below.length > 0 ? "\n" : ""}${
    below.map((line) => `- ${line}\n`).join("")
  }`;
}

/** How many test items stand behind the values: one number where all agree, else one a column. */
function itemCounts(table: ReportTable): string[] {
  const distinct = (entries: readonly ReportEntry[]) =>
    [...new Set(entries.flatMap(({ n }) => n))].sort((a, b) => a - b);
  const all = distinct(table.entries);
  if (all.length === 0) return [];
  if (all.length === 1) return [`n = ${all[0]} items`];
  const columns = table.columns.map((column) => {
    const counts = distinct(table.entries.filter((entry) => entry.column === column));
    return `${column} ${counts.length === 0 ? "none" : counts.join(" and ")}`;
  });
  return [`n, items by column: ${columns.join("; ")}`];
}

/** Text of a place in a table: `41.20 ± 3.10 (40.10 to 42.30) [38.5]`; empty where the table has nothing there. */
export function entryText(entry: ReportEntry | undefined): string {
  if (entry === undefined) return "";
  const paper = entry.paper === null
    ? ""
    : ` [${entry.kind === "distance" ? entry.paper.toExponential() : entry.paper}]`;
  if (entry.value === null) {
    const word = entry.reason!.startsWith("failed") ? "failed" : entry.reason === "missing" ? "missing" : "none";
    return word + (entry.members > 1 ? ` (${entry.present} of ${entry.members})` : "") + paper;
  }
  const show = (text: string) => valueText(text, entry.kind);
  const half = entry.low === null ? "" : ` ± ${show(String((Number(entry.high) - Number(entry.low)) / 2))}`;
  const range = entry.range === null ? "" : ` (${entry.range.map(show).join(" to ")})`;
  const alternative = entry.alternative === null ? "" : `, ${entry.alternative}`;
  return show(entry.value) + half + range + alternative + paper;
}

const TRAINED_HEADER = ["method", "train set", "rows", "shots", "learning rate", "seed"] as const;

function trainedColumns({ factors, method }: ReportCell): string[] {
  const { adapterRank, stopAfter } = factors;
  return [
    factors.method + (adapterRank === undefined ? "" : ` ${adapterRank}`) +
    (stopAfter === undefined ? "" : `, step ${stopAfter}`),
    [`${factors.trainTask}/${factors.trainSet}`, ...(factors.trainAlso === undefined ? [] : [factors.trainAlso])].join(
      ", ",
    ),
    String(factors.trainSize),
    String(factors.trainShots),
    method === null || method.name === "icl" ? "none" : method.learningRate.toExponential(),
    String(factors.seed),
  ];
}

/** One cell of each trained model: all that evaluate a model say the same of its training. */
function trainings(report: Report): ReportCell[] {
  const trained = report.cells.filter(({ train }) => train !== null);
  return [...new Map(trained.map((cell) => [trainedColumns(cell).join(), cell])).values()];
}

/** A table with one row a trained model. */
function trainedTable(
  report: Report,
  columns: readonly string[],
  values: (train: ReportTrain) => readonly string[],
): string {
  return markdownTable({
    header: [...TRAINED_HEADER, ...columns],
    rows: trainings(report).map((cell) => [...trainedColumns(cell), ...values(cell.train!)]),
    right: (column) => column > 1,
  });
}

function isTrained(report: Report): boolean {
  return report.cells.some(({ train }) => train !== null);
}

function trainingSection(report: Report): string {
  if (!isTrained(report)) return "";
  const columns = [
    "steps",
    "examples",
    "tokens",
    "target tokens",
    "truncated",
    "first loss",
    "last fifth",
    "final loss",
    "weights",
  ];
  return `## Training\n\n` + trainedTable(report, columns, (train) => [
    ...[train.steps, train.examples, train.tokens, train.targetTokens, train.truncated].map(String),
    ...[train.firstLoss, train.lastFifthLoss, train.finalLoss].map((loss) => fixed(Number(loss), 4)),
    `\`${shortHash(train.weightsSha256)}\``,
  ]);
}

/** The distance fields, in the order tables show them, with their headings. */
const DISTANCE_FIELDS: readonly (readonly [Exclude<keyof DistanceResult, "parameters">, string])[] = [
  ["meanAbsolute", "mean abs."],
  ["l2", "L2"],
  ["relativeL2", "relative L2"],
  ["max", "max abs."],
];

const GROUPS = ["embedding", "attention", "mlp", "norms", "head"] as const;

function distanceSection(report: Report): string {
  if (!isTrained(report)) return "";
  const one = (distance: DistanceResult | null | undefined, field: Exclude<keyof DistanceResult, "parameters">) =>
    distance ? scientific(Number(distance[field])) : "none";
  const layers = Math.max(...report.cells.map(({ train }) => train?.weightDistance.layers.length ?? 0));
  const overall = trainedTable(
    report,
    DISTANCE_FIELDS.map(([, name]) => name),
    ({ weightDistance }) => DISTANCE_FIELDS.map(([field]) => one(weightDistance.overall, field)),
  );
  const groups = trainedTable(
    report,
    GROUPS,
    ({ weightDistance }) => GROUPS.map((group) => one(weightDistance.groups[group], "meanAbsolute")),
  );
  const byLayer = trainedTable(
    report,
    Array.from({ length: layers }, (_, i) => `layer ${i}`),
    ({ weightDistance }) => Array.from({ length: layers }, (_, i) => one(weightDistance.layers[i], "meanAbsolute")),
  );
  return `## Weight distance

Trained minus base weights, in f32.

### All parameters

${overall}
### Mean absolute difference by group

${groups}
### Mean absolute difference by layer

${byLayer}`;
}

function problemSection(report: Report): string {
  const cells = report.cells.filter(({ status }) => status !== "ok");
  const parts: string[] = [];
  if (cells.length > 0) {
    const rows = cells.map((
      cell,
    ) => [cellLabel(cell), cell.status, cell.reason ?? "no result yet", `\`${cell.cell.slice(0, 16)}\``]);
    parts.push(
      `## Cells that failed or are missing\n\n${markdownTable({ header: ["cell", "status", "reason", "id"], rows })}`,
    );
  }
  if (report.absent.length > 0) {
    parts.push(`## Not in the data\n\n${report.absent.map((line) => `- ${line}\n`).join("")}`);
  }
  return parts.join("\n");
}
