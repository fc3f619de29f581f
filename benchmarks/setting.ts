/**
 * What a setting is, and the score tables that several settings share.
 * @module
 */
import { metricsOf, type Paper, type Task } from "../tasks/mod.ts";
import { type Chance, chanceEntries, chanceLabels } from "./chance.ts";
import type { CellRequest, ModelFacts } from "./requests.ts";
import type { Scale } from "./profiles.ts";
import type {
  CellSpec,
  ChoicePlan,
  ComparisonPlan,
  EntryReference,
  EvaluationSpec,
  ParetoPlan,
  TableEntry,
  TablePlan,
} from "./types.ts";

/** What settings choose cells from. */
export interface PlanScope {
  /** Tasks that the data has: those of the setting's paper, of two papers U's first. */
  readonly tasks: readonly Task[];
  /** The profile's numbers. */
  readonly scale: Scale;
  /** Seeds of trained cells. */
  readonly seeds: readonly number[];
}

/** What a setting's tables are made from: the cells that are in the plan. */
export interface PlanView extends PlanScope {
  /** The base model. */
  readonly model: ModelFacts;
  /** Accuracies that need no input, by `task/set` of classification. */
  readonly chance: ReadonlyMap<string, Chance>;
  /** The planned cell of a request, or undefined where the plan has none. */
  cell(request: CellRequest): { readonly id: string; readonly spec: CellSpec } | undefined;
}

/** A setting of the papers: which figure it is, which cells it reads, which tables it makes. */
export interface Setting {
  /** Name on the command line. */
  readonly name: string;
  /** Heading in reports. */
  readonly title: string;
  /** Such as `U Figure 1`. */
  readonly source: string;
  /** One sentence. */
  readonly description: string;
  /** Whether it runs only where it is named. */
  readonly onlyByName?: boolean;
  /** Whose tasks it is about; U's where absent. */
  readonly paper?: "P" | "both";
  /** Whether claims of later work are put to its run too; those of U and P are put to every run. */
  readonly laterWork?: true;
  /** Whether, of the cells that it asks for, only those are planned that a statement is put to. */
  readonly statedOnly?: true;
  /** Cells whose models are trained on one task, and untrained ones put to it. */
  requests(task: Task, scope: PlanScope): readonly CellRequest[];
  /** Tables over the cells that are in the plan. */
  tables(view: PlanView): readonly TablePlan[];
  /** Paired comparisons between them. */
  comparisons?(view: PlanView): readonly ComparisonPlan[];
  /** Learning rates to choose among, where it is about that. */
  choices?(view: PlanView): readonly ChoicePlan[];
  /** Learning against forgetting, where it is about that. */
  paretos?(view: PlanView): readonly ParetoPlan[];
}

/** The papers whose tasks a setting is about. */
export function papersOf({ paper }: Setting): readonly Paper[] {
  return paper === "both" ? ["U", "P"] : [paper ?? "U"];
}

/** A row of a score table: the cells, one per seed, whose scores it shows. */
export interface ScoreRow {
  /** What the row is called. */
  readonly label: string;
  /** Its cells. */
  readonly requests: readonly CellRequest[];
  /** The paper's value in 0..100 for one of the row's entries, or null. */
  paper(set: string, shots: number): number | null;
}

/** Metrics that get a table: what its title and its unit call them. The papers' main metrics need no words in the title. */
const shown: Readonly<Record<string, { readonly title: string; readonly unit: string }>> = {
  rougeL: { title: "", unit: "ROUGE-L F1, 0-100" },
  bleu: { title: "", unit: "BLEU, 0-100" },
  exact_match: { title: "", unit: "exact match, 0-100" },
  accuracy: { title: "", unit: "accuracy by label score, 0-100" },
  free_accuracy: { title: ", free generation", unit: "accuracy by free generation, 0-100" },
  off_label_rate: { title: ", off-label rate", unit: "off-label rate of free generation, 0-100, lower is better" },
  tuned_label_rate: {
    title: ", answers that begin with a label of the task tuned on",
    unit: "share of answers, 0-100, lower is better",
  },
};

/** Metrics of a task that get a table, the one the paper reports first. */
export function tableMetrics(task: Task): readonly string[] {
  return metricsOf(task).map((metric) => metric.name).filter((name) => Object.hasOwn(shown, name));
}

/** What a metric adds to a table's title: nothing for the papers' main ones. */
export function titleOf(metric: string): string {
  return shown[metric].title;
}

/** What a metric is called over a table. */
export function unitOf(metric: string): string {
  return shown[metric].unit;
}

/**
 * A table of one metric: a row per method and training size, a column per set and shot count; for accuracies rows of
 * what could be reached on these sets without reading them.
 *
 * @param keep Which evaluations the table is about; only those that have the metric are.
 * @returns Null where the plan has none of them.
 */
export function scoreTable(
  view: PlanView,
  title: string,
  metric: string,
  rows: readonly ScoreRow[],
  keep: (evaluation: EvaluationSpec) => boolean,
  notes: readonly string[],
): TablePlan | null {
  const entries: TableEntry[] = [];
  const columns = new Map<string, EvaluationSpec>();
  for (const row of rows) {
    for (const request of row.requests) {
      const cell = view.cell(request);
      const kept = cell?.spec.evaluations.filter((e) => keep(e) && hasMetric(e, metric)) ?? [];
      for (const evaluation of kept) {
        const column = `${evaluation.set}, ${evaluation.shots}-shot`;
        columns.set(column, evaluation);
        entries.push({
          row: row.label,
          column,
          reference: {
            cell: cell!.id,
            set: evaluation.set,
            format: evaluation.format,
            shots: evaluation.shots,
            metric,
          },
          // The paper's numbers are of its main metric only.
          paper: shown[metric].title === "" ? row.paper(evaluation.set, evaluation.shots) : null,
        });
      }
    }
  }
  if (entries.length === 0) return null;
  for (const [column, { task, set, relation }] of columns) {
    if (relation === "validation") continue;
    entries.push(...chanceEntries(view.chance.get(`${task}/${set}`), metric, (row) => ({ row, column })));
  }
  const labels = [...rows.map((row) => row.label), ...Object.values(chanceLabels)];
  return {
    title: title + shown[metric].title,
    unit: shown[metric].unit,
    rowHeader: "model",
    rows: labels.filter((label) => entries.some((entry) => entry.row === label)),
    columns: [...columns.keys()],
    entries,
    notes,
  };
}

/** Whether an evaluation has a metric: a signature begins with its name. */
function hasMetric({ scorers }: EvaluationSpec, metric: string): boolean {
  return scorers.some((signature) => signature.split("|", 1)[0] === metric);
}

/** Where some cells' scores are: by shot count, the cells' references. The metric is the task's first where none is named. */
export function scoresByShots(
  view: PlanView,
  task: Task,
  requests: readonly CellRequest[],
  keep: (evaluation: EvaluationSpec) => boolean,
  metric = tableMetrics(task)[0],
): EntryReference[][] {
  const references = requests.flatMap((request) => {
    const cell = view.cell(request);
    return cell?.spec.evaluations.filter((e) => keep(e) && hasMetric(e, metric)).map((
      { set, format, shots },
    ): EntryReference => ({ cell: cell.id, set, format, shots, metric })) ?? [];
  });
  return [...Map.groupBy(references, ({ shots }) => shots).values()];
}
