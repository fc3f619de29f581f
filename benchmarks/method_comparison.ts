/**
 * What does a method learn, and what does it cost? Every method over the same sweep of learning rates, its score on what it is tuned on against
 * its mean score on everything else, as Biderman et al. (TMLR 2024) compare LoRA with FT. Value tuning is Lee, Sohn and Lee's (2602.23197).
 *
 * U's protocol and P's both: U's, in which all methods take the same number of steps, has other domains and other tasks; P's, in which prompts
 * have the steps they need and every model keeps its best step, has the eight sets shown in context.
 * @module
 */
import { findTask, type Task, trainingSet } from "../tasks/mod.ts";
import { chanceLabels } from "./chance.ts";
import { isValidation, triedMethod, validationMetric } from "./learning_rate.ts";
import { allComparedByPromot, fewShotsOf, type Scale, type TrainedMethod, type Tuned } from "./profiles.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { mainMetric } from "./promot_scores.ts";
import { contextSets } from "./promot_values.ts";
import { atRate, type CellRequest, onValidation, promotModel, promotShots, putTo, untrained } from "./requests.ts";
import { type PlanScope, type PlanView, scoresByShots, type Setting, tableMetrics, unitOf } from "./setting.ts";
import type { EntryReference, ParetoPlan, ParetoPoint, Side, TableEntry, TablePlan } from "./types.ts";

/** A method of a panel. */
interface Arm {
  readonly label: string;
  /** Whose learning rates it is tried at; null where nothing is trained. */
  readonly tuned: Tuned | null;
  /** Shot counts of its score on the target; the best of them enters. */
  readonly targetShots: readonly number[];
  /** Its cell that is put to a task, at the profile's own learning rate. */
  request(tested: Task, seed: number): CellRequest;
}

/** A set among the others: its score is the mean over lists of shot counts of the best of each list. */
interface Place {
  readonly task: Task;
  readonly set: string;
  readonly shots: readonly (readonly number[])[];
}

/** Models tuned on one task. */
interface Panel {
  readonly trained: Task;
  readonly arms: readonly Arm[];
  readonly others: readonly Place[];
  /** What scores of a task are by. */
  metric(task: Task): string;
  /** What the others are, in words. */
  readonly othersAre: string;
  readonly notes: readonly string[];
}

/** Tasks that U's panels train on: of generation and of classification the ones on which fine-tuning has something to gain and to lose. */
const tasksOfU: readonly string[] = ["question", "inference"];

const methodsOfU: Readonly<Record<TrainedMethod, string>> = {
  ft: "FT",
  fticl: "FTICL",
  lora: "LoRA",
  value_tuning: "value tuning",
};

/** Fine-tuning methods over their learning rates: learning against forgetting. */
export const methodComparison: Setting = {
  name: "method_comparison",
  title: "Learning against forgetting",
  source: "beyond the papers",
  description:
    "FT, FTICL, LoRA, value tuning, prompt tuning and ProMoT over one sweep of learning rates: learning against forgetting.",
  onlyByName: true,
  paper: "both",
  laterWork: true,
  requests: (task, scope) =>
    panelsOf(scope).flatMap((panel) => panelRequests(panel, scope)).filter((request) => request.task === task.name),
  tables: (view) => panelsOf(view).flatMap((panel) => scoresTable(panel, view)),
  paretos: (view) => panelsOf(view).map((panel) => paretoOf(panel, view)).filter(({ points }) => points.length > 0),
};

function panelsOf(scope: PlanScope): Panel[] {
  return scope.tasks.flatMap((task) => {
    if (tasksOfU.includes(task.name)) return [panelOfU(task, scope)];
    return scope.scale.comparedByPromot.tasks.includes(task.name) ? [panelOfP(task, scope)] : [];
  });
}

function panelOfU(trained: Task, { tasks, scale }: PlanScope): Panel {
  const few = (task: Task) => fewShotsOf(task, scale);
  const methods = Object.entries(methodsOfU) as [TrainedMethod, string][];
  return {
    trained,
    arms: [
      { label: "pretrained", tuned: null, targetShots: few(trained), request: untrained },
      ...methods.map(([method, label]): Arm => ({
        label,
        tuned: method,
        targetShots: few(trained),
        request: (tested, seed) => putTo(triedMethod(method, trained, scale, seed), tested),
      })),
    ],
    others: [
      ...trained.sets.outOfDomain.map((set) => ({ task: trained, set, shots: [few(trained)] })),
      ...tasks.filter((task) => task.paper === "U" && task !== trained).map((task) => ({
        task,
        set: trainingSet(task),
        shots: [few(task)],
      })),
    ],
    metric: (task) => tableMetrics(task)[0],
    othersAre: "mean over the task's sets of other domains and the other tasks' training sets, each set counting alike",
    notes: [
      `U's protocol at ${
        scale.sizes[0]
      } rows: all methods take the same number of steps over the same rows, and their last step is ` +
      "evaluated. Every score is the best over zero shots and the two shot counts after it, as in U's Figures 4 to 7.",
    ],
  };
}

function panelOfP(trained: Task, { tasks, scale }: PlanScope): Panel {
  return {
    trained,
    arms: scale.comparedByPromot.arms.map((arm): Arm => ({
      label: labelOfP(arm),
      tuned: promotArms[arm].stages.at(-1) ?? null,
      targetShots: [promotArms[arm].shown],
      // A prompt that is taken off leaves the untrained model.
      request: (tested, seed) =>
        promotModel(arm === "prompt_tuning" && tested !== trained ? "pretrained" : arm, [trained], tested, scale, seed),
    })),
    others: contextSets.flatMap((set) => {
      const task = tasks.find(({ paper, sets }) => paper === "P" && sets.outOfDomain.includes(set));
      return task === undefined ? [] : [{ task, set, shots: promotShots.map((shots) => [shots]) }];
    }),
    metric: mainMetric,
    othersAre: "mean over P's eight sets shown in context, at one shot and at four",
    notes: [
      `P's protocol at ${scale.promot.rows} rows: prompts, LoRA's adapter and value matrices are tuned for P's steps of prompt tuning, the model ` +
      "for P's steps of model tuning, and the best step by validation score is kept. A soft prompt is attached on the target and taken off " +
      "for all others, where prompt tuning therefore is the pre-trained model. ProMoT: the learning rate of its second stage.",
      ...leftOut(scale),
    ],
  };
}

function labelOfP(arm: ArmName): string {
  return arm === "ft_1" ? "FTICL (FT + 1-shot)" : promotArms[arm].label;
}

/** What the profile leaves out of P's panels, in words; nothing where it has all. */
function leftOut({ comparedByPromot: { tasks, arms } }: Scale): string[] {
  const missing = [
    ...allComparedByPromot.arms.filter((arm) => !arms.includes(arm)).map(labelOfP),
    ...allComparedByPromot.tasks.filter((task) => !tasks.includes(task)).map((task) =>
      `tuning on ${trainingSet(findTask(task))}`
    ),
  ];
  return missing.length === 0 ? [] : [`By P's protocol this profile leaves out, for time: ${missing.join(", ")}.`];
}

function seedsOf({ tuned }: Arm, { seeds }: PlanScope): readonly number[] {
  return tuned === null ? [0] : seeds;
}

function ratesOf({ tuned }: Arm, { learningRateSweep }: Scale): readonly (number | null)[] {
  return tuned === null ? [null] : learningRateSweep[tuned];
}

/** An arm's cells at a learning rate that are put to a task, one per seed. */
function cellsAt(arm: Arm, rate: number | null, tested: Task, scope: PlanScope): CellRequest[] {
  return seedsOf(arm, scope).map((seed) => {
    const request = arm.request(tested, seed);
    return rate === null || request.method === "icl" ? request : atRate(request, rate, scope.scale);
  });
}

/** Its cells that are put to validation rows. */
function validationCells(arm: Arm, rate: number | null, trained: Task, { seeds }: PlanScope): CellRequest[] {
  return rate === null ? [] : seeds.map((seed) => onValidation(arm.request(trained, seed), rate));
}

function panelRequests({ trained, arms, others }: Panel, scope: PlanScope): CellRequest[] {
  const tested = [...new Set([trained, ...others.map(({ task }) => task)])];
  return arms.flatMap((arm) =>
    ratesOf(arm, scope.scale).flatMap((rate) => [
      ...validationCells(arm, rate, trained, scope),
      ...tested.flatMap((task) => cellsAt(arm, rate, task, scope)),
    ])
  );
}

/** An arm's scores on a set at some shot counts: by shot count, one a seed. */
function sideAt(
  { metric }: Panel,
  arm: Arm,
  rate: number | null,
  task: Task,
  set: string,
  shots: readonly number[],
  view: PlanView,
): EntryReference[][] {
  const keep = (evaluation: { set: string; shots: number }) =>
    evaluation.set === set && shots.includes(evaluation.shots);
  return scoresByShots(view, task, cellsAt(arm, rate, task, view), keep, metric(task));
}

function paretoOf(panel: Panel, view: PlanView): ParetoPlan {
  const { trained, arms, others, metric } = panel;
  const points = arms.flatMap((arm) =>
    ratesOf(arm, view.scale).map((rate): ParetoPoint => ({
      method: arm.label,
      learningRate: rate,
      validation: scoresByShots(
        view,
        trained,
        validationCells(arm, rate, trained, view),
        isValidation,
        validationMetric(trained),
      ),
      target: sideAt(panel, arm, rate, trained, trainingSet(trained), arm.targetShots, view),
      others: others.map(({ task, set, shots }) => ({
        set,
        sides: shots.map((alternatives): Side => sideAt(panel, arm, rate, task, set, alternatives, view)),
      })),
    }))
  ).filter(({ target, others }) => target.length > 0 || others.some(({ sides }) => sides.some((s) => s.length > 0)));
  // A set that the data lacks is nobody's; one that only some points lack makes these incomplete.
  const there = new Set(
    points.flatMap((point) => point.others.filter(({ sides }) => sides.some((s) => s.length > 0)).map((o) => o.set)),
  );
  return {
    title: `Tuned on ${trainingSet(trained)}`,
    target: `${trainingSet(trained)}: ${unitOf(metric(trained))}`,
    others: `${panel.othersAre}; the sets' own metrics, 0-100`,
    reference: "FT",
    points: points.map((point) => ({ ...point, others: point.others.filter(({ set }) => there.has(set)) })),
    notes: [...panel.notes, ...chanceNotes(trained, view)],
  };
}

function chanceNotes(trained: Task, { chance }: PlanView): string[] {
  const found = chance.get(`${trained.name}/${trainingSet(trained)}`);
  if (found === undefined) return [];
  const { constant, drawn } = found;
  return [
    `On the target, ${chanceLabels.constant}: ${constant.toFixed(2)}; ${chanceLabels.drawn}: ${
      drawn.toFixed(2)
    } expected.`,
  ];
}

/** The scores that the points are made of: a row a point, a column a set and, where they do not compete, a shot count. */
function scoresTable(panel: Panel, view: PlanView): TablePlan[] {
  const { trained, arms, others } = panel;
  const target = `${trainingSet(trained)} (target)`;
  const entries = arms.flatMap((arm) =>
    ratesOf(arm, view.scale).flatMap((rate) => {
      const row = rate === null ? arm.label : `${arm.label}, ${rate.toExponential()}`;
      return [
        ...entriesOf(row, target, sideAt(panel, arm, rate, trained, trainingSet(trained), arm.targetShots, view)),
        ...others.flatMap(({ task, set, shots }) =>
          shots.flatMap((alternatives) => {
            const column = alternatives.length === 1 ? `${set}, ${alternatives[0]}-shot` : set;
            return entriesOf(row, column, sideAt(panel, arm, rate, task, set, alternatives, view));
          })
        ),
      ];
    })
  );
  if (entries.length === 0) return [];
  return [{
    title: `Scores of models tuned on ${trainingSet(trained)}`,
    unit: "the sets' own metrics, 0-100",
    rowHeader: "method, learning rate",
    rows: [...new Set(entries.map(({ row }) => row))],
    columns: [...new Set(entries.map(({ column }) => column))],
    entries,
    notes: [],
  }];
}

function entriesOf(row: string, column: string, side: readonly (readonly EntryReference[])[]): TableEntry[] {
  return side.flat().map((reference) => ({
    row,
    column,
    reference,
    ...(side.length > 1 ? { alternative: `${reference.shots}-shot` } : {}),
    paper: null,
  }));
}
