/**
 * P Figures 1 and 2: when in the course of tuning does a model lose other formats, and does it answer in the one it is tuned on?
 * @module
 */
import { promotArms } from "./promot_arms.ts";
import {
  checkpointNotes,
  checkpointRequests,
  checkpointSteps,
  copyRatesAfter,
  scoresAfter,
  type WatchedArm,
  watchedArms,
  type WatchedTask,
  watchedTasks,
} from "./promot_checkpoints.ts";
import { tableOf } from "./promot_tables.ts";
import { afterRte, contextSets, supervised } from "./promot_values.ts";
import type { PlanView, Setting } from "./setting.ts";
import type { TableEntry, TablePlan } from "./types.ts";

/** What tables call the sets tuned on. */
const names: Readonly<Record<WatchedTask, string>> = { promot_rte: "RTE", translation: "English to French" };

const paperNote =
  "The paper's curves, of mT5 XXL tuned in batches of 64, are plots, without numbers to print beside these: FT's accuracy on RTE rises over " +
  "500 steps while exact match on TriviaQA and web_questions falls to about 0. In brackets at step 0: its untrained model and its tuned " +
  "prompt, from Tables 2 and 3. Here batches are those of the profile, so steps are not the paper's steps.";

/** What is said of answers in the format tuned on, and how. */
const copies: Readonly<Record<WatchedTask, { readonly title: string; readonly note: string }>> = {
  promot_rte: {
    title: "answers that begin with a label of RTE",
    note:
      "An answer counts where its first word is a label of RTE, True or False, in any case. The paper's Figure 2 has this share for FT on RTE: at " +
      "least 90 % of answers to TriviaQA by step 300; above 99 % of those to English to German after 500 steps. Of sets with labels, whose right " +
      "answers may be True or False, no share is given. Step 0 of both is the untrained model.",
  },
  translation: {
    title: "answers in the language translated to",
    note:
      "An answer counts where more of its words are among those of the French targets trained on than among those of the tested set's own " +
      "references; on real data names can be in one of the two only, so small shares mean little. The paper gives no such share of models tuned on " +
      "translation. Step 0 of both is the untrained model.",
  },
};

const unit =
  "accuracy of the generated label (rte, cb, wic), exact match (triviaqa, webquestions), BLEU (enfr, ende, enro), " +
  "ROUGE-2 F1 (xsum, wikilingua); 0-100";

/** FT and ProMoT on RTE and on translation, looked at after a few steps and more. */
export const formatSpecialization: Setting = {
  name: "format_specialization",
  title: "Format specialization over steps",
  source: "P Figures 1, 2",
  description:
    "FT and ProMoT on RTE and on English to French after 0, 1, 2, 4, ... steps: scores on the set tuned on and on eight others at one " +
    "shot, and how many answers are in the format tuned on.",
  onlyByName: true,
  paper: "P",
  requests: checkpointRequests,
  tables: (view) => {
    const on = Object.keys(watchedTasks) as WatchedTask[];
    return [
      ...withNotes(on.flatMap((task) => watchedArms.flatMap((arm) => scoreTable(view, task, arm))), [
        ...checkpointNotes,
        paperNote,
      ]),
      ...on.flatMap((task) => withNotes(watchedArms.flatMap((arm) => rateTable(view, task, arm)), [copies[task].note])),
    ];
  },
};

/** Tables with notes under the first of them. */
function withNotes(tables: readonly TablePlan[], notes: readonly string[]): TablePlan[] {
  return tables.map((table, i) => i === 0 ? { ...table, notes } : table);
}

/** Scores of one model: a row a step, a column a set. */
function scoreTable(view: PlanView, on: WatchedTask, arm: WatchedArm): TablePlan[] {
  const tunedOn = watchedTasks[on];
  const entries = checkpointSteps(view.scale).flatMap((step) =>
    [tunedOn, ...contextSets].flatMap((set) =>
      scoresAfter(view, on, arm, step, set).map((reference): TableEntry => ({
        row: String(step),
        column: set,
        reference,
        paper: step === 0 ? untunedScore(tunedOn, arm, set) : null,
      }))
    )
  );
  return tableOf(`${promotArms[arm].label} on ${names[on]}`, unit, "step", entries, []);
}

/** The paper's score before the first step of model tuning: off the set tuned on it is the untrained model's for both. */
function untunedScore(tunedOn: "rte" | "enfr", arm: WatchedArm, set: string): number | null {
  if (set === tunedOn) return supervised[set][arm === "ft" ? "pretrained" : "prompt_tuning"] ?? null;
  return afterRte.pretrained?.[0]?.[1 + (contextSets as readonly string[]).indexOf(set)] ?? null;
}

/** How many answers to other tasks are in the format tuned on: a row a step, a column a set. */
function rateTable(view: PlanView, on: WatchedTask, arm: WatchedArm): TablePlan[] {
  const entries = checkpointSteps(view.scale).flatMap((step) =>
    contextSets.flatMap((set) =>
      copyRatesAfter(view, on, arm, step, set).map((reference): TableEntry => ({
        row: String(step),
        column: set,
        reference,
        paper: null,
      }))
    )
  );
  const title = `${promotArms[arm].label} on ${names[on]}, ${copies[on].title}`;
  return tableOf(title, "share of answers, 0-100, lower is better", "step", entries, []);
}
