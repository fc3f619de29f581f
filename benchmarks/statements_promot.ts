/**
 * P's statements, each as contrasts between planned cells. Numbers are those of our list of its statements. One and four shots are contrasts
 * of their own, as in the paper's tables.
 * @module
 */
import { AVERAGE_MARGIN, constant, contrast, MARGIN, type Measured, sideOf, type Statement } from "./contrasts.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { averagesAt, scoresAt, setsTunedOn, type TunedOn } from "./promot_scores.ts";
import {
  ablationsRte,
  afterBoth,
  afterEnFr,
  afterFurther,
  afterRte,
  contextSets,
  type ContextTable,
  loraEnFr,
  supervised,
} from "./promot_values.ts";
import { promotShots } from "./requests.ts";
import type { PlanView } from "./setting.ts";
import { aligned, collapsedEarly, copied } from "./statements_promot_steps.ts";
import type { ContrastPlan } from "./types.ts";

/** What models are tuned on, and what the paper says of them. */
interface Tuning {
  /** In words. */
  readonly name: string;
  readonly trained: TunedOn;
  /** The paper's scores in context. */
  readonly paper: ContextTable;
}

type Claim = ContrastPlan["claim"];

const rte: Tuning = { name: "RTE", trained: ["promot_rte"], paper: afterRte };
const enfr: Tuning = { name: "English to French", trained: ["translation"], paper: afterEnFr };
const snli: Tuning = { name: "SNLI", trained: ["promot_inference"], paper: afterFurther.snli };
const openbookqa: Tuning = { name: "OpenbookQA", trained: ["multiple_choice"], paper: afterFurther.openbookqa };
const both: Tuning = { name: "both", trained: ["promot_rte", "translation"], paper: afterBoth };
const ablations: Tuning = { ...rte, paper: ablationsRte };
const loraTable: ContextTable = Object.fromEntries(
  Object.entries(loraEnFr.average).map(([arm, average]) => [arm, [[average], null]]),
);
const lora: Tuning = { ...enfr, paper: loraTable };

/** Sets whose answers have another form than those of RTE, and of those the ones that are no translation either. */
const otherThanRte = contextSets.filter((set) => set !== "cb" && set !== "wic");
const otherThanBoth = otherThanRte.filter((set) => set !== "ende" && set !== "enro");

/** A model's score on one of the eight sets, or its Norm. Avg, at the first or second of P's shot counts. */
function inContext(view: PlanView, { trained, paper }: Tuning, arm: ArmName, set: string, i: number): Measured {
  const place = (contextSets as readonly string[]).indexOf(set) + 1;
  const references = place === 0
    ? averagesAt(view, trained, arm, promotShots[i])
    : scoresAt(view, trained, arm, set, promotShots[i]);
  return sideOf(references, paper[arm]?.[i]?.[place]);
}

const normAvg = "Norm. Avg";

/** Two models at each of P's shot counts. */
function pair(
  view: PlanView,
  tuning: Tuning,
  set: string,
  first: ArmName,
  claim: Claim,
  second: ArmName,
): ContrastPlan[] {
  return promotShots.flatMap((shots, i) =>
    contrast(
      `${set}, ${promotArms[first].label} and ${promotArms[second].label}, after ${tuning.name}, ${shots}-shot`,
      inContext(view, tuning, first, set, i),
      claim,
      inContext(view, tuning, second, set, i),
      "best",
      set === normAvg ? AVERAGE_MARGIN : MARGIN,
    )
  );
}

/** What a model scores on a set against zero, at each of P's shot counts. */
function aboutZero(view: PlanView, tuning: Tuning, set: string, arm: ArmName): ContrastPlan[] {
  return promotShots.flatMap((shots, i) =>
    contrast(
      `${set}, ${promotArms[arm].label}, after ${tuning.name}, ${shots}-shot`,
      inContext(view, tuning, arm, set, i),
      "at most",
      constant(0),
    )
  );
}

/** Two models on the set that both are tuned on. */
function onTarget(view: PlanView, { trained }: Tuning, first: ArmName, claim: Claim, second: ArmName): ContrastPlan[] {
  return setsTunedOn(view, trained).flatMap((set) => {
    const [one, other] = [first, second].map((arm) =>
      sideOf(scoresAt(view, trained, arm, set, promotArms[arm].shown), supervised[set]?.[arm])
    );
    return contrast(`${set}, ${promotArms[first].label} and ${promotArms[second].label}`, one, claim, other);
  });
}

/** P's ten statements. */
export const promotStatements: readonly Statement[] = [
  {
    id: "T2.1",
    name: "FT loses in-context learning",
    source: "P Tables 3, 4, Figure 1",
    statement:
      "Fine-tuned on one task a model loses in-context learning on sets of other formats: after RTE, and after English to French, it scores " +
      "below the untrained model, about zero; after RTE it is below on closed-book questions half-way through the training.",
    contrasts: (view) => {
      const lost = [
        ...otherThanRte.map((set) => [rte, set] as const),
        ...otherThanBoth.map((set) => [enfr, set] as const),
      ];
      return [
        ...lost.flatMap(([tuning, set]) => pair(view, tuning, set, "pretrained", "greater", "ft")),
        ...collapsedEarly(view),
        ...lost.flatMap(([tuning, set]) => aboutZero(view, tuning, set, "ft")),
      ];
    },
  },
  {
    id: "T2.2",
    name: "sets of the same format are spared",
    source: "P Table 3",
    statement:
      "Fine-tuned on RTE a model is above the untrained one on CB, whose answers have the same format, and not below it on WiC.",
    contrasts: (view) => [
      ...pair(view, rte, "cb", "ft", "greater", "pretrained"),
      ...pair(view, rte, "wic", "ft", "at least", "pretrained"),
    ],
  },
  {
    id: "T2.3",
    name: "answers in the trained format",
    source: "P Figure 2",
    statement:
      "Fine-tuned on RTE a model answers with a label of RTE where something else is asked for: on TriviaQA and on English to German in most " +
      "answers, and in at least 90 of 100, and so it does early in the training.",
    contrasts: (view) => [...copied(view, "greater", 50), ...copied(view, "at least", 90)],
  },
  {
    id: "T2.4",
    name: "early gradients are of the format",
    source: "P Figure 7",
    statement:
      "In the last layer the gradient of FT on RTE lies along that on shuffled labels before the first step, with a cosine of about 1, and " +
      "no longer after four tenths of the steps, with one of at most 0.2.",
    contrasts: aligned,
  },
  {
    id: "T2.5",
    name: "ProMoT on what is tuned on",
    source: "P Table 2",
    statement: "On the set tuned on ProMoT is not below FT, and above prompt tuning.",
    contrasts: (view) => {
      const all = [rte, enfr, snli, openbookqa];
      return [
        ...all.flatMap((tuning) => onTarget(view, tuning, "promot", "at least", "ft")),
        ...all.flatMap((tuning) => onTarget(view, tuning, "promot", "greater", "prompt_tuning")),
      ];
    },
  },
  {
    id: "T2.6",
    name: "ProMoT keeps in-context learning",
    source: "P Tables 3, 4, 10, 12 to 14",
    statement:
      "By Norm. Avg over the eight sets ProMoT is above FT after RTE, English to French, SNLI and OpenbookQA, and not below the untrained " +
      "model. The latter holds of the paper's encoder-decoders; its decoder-only PaLM loses 3.7 points.",
    contrasts: (view) => {
      const all = [rte, enfr, snli, openbookqa];
      return [
        ...all.flatMap((tuning) => pair(view, tuning, normAvg, "promot", "greater", "ft")),
        ...all.flatMap((tuning) => pair(view, tuning, normAvg, "promot", "at least", "pretrained")),
      ];
    },
  },
  {
    id: "T2.7",
    name: "transfer to other sets",
    source: "P Tables 3, 4",
    statement:
      "ProMoT on English to French is above the untrained model on English to German and to Romanian, ProMoT on RTE on both sets of summaries.",
    contrasts: (view) => [
      ...["ende", "enro"].flatMap((set) => pair(view, enfr, set, "promot", "greater", "pretrained")),
      ...["xsum", "wikilingua"].flatMap((set) => pair(view, rte, set, "promot", "greater", "pretrained")),
    ],
  },
  {
    id: "T2.8",
    name: "two stages are necessary",
    source: "P Table 6",
    statement:
      "On RTE joint tuning of prompt and model, a fixed random prompt and a demonstration in the prompt's place do not keep in-context " +
      "learning of other formats: ProMoT + 1-shot is above each, and they score about zero.",
    contrasts: (view) => {
      const arms = ["joint", "random_prompt", "ft_1"] as const;
      return [
        ...arms.flatMap((arm) => otherThanRte.flatMap((set) => pair(view, ablations, set, "promot_1", "greater", arm))),
        ...arms.flatMap((arm) => otherThanRte.flatMap((set) => aboutZero(view, ablations, set, arm))),
      ];
    },
  },
  {
    id: "T2.9",
    name: "a demonstration, and two tasks at once",
    source: "P Tables 3, 4, 5, 11",
    statement:
      "By Norm. Avg ProMoT is better with a demonstration than without, after RTE, English to French and both; tuned on both at once ProMoT " +
      "is above FT, with a demonstration and without.",
    contrasts: (view) => [
      ...pair(view, both, normAvg, "promot", "greater", "ft"),
      ...pair(view, both, normAvg, "promot_1", "greater", "ft_1"),
      ...[rte, enfr, both].flatMap((tuning) => pair(view, tuning, normAvg, "promot_1", "greater", "promot")),
    ],
  },
  {
    id: "T2.10",
    name: "a prompt takes up the format better than LoRA",
    source: "P Table 15",
    statement:
      "By Norm. Avg after English to French ProMoT is above the same with LoRA of rank 2 or 4 in the prompt's place.",
    contrasts: (view) =>
      (["lora_2", "lora_4"] as const).flatMap((arm) => pair(view, lora, normAvg, "promot", "greater", arm)),
  },
];
