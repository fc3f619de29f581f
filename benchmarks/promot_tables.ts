/**
 * What P's tables share: the score on what was tuned on, the plain mean of eight sets shown in context, and these sets one by one.
 * @module
 */
import { metricsOf, type Task } from "../tasks/mod.ts";
import { contrast, type Measured } from "./contrasts.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { type ArmScores, contextSets, type ContextTable } from "./promot_values.ts";
import { type CellRequest, promotModel, promotShots } from "./requests.ts";
import type { PlanScope, PlanView } from "./setting.ts";
import type { ComparisonPlan, EntryReference, TableEntry, TablePlan, ValueReference } from "./types.ts";

/** Models of one table: what they are tuned on, together where it is two. */
export interface Comparison {
  /** Names of the tasks tuned on. */
  readonly trained: readonly [string, string?];
  /** The models, in the paper's order. */
  readonly arms: readonly ArmName[];
  /** Whether they are put to the eight sets shown in context as well. */
  readonly inContext: boolean;
}

/** Lines under every one of P's tables. */
export const promotNotes: readonly string[] = [
  "The paper's numbers are of mT5 XXL, an encoder-decoder of 13 billion parameters, on its own data, one run, beam search of width 4. Here: a " +
  "decoder-only Llama, greedy decoding up to a blank line, prompts and labels of the paper's Table 7, one blank line between demonstrations, " +
  "which are the first ones of the tested set's few-shot file.",
  "As in the paper: CB, WiC, RTE, SNLI count as right where the generated answer is the label word; the soft prompt is attached on the set " +
  "tuned on, and taken off for all others; the best step by validation score is kept, in every stage.",
  "Unlike the paper: validation rows are the last ones of the training file and no test rows; profiles smoke and quick train by AdamW without " +
  "dropout and label smoothing, in passes over fewer rows; profile paper has its Adafactor, batches of 64, dropout, label smoothing and numbers of steps.",
  "Where the data has no training rows of RTE or SNLI, those of MNLI that fit the labels stand in; the table of trainings names the set.",
];

/** What P reports of a task: accuracy of the generated label, ROUGE-2 for summaries, else the task's first metric. */
function mainMetric(task: Task): string {
  if (task.scorer === "labels") return "free_accuracy";
  return task.scorer === "rouge" ? "rouge2" : metricsOf(task)[0].name;
}

/** The tasks of a comparison, or null where the data lacks one. */
function trainedTasks({ trained }: Comparison, tasks: readonly Task[]): readonly [Task, Task?] | null {
  const found = trained.map((name) => tasks.find((task) => task.name === name));
  return found.includes(undefined) ? null : found as [Task, Task?];
}

/** Tasks a comparison's models are put to: those tuned on, and those of sets shown in context. */
function testedTasks({ inContext }: Comparison, trained: readonly [Task, Task?], tasks: readonly Task[]): Task[] {
  return tasks.filter((task) =>
    trained.includes(task) ||
    (inContext && setsOf(task).some((set) => (contextSets as readonly string[]).includes(set)))
  );
}

function setsOf({ sets }: Task): string[] {
  return [...sets.inDomain, ...sets.outOfDomain];
}

/** The cells that a comparison needs, of those whose `task` is the one given. */
export function comparisonRequests(comparison: Comparison, task: Task, scope: PlanScope): CellRequest[] {
  const trained = trainedTasks(comparison, scope.tasks);
  if (trained === null) return [];
  const requests = testedTasks(comparison, trained, scope.tasks).flatMap((tested) =>
    comparison.arms.flatMap((arm) =>
      seedsOf(arm, scope).map((seed) => promotModel(arm, trained, tested, scope.scale, seed))
    )
  );
  return requests.filter((request) => request.task === task.name);
}

/** Nothing is random in what is not trained. */
function seedsOf(arm: ArmName, { seeds }: PlanScope): readonly number[] {
  return promotArms[arm].method === "icl" ? [0] : seeds;
}

/** Scores on the sets tuned on: a row a set, a column a model. */
export function supervisedTable(
  view: PlanView,
  title: string,
  comparisons: readonly Comparison[],
  paper: Readonly<Record<string, ArmScores>>,
): TablePlan[] {
  const entries = comparisons.flatMap((comparison) => {
    const trained = trainedTasks(comparison, view.tasks);
    return (trained ?? []).flatMap((task): TableEntry[] =>
      comparison.arms.flatMap((arm) =>
        task === undefined
          ? []
          : referencesAt(view, comparison, arm, task.sets.train!, [promotArms[arm].shown]).map((reference) => ({
            row: task.sets.train!,
            column: promotArms[arm].label,
            reference,
            paper: paper[task.sets.train!]?.[arm] ?? null,
          }))
      )
    );
  });
  const unit = "accuracy of the generated label; BLEU of enfr; 0-100";
  return tableOf(title, unit, "tuned on", entries, []);
}

/** Scores on the eight sets shown in context, with their plain mean first: a row a set, a column a model, a table a shot count. */
export function contextTables(view: PlanView, title: string, comparison: Comparison, paper: ContextTable): TablePlan[] {
  return promotShots.flatMap((shots, i) => {
    const entries = comparison.arms.flatMap((arm): TableEntry[] => {
      const scores = paper[arm]?.[i] ?? null;
      const column = promotArms[arm].label;
      const bySet = contextSets.map((set) => referencesAt(view, comparison, arm, set, [shots]));
      const rows = bySet.flatMap((references, s) =>
        references.map((reference): TableEntry => ({
          row: contextSets[s],
          column,
          reference,
          paper: scores?.[s + 1] ?? null,
        }))
      );
      return [
        ...averages(bySet).map((reference): TableEntry => ({
          row: average,
          column,
          reference,
          paper: scores?.[0] ?? null,
        })),
        ...rows,
      ];
    });
    const unit =
      "accuracy of the generated label (cb, wic), exact match (triviaqa, webquestions), BLEU (ende, enro), ROUGE-2 F1 " +
      "(xsum, wikilingua); 0-100";
    return tableOf(`${title}, ${shots}-shot`, unit, "set", entries, i === 0 ? promotNotes : []);
  });
}

const average = "mean of the eight";

/** By seed the mean of the sets' values; none where a set has no value of as many seeds. */
function averages(bySet: readonly (readonly EntryReference[])[]): ValueReference[] {
  const [first] = bySet;
  if (bySet.some((references) => references.length !== first.length)) return [];
  return first.map((_, seed) => ({ mean: bySet.map((references) => references[seed]) }));
}

/** Pairs of models, set by set at each shot count. */
export function promotComparisons(
  view: PlanView,
  comparison: Comparison,
  pairs: readonly (readonly [first: ArmName, second: ArmName])[],
  paper: ContextTable,
): ComparisonPlan[] {
  const measuredAt = (arm: ArmName, set: string, s: number, i: number): Measured => {
    const references = referencesAt(view, comparison, arm, set, [promotShots[i]]);
    const score = paper[arm]?.[i]?.[s + 1];
    return { side: references.length === 0 ? [] : [references], paper: score === undefined ? [] : [score] };
  };
  return pairs.map(([first, second]): ComparisonPlan => {
    const sides = [promotArms[first].label, promotArms[second].label] as const;
    return {
      title: `${sides[0]} against ${sides[1]}`,
      unit: "the sets' own metrics, 0-100",
      sides,
      contrasts: contextSets.flatMap((set, s) =>
        promotShots.flatMap((shots, i) =>
          contrast(`${set}, ${shots}-shot`, measuredAt(first, set, s, i), "greater", measuredAt(second, set, s, i))
        )
      ),
      notes: [],
    };
  }).filter(({ contrasts }) => contrasts.length > 0);
}

/** Only the models' means over the eight sets: a row a shot count. */
export function averageTable(view: PlanView, title: string, comparison: Comparison, paper: ArmScores): TablePlan[] {
  const entries = promotShots.flatMap((shots, i) =>
    comparison.arms.flatMap((arm) =>
      averages(contextSets.map((set) => referencesAt(view, comparison, arm, set, [shots]))).map((reference) => ({
        row: `${shots}-shot`,
        column: promotArms[arm].label,
        reference,
        paper: i === 0 ? paper[arm] ?? null : null,
      }))
    )
  );
  return tableOf(title, "plain mean of the eight sets' scores, 0-100", "shots", entries, promotNotes);
}

/** Where a model's main scores on a set are, one a seed. */
function referencesAt(
  view: PlanView,
  comparison: Comparison,
  arm: ArmName,
  set: string,
  shots: readonly number[],
): EntryReference[] {
  const trained = trainedTasks(comparison, view.tasks);
  const tested = view.tasks.find((task) => setsOf(task).includes(set));
  if (trained === null || tested === undefined) return [];
  return seedsOf(arm, view).flatMap((seed) => {
    const cell = view.cell(promotModel(arm, trained, tested, view.scale, seed));
    return cell?.spec.evaluations.filter((e) => e.set === set && shots.includes(e.shots)).map((e): EntryReference => ({
      cell: cell.id,
      set,
      format: e.format,
      shots: e.shots,
      metric: mainMetric(tested),
    })) ?? [];
  });
}

function tableOf(
  title: string,
  unit: string,
  rowHeader: string,
  entries: readonly TableEntry[],
  notes: readonly string[],
): TablePlan[] {
  if (entries.length === 0) return [];
  const columns = [...new Set(entries.map(({ column }) => column))];
  const rows = [...new Set(entries.map(({ row }) => row))];
  return [{ title, unit, rowHeader, rows, columns, entries, notes }];
}
