/**
 * What P's tables share: the score on what was tuned on, the plain mean of eight sets shown in context, and these sets one by one.
 * @module
 */
import { contrast, type Measured } from "./contrasts.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { averagesAt, type Comparison, scoresAt, setsTunedOn } from "./promot_scores.ts";
import { type ArmScores, contextSets, type ContextTable, type OtherModel } from "./promot_values.ts";
import { promotShots } from "./requests.ts";
import type { PlanView } from "./setting.ts";
import type { ComparisonPlan, TableEntry, TablePlan, ValueReference } from "./types.ts";

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

const contextUnit =
  "accuracy of the generated label (cb, wic), exact match (triviaqa, webquestions), BLEU (ende, enro), ROUGE-2 F1 " +
  "(xsum, wikilingua); 0-100";

const average = "Norm. Avg";

const averageNote =
  "Norm. Avg: the plain mean of the eight scores, which the paper's own averages are. Its interval is t's over the items of all eight sets, " +
  "each set counting alike.";

/** Scores on the sets tuned on: a row a set, a column a model. */
export function supervisedTable(
  view: PlanView,
  title: string,
  comparisons: readonly Comparison[],
  paper: Readonly<Record<string, ArmScores>>,
): TablePlan[] {
  const entries = comparisons.flatMap(({ trained, arms }) =>
    setsTunedOn(view, trained).flatMap((set) =>
      arms.flatMap((arm) =>
        entriesOf(set, arm, scoresAt(view, trained, arm, set, promotArms[arm].shown), paper[set]?.[arm])
      )
    )
  );
  const unit = "accuracy of the generated label; BLEU of enfr; 0-100";
  return tableOf(title, unit, "tuned on", entries, []);
}

/** Scores on the eight sets shown in context, with their plain mean first: a row a set, a column a model, a table a shot count. */
export function contextTables(view: PlanView, title: string, comparison: Comparison, paper: ContextTable): TablePlan[] {
  const { trained, arms } = comparison;
  return promotShots.flatMap((shots, i) => {
    const entries = arms.flatMap((arm) => {
      const scores = paper[arm]?.[i];
      return [
        ...entriesOf(average, arm, averagesAt(view, trained, arm, shots), scores?.[0]),
        ...contextSets.flatMap((set, s) =>
          entriesOf(set, arm, scoresAt(view, trained, arm, set, shots), scores?.[s + 1])
        ),
      ];
    });
    return tableOf(
      `${title}, ${shots}-shot`,
      contextUnit,
      "set",
      entries,
      i === 0 ? [averageNote, ...promotNotes] : [],
    );
  });
}

/** The same cells beside the paper's numbers of another base model, where it gives any. */
export function otherModelTable(
  view: PlanView,
  title: string,
  { trained }: Comparison,
  { model, source, scores }: OtherModel,
): TablePlan[] {
  const [shots] = promotShots;
  const models = [...new Set(Object.values(scores).flatMap((byArm) => Object.keys(byArm) as ArmName[]))];
  const references = (row: string, arm: ArmName): readonly ValueReference[] => {
    if (row === "average") return averagesAt(view, trained, arm, shots);
    const own = setsTunedOn(view, trained).includes(row);
    return scoresAt(view, trained, arm, row, own ? promotArms[arm].shown : shots);
  };
  const entries = Object.entries(scores).flatMap(([row, byArm]) =>
    models.flatMap((arm) =>
      byArm[arm] === undefined
        ? []
        : entriesOf(row === "average" ? average : row, arm, references(row, arm), byArm[arm])
    )
  );
  return tableOf(`${title}, ${shots}-shot, beside the paper's ${model}`, contextUnit, "set", entries, [
    `The paper's numbers are ${source}'s; the set tuned on is shown without demonstrations.`,
  ]);
}

/** Pairs of models, set by set at each shot count. */
export function promotComparisons(
  view: PlanView,
  tunedOn: string,
  { trained }: Comparison,
  pairs: readonly (readonly [first: ArmName, second: ArmName])[],
  paper: ContextTable,
): ComparisonPlan[] {
  const measuredAt = (arm: ArmName, set: string, s: number, i: number): Measured => {
    const references = scoresAt(view, trained, arm, set, promotShots[i]);
    const score = paper[arm]?.[i]?.[s + 1];
    return { side: references.length === 0 ? [] : [references], paper: score === undefined ? [] : [score] };
  };
  return pairs.map(([first, second]): ComparisonPlan => {
    const sides = [promotArms[first].label, promotArms[second].label] as const;
    return {
      title: `${sides[0]} against ${sides[1]}, after ${tunedOn}`,
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
export function averageTable(
  view: PlanView,
  title: string,
  { trained, arms }: Comparison,
  paper: ArmScores,
): TablePlan[] {
  const entries = promotShots.flatMap((shots, i) =>
    arms.flatMap((arm) =>
      entriesOf(`${shots}-shot`, arm, averagesAt(view, trained, arm, shots), i === 0 ? paper[arm] : undefined)
    )
  );
  return tableOf(title, "Norm. Avg, 0-100", "shots", entries, [averageNote, ...promotNotes]);
}

/** One place of a table: an entry a seed. */
function entriesOf(
  row: string,
  arm: ArmName,
  references: readonly ValueReference[],
  paper: number | undefined,
): TableEntry[] {
  return references.map((reference) => ({
    row,
    column: promotArms[arm].label,
    reference,
    paper: paper ?? null,
  }));
}

/** A table whose rows and columns stand in the order in which its entries first name them; none where it has none. */
export function tableOf(
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
