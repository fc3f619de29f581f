/**
 * Does the distance of a tuned model from its base, on inputs of what it is tuned on, tell how much else it forgets? Forward KL beside what
 * is lost, for several ways of tuning (after Shenfeld, Pari and Agrawal, "RL's Razor", 2025).
 * @module
 */
import { probed } from "./probe_requests.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { averagesAt, type Comparison, comparisonRequests, scoresAt, setsOf, setsTunedOn } from "./promot_scores.ts";
import { tableOf } from "./promot_tables.ts";
import { contextSets } from "./promot_values.ts";
import { promotModel } from "./requests.ts";
import type { PlanView, Setting } from "./setting.ts";
import type { ProbeReference, TableEntry, TablePlan, ValueReference } from "./types.ts";

/** The models, in the table's order. */
export const divergingArms: readonly ArmName[] = ["ft", "ft_1", "promot", "lora", "value_tuning"];

/** What they are tuned on, and what tables call it. */
const tunings: readonly { readonly comparison: Comparison; readonly name: string }[] = [
  { name: "RTE", comparison: { trained: ["promot_rte"], arms: ["pretrained", ...divergingArms], inContext: true } },
  {
    name: "English to French",
    comparison: { trained: ["translation"], arms: ["pretrained", ...divergingArms], inContext: true },
  },
];

const notes: readonly string[] = [
  "Forward KL: for input x and reference answer y of T tokens, its end included, 1/T sum over t of KL(base(. | x, y before t) || tuned(. | x, y " +
  "before t)) over the whole vocabulary, in nats, at temperature 1; mean over rows. The expectation over the next token is the base model's and " +
  "exact; the tokens before it are the reference's, where RL's Razor samples them. No number of theirs is comparable.",
  "The set tuned on is read as the model is trained, soft prompt attached, against the base model without one; the eight others at one shot, soft " +
  "prompt taken off. Rows are the test rows of the scores.",
  "Lost: the untrained model's mean score on the eight sets at one shot less the tuned model's.",
];

/** Forward KL on what is tuned on and on eight other sets, beside the scores lost there. */
export const forwardKlSetting: Setting = {
  name: "forward_kl",
  title: "Forward KL and forgetting",
  source: "beyond the papers",
  description:
    "Forward KL of tuned models from their base on inputs of the set tuned on and of eight others, beside the scores lost on these.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) =>
    tunings.flatMap(({ comparison }) => {
      const scored = comparisonRequests(comparison, task, scope);
      const tuned = scored.filter(({ method }) => method !== "icl");
      return [...scored, ...tuned.map((request) => probed(request, "forward_kl"))];
    }),
  tables: (view) =>
    tunings.flatMap(({ name, comparison }, i) => [
      ...summaryTable(view, `FT and others on ${name}`, comparison, i === 0 ? notes : []),
      ...setsTable(view, `Forward KL by set, tuned on ${name}`, comparison),
    ]),
};

/** Where a model's divergences on a set are, one a seed; none where the plan lacks them. */
export function divergencesAt(
  view: PlanView,
  { trained: [name] }: Comparison,
  arm: ArmName,
  set: string,
): ProbeReference[] {
  const trained = view.tasks.find((task) => task.name === name);
  const tested = view.tasks.find((task) => setsOf(task).includes(set));
  if (trained === undefined || tested === undefined) return [];
  return view.seeds.flatMap((seed) => {
    const cell = view.cell(probed(promotModel(arm, [trained], tested, view.scale, seed), "forward_kl"));
    return cell?.spec.probes?.filter((one) => one.set === set).map(({ probe, format, shots }) => ({
      cell: cell.id,
      probe,
      set,
      format,
      shots,
      value: "divergence",
    })) ?? [];
  });
}

/** A row a model: divergences, scores, what is lost. */
function summaryTable(view: PlanView, title: string, comparison: Comparison, notes: readonly string[]): TablePlan[] {
  const { trained, arms } = comparison;
  const [untuned] = averagesAt(view, trained, "pretrained", 1);
  const entries = arms.flatMap((arm) => {
    const place = (column: string, references: readonly ValueReference[]) =>
      references.map((reference): TableEntry => ({ row: promotArms[arm].label, column, reference, paper: null }));
    const averages = averagesAt(view, trained, arm, 1);
    const lost = arm === "pretrained" || untuned === undefined ? [] : averages;
    return [
      ...setsTunedOn(view, trained).flatMap((set) => place(`KL, ${set}`, divergencesAt(view, comparison, arm, set))),
      ...place("KL, others", meansOver(contextSets.map((set) => divergencesAt(view, comparison, arm, set)))),
      ...setsTunedOn(view, trained).flatMap((set) =>
        place(set, scoresAt(view, trained, arm, set, promotArms[arm].shown))
      ),
      ...place("others", averages),
      ...place("lost", lost.map((average) => ({ difference: [untuned, average] }))),
    ];
  });
  const unit = "forward KL in nats; the sets' own scores and the mean over the eight, 0-100";
  const [table] = tableOf(title, unit, "model", entries, notes);
  if (table === undefined) return [];
  const order = ["KL", "lost"];
  const rank = (column: string) => column.startsWith(order[0]) ? 0 : column === order[1] ? 2 : 1;
  return [{ ...table, columns: table.columns.toSorted((a, b) => rank(a) - rank(b)) }];
}

/** A row a model, a column a set. */
function setsTable(view: PlanView, title: string, comparison: Comparison): TablePlan[] {
  const entries = comparison.arms.flatMap((arm) =>
    [...setsTunedOn(view, comparison.trained), ...contextSets].flatMap((set) =>
      divergencesAt(view, comparison, arm, set).map((reference): TableEntry => ({
        row: promotArms[arm].label,
        column: set,
        reference,
        paper: null,
      }))
    )
  );
  return tableOf(title, "nats per token of the reference answer", "model", entries, []);
}

/** By seed the mean over sets; none where a set has not as many seeds. */
function meansOver(bySet: readonly (readonly ProbeReference[])[]): ValueReference[] {
  const [first] = bySet;
  if (bySet.some((references) => references.length !== first.length)) return [];
  return first.map((_, seed) => ({ mean: bySet.map((references) => references[seed]) }));
}
