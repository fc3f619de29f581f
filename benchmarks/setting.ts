/**
 * What a setting is, and the score tables that several settings share.
 * @module
 */
import { metricsOf, type Task } from "../tasks/mod.ts";
import type { CellRequest, ModelFacts } from "./requests.ts";
import type { Scale } from "./profiles.ts";
import type {
  CellSpec,
  ChoicePlan,
  EntryReference,
  EvaluationSpec,
  FindingPlan,
  TableEntry,
  TablePlan,
} from "./types.ts";

/** What a setting's tables are made from: the cells that are in the plan. */
export interface PlanView {
  /** Tasks that are run. */
  readonly tasks: readonly Task[];
  /** The profile's numbers. */
  readonly scale: Scale;
  /** Seeds of trained cells. */
  readonly seeds: readonly number[];
  /** The base model. */
  readonly model: ModelFacts;
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
  /** Cells for one task. */
  requests(task: Task, scale: Scale, seeds: readonly number[]): readonly CellRequest[];
  /** Tables over the cells that are in the plan. */
  tables(view: PlanView): readonly TablePlan[];
  /** The paper's statements that its cells can show. */
  findings?(view: PlanView): readonly FindingPlan[];
  /** Learning rates to choose among, where it is about that. */
  choices?(view: PlanView): readonly ChoicePlan[];
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
  accuracy: { title: "", unit: "accuracy by label score, 0-100" },
  free_accuracy: { title: ", free generation", unit: "accuracy by free generation, 0-100" },
  off_label_rate: { title: ", off-label rate", unit: "off-label rate of free generation, 0-100, lower is better" },
};

/** Metrics of a task that get a table, the one the paper reports first. */
export function tableMetrics(task: Task): readonly string[] {
  return metricsOf(task).map((metric) => metric.name).filter((name) => Object.hasOwn(shown, name));
}

/**
 * A table of one metric: a row per method and training size, a column per set and shot count.
 *
 * @param keep Which evaluations the table is about.
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
      for (const evaluation of cell?.spec.evaluations.filter(keep) ?? []) {
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
  return {
    title: title + shown[metric].title,
    unit: shown[metric].unit,
    rowHeader: "model",
    rows: rows.map((row) => row.label).filter((label) => entries.some((entry) => entry.row === label)),
    columns: [...columns.keys()],
    entries,
    notes,
  };
}

/** Where some cells' scores of the task's first metric are: by shot count, the cells' references. */
export function scoresByShots(
  view: PlanView,
  task: Task,
  requests: readonly CellRequest[],
  keep: (evaluation: EvaluationSpec) => boolean,
): EntryReference[][] {
  const metric = tableMetrics(task)[0];
  const references = requests.flatMap((request) => {
    const cell = view.cell(request);
    return cell?.spec.evaluations.filter(keep).map(({ set, format, shots }): EntryReference => ({
      cell: cell.id,
      set,
      format,
      shots,
      metric,
    })) ?? [];
  });
  return [...Map.groupBy(references, ({ shots }) => shots).values()];
}
