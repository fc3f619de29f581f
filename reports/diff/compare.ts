/**
 * Compares two reports, cell by cell.
 * @module
 */
import { itemValues, statisticsKind } from "../items.ts";
import { cellLabel, evaluationLabel } from "../labels.ts";
import type { ReportCell, ReportEvaluation, ReportMetric } from "../model.ts";
import { holm, mcnemarExact, pairedBootstrap, type PairedResult } from "../statistics.ts";
import { fixed } from "../text.ts";
import { cellObstacles, type CellPair, comparisonMode, inputObstacles, matchCells, metricObstacles } from "./match.ts";
import { compareProbes } from "./probes.ts";
import {
  firstDifferentItem,
  firstDifferentSample,
  firstDifferentStep,
  flippedItems,
  type PairedSamples,
  readPairedSamples,
} from "./samples.ts";
import type { Source } from "./sources.ts";
import { type DiffCell, type DiffResult, type DiffRow, type DiffSide, type Mark, MARKS, type Mode } from "./types.ts";

/** Significance level, over a family of comparisons. */
export const LEVEL = 0.05;

/** Name of the resampling stream. */
export const SEED = "tunemark/diff";

/** What of the options a comparison needs. */
export interface CompareOptions {
  /** List the items that differ. */
  readonly samples: boolean;
  readonly failOn: "regression" | "any";
}

/** A row that waits for its test, which waits for its family to be whole. */
interface Pending {
  /** Task and metric: the family that Holm's correction is over. */
  readonly family: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly proportion: boolean;
  readonly better: "higher" | "lower";
}

interface Draft {
  row: DiffRow;
  readonly pending: Pending | null;
}

interface DraftCell extends Omit<DiffCell, "rows"> {
  readonly drafts: readonly Draft[];
}

const EMPTY: Omit<DiffRow, "mark" | "what"> = {
  evaluation: null,
  a: null,
  b: null,
  difference: null,
  low: null,
  high: null,
  test: null,
  p: null,
  adjusted: null,
  n: null,
  discordant: null,
  notes: [],
  flips: null,
};

function row(mark: Mark, what: string, rest: Partial<DiffRow>): Draft {
  return { row: { ...EMPTY, ...rest, mark, what }, pending: null };
}

/** Compares two reports. */
export async function compare(a: Source, b: Source, options: CompareOptions): Promise<DiffResult> {
  const drafts: DraftCell[] = [];
  for (const pair of matchCells(a.report.cells, b.report.cells)) drafts.push(await compareCells(pair, a, b, options));
  await test(drafts.flatMap((cell) => cell.drafts));
  const cells = drafts.map(({ drafts, ...cell }) => ({ ...cell, rows: drafts.map(({ row }) => row) }));
  const counts = Object.fromEntries(MARKS.map((mark) => [mark, 0])) as Record<Mark, number>;
  for (const { rows } of cells) for (const { mark } of rows) counts[mark]++;
  return { schema: "tunemark.diff/1", a: side(a), b: side(b), counts, cells, ...verdict(counts, options) };
}

function side({ name, report }: Source): DiffSide {
  const { suite, profile, model, operands, numericSignatures } = report;
  const kernels = [...new Set(report.cells.flatMap(({ identity }) => identity === null ? [] : [identity.kernels]))]
    .sort();
  return { name, suite, profile, model, operands, kernels, numericSignatures };
}

/** A regression is certain, so it comes before what could not be compared. */
function verdict(counts: Record<Mark, number>, { failOn }: CompareOptions): Pick<DiffResult, "verdict" | "exitCode"> {
  const different = counts["+"] + counts["-"] + counts["~"];
  const unclear = counts["x"] + counts["?"];
  if (counts["-"] > 0) {
    return { verdict: `regression in ${counts["-"]} of ${different + counts["="]} compared`, exitCode: 1 };
  }
  if (failOn === "any" && different > 0) {
    return { verdict: `difference in ${different} of ${different + counts["="]} compared`, exitCode: 1 };
  }
  if (unclear > 0) return { verdict: `${counts["x"]} not comparable, ${counts["?"]} missing on a side`, exitCode: 2 };
  if (counts["="] + different === 0) return { verdict: "nothing to compare", exitCode: 2 };
  return { verdict: different === 0 ? "no change" : "no regression", exitCode: 0 };
}

/** Why a cell has nothing to compare, in words; null where it has. */
function absence(cell: ReportCell | null, side: "A" | "B"): string | null {
  if (cell === null) return `not in ${side}`;
  if (cell.status === "ok") return null;
  return cell.status === "missing" ? `no result in ${side}` : `failed in ${side}: ${cell.reason}`;
}

async function compareCells(pair: CellPair, a: Source, b: Source, options: CompareOptions): Promise<DraftCell> {
  const named = pair.a === null || (pair.a.status !== "ok" && pair.b !== null) ? pair.b! : pair.a;
  const common = { label: cellLabel(named), factors: named.factors };
  const absent = [absence(pair.a, "A"), absence(pair.b, "B")].filter((reason) => reason !== null);
  if (absent.length > 0) return { ...common, mode: null, notes: [], drafts: [row("?", "cell", { notes: absent })] };
  const [first, second] = [pair.a!, pair.b!];
  const obstacles = cellObstacles(first, second);
  if (obstacles.length > 0) {
    return { ...common, mode: null, notes: [], drafts: [row("x", "cell", { notes: obstacles })] };
  }

  const { mode, notes } = comparisonMode(first, second);
  const folders: Folders | null = a.directory === null || b.directory === null
    ? null
    : { a: [a.directory, first.cell], b: [b.directory, second.cell] };
  const samples = folders === null ? null : await readPairedSamples(folders.a, folders.b);
  const context: Context = { mode, samples, listItems: options.samples };
  return {
    ...common,
    mode,
    notes,
    drafts: [
      ...await compareTraining(first, second, mode, folders),
      ...compareEvaluations(first, second, context),
      ...compareProbes(first, second).map(({ mark, what, rest }) => row(mark, what, rest)),
    ],
  };
}

interface Folders {
  readonly a: [directory: string, cell: string];
  readonly b: [directory: string, cell: string];
}

interface Context {
  readonly mode: Mode;
  readonly samples: PairedSamples | null;
  readonly listItems: boolean;
}

/** Trained weights are neither better nor worse: equal, or not. */
async function compareTraining(a: ReportCell, b: ReportCell, mode: Mode, folders: Folders | null): Promise<Draft[]> {
  if (a.train === null || b.train === null) return [];
  const equal = a.train.weightsSha256 === b.train.weightsSha256;
  const step = folders === null || (mode === "statistical" && !equal)
    ? null
    : await firstDifferentStep(folders.a, folders.b);
  const notes = [...(equal ? [] : ["weights differ"]), ...(step === null ? [] : [step])];
  return [row(notes.length === 0 ? "=" : "~", "weights", { notes })];
}

function compareEvaluations(a: ReportCell, b: ReportCell, context: Context): Draft[] {
  const others = new Map(b.evaluations.map((evaluation) => [evaluationLabel(evaluation), evaluation]));
  const labels = new Set([...a.evaluations.map(evaluationLabel), ...others.keys()]);
  const own = new Map(a.evaluations.map((evaluation) => [evaluationLabel(evaluation), evaluation]));
  return [...labels].flatMap((evaluation) => {
    const [first, second] = [own.get(evaluation), others.get(evaluation)];
    if (first === undefined || second === undefined) {
      return [row("?", "evaluation", { evaluation, notes: [`not in ${first === undefined ? "A" : "B"}`] })];
    }
    const notes = inputObstacles(first, second);
    if (notes.length > 0) return [row("x", "evaluation", { evaluation, notes })];
    return compareMetrics(first, second, context);
  });
}

function compareMetrics(a: ReportEvaluation, b: ReportEvaluation, context: Context): Draft[] {
  const evaluation = evaluationLabel(a);
  const names = new Set([...a.metrics, ...b.metrics].map(({ name }) => name));
  return [...names].map((name) => {
    const [first, second] = [a, b].map(({ metrics }) => metrics.find((metric) => metric.name === name));
    if (first === undefined || second === undefined) {
      return row("?", name, { evaluation, notes: [`not in ${first === undefined ? "A" : "B"}`] });
    }
    const values = { evaluation, a: first.value, b: second.value };
    const notes = metricObstacles(first, second);
    if (notes.length > 0) return row("x", name, { ...values, notes });
    return compareMetric(first, second, { ...values, n: a.n }, a.task, context);
  });
}

function compareMetric(
  a: ReportMetric,
  b: ReportMetric,
  base: Partial<DiffRow>,
  task: string,
  context: Context,
): Draft {
  const label = base.evaluation!;
  const { mode, samples } = context;
  const pair = samples === null ? null : [samples.a.get(label) ?? [], samples.b.get(label) ?? []] as const;
  const flips = context.listItems ? flippedItems(a.items, b.items, pair) : null;
  const proportion = statisticsKind(a.items.fields) === "proportion";
  const [first, second] = [itemValues(a.items), itemValues(b.items)];
  const discordant = proportion
    ? [
      first.filter((value, i) => value > second[i]).length,
      first.filter((value, i) => value < second[i]).length,
    ] as const
    : null;
  const found: Partial<DiffRow> = { ...base, flips, discordant };
  const itemsEqual = a.items.values === b.items.values;
  if (mode === "exact") {
    const where = pair === null ? firstDifferentItem(a.items, b.items) : firstDifferentSample(...pair, a.name);
    if (where === null) return row("=", a.name, found);
    const difference = Number(b.value) - Number(a.value);
    const mark = difference === 0 ? "~" : (difference > 0) === (a.better === "higher") ? "+" : "-";
    return row(mark, a.name, { ...found, difference: fixed(difference, 4), notes: [where] });
  }
  if (itemsEqual) return row("=", a.name, found);
  const pending = { family: `${task} ${a.name}`, a: first, b: second, proportion, better: a.better };
  return { ...row("~", a.name, found), pending };
}

/** Four significant digits; the least p a bootstrap can give is well above this format's reach. */
function pText(p: number): string {
  return p >= 0.001 ? fixed(p, 4) : p.toExponential(2);
}

/**
 * Tests the waiting rows. A family is one metric of one task, over all cells, sets, formats and shots; rows whose items are all equal need no
 * test and are not in it. A bootstrap's p cannot be below 1 / (resamples + 1), so a larger family gets more resamples: enough for half
 * the level after Holm's correction.
 */
async function test(drafts: readonly Draft[]): Promise<void> {
  const waiting = drafts.filter(({ pending }) => pending !== null);
  for (const family of Map.groupBy(waiting, ({ pending }) => pending!.family).values()) {
    const resamples = Math.max(10_000, Math.ceil(2 * family.length / LEVEL));
    const results: PairedResult[] = [];
    for (const { row, pending } of family) {
      const paired = await pairedBootstrap(pending!.a, pending!.b, { resamples, seed: SEED });
      results.push({ ...paired, p: pending!.proportion ? mcnemarExact(...row.discordant!) : paired.p });
    }
    const adjusted = holm(results.map(({ p }) => p));
    family.forEach((draft, i) => {
      const { difference, low, high, p } = results[i];
      const good = (difference > 0) === (draft.pending!.better === "higher");
      draft.row = {
        ...draft.row,
        mark: adjusted[i] >= LEVEL || difference === 0 ? "~" : good ? "+" : "-",
        difference: fixed(difference, 4),
        low: fixed(low, 4),
        high: fixed(high, 4),
        test: draft.pending!.proportion ? "McNemar exact" : "paired bootstrap",
        p: pText(p),
        adjusted: pText(adjusted[i]),
      };
    });
  }
}
