/**
 * What P's statements say of the course of a training: contrasts of models that are stopped, and the cells that these need.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { constant, contrast, type Measured, sideOf } from "./contrasts.ts";
import { alignedModules, alignmentAt, alignmentCells, alignmentSteps, lastLayer } from "./gradient_alignment.ts";
import type { Scale } from "./profiles.ts";
import { checkpointCells, checkpointSteps, copyRatesAfter, scoresAfter } from "./promot_checkpoints.ts";
import { scoresAt } from "./promot_scores.ts";
import { gradientCosines } from "./promot_values.ts";
import { type CellRequest, promotShots } from "./requests.ts";
import type { PlanScope, PlanView } from "./setting.ts";
import { tunedLabelRate } from "./tuned_labels.ts";
import type { ContrastPlan } from "./types.ts";

/** Steps of the paper's 1,000 at which it sees something. */
interface Seen {
  readonly step: number;
}

/** Figure 2: shares of answers that are labels, by which step; of English to German from the text. */
const copiedBy = { triviaqa: { step: 300, share: 90 }, ende: { step: 500, share: 99 } } as const;

/** Figure 1: closed-book questions at the end of its axis. */
const collapsedBy = { step: 500, sets: ["triviaqa", "webquestions"] } as const;

/** Of the steps at which FT on RTE is looked at the first that is as far into the training; other batches make other steps. */
function stepAt({ step }: Seen, scale: Scale): number {
  const steps = checkpointSteps(scale);
  return steps.find((one) => one >= steps.at(-1)! * step / 1000)!;
}

/** In words, such as `FT at step 32 of 76`. */
function tunedFor(seen: Seen, scale: Scale): string {
  return `FT at step ${stepAt(seen, scale)} of ${checkpointSteps(scale).at(-1)}`;
}

/** Untrained model and FT on RTE as early as in the paper's Figure 1. */
export function collapsedEarly(view: PlanView): ContrastPlan[] {
  return collapsedBy.sets.flatMap((set) => {
    const [before, early] = [0, stepAt(collapsedBy, view.scale)].map((step) =>
      sideOf(scoresAfter(view, "promot_rte", "ft", step, set), undefined)
    );
    const label = `${set}, pretrained and ${tunedFor(collapsedBy, view.scale)}, after RTE, 1-shot`;
    return contrast(label, before, "greater", early);
  });
}

/**
 * Share of answers that begin with a label of RTE: of the tuned model at each of P's shot counts, and at one shot of FT as early as in the
 * paper's Figure 2. The paper's shares are those of that figure.
 */
export function copied(view: PlanView, claim: ContrastPlan["claim"], share: number): ContrastPlan[] {
  return (["triviaqa", "ende"] as const).flatMap((set) => {
    const seen = copiedBy[set];
    const label = `${set}, share of labels after RTE`;
    const early = copyRatesAfter(view, "promot_rte", "ft", stepAt(seen, view.scale), set);
    return [
      ...promotShots.flatMap((shots, i) => {
        const shares = scoresAt(view, ["promot_rte"], "ft", set, shots, tunedLabelRate.name);
        const paper = i === 0 ? seen.share : undefined;
        return contrast(`${label}, ${shots}-shot`, sideOf(shares, paper), claim, constant(share));
      }),
      ...contrast(`${label}, ${tunedFor(seen, view.scale)}, 1-shot`, sideOf(early, seen.share), claim, constant(share)),
    ];
  });
}

/** What a cosine may be off the number that the statement names. */
const COSINE_MARGIN = 0.1;

/** Before the first step, and at the step that stands for the paper's 400; the last where a training is too short for that. */
function alignedBetween(scale: Scale): readonly [first: number, late: number] {
  const steps = alignmentSteps(scale);
  return [steps[0], steps[4] ?? steps.at(-1)!];
}

/** Cosines of the gradient on RTE and that on shuffled labels in the last layer: about 1 at first, at most 0.2 later. */
export function aligned(view: PlanView): ContrastPlan[] {
  const [first, late] = alignedBetween(view.scale);
  const modules = Object.entries(alignedModules).map(([name, kind]) => {
    const at = (step: number, paper: number | undefined) =>
      sideOf(alignmentAt(view, "promot_rte", step, lastLayer(view, kind)), paper);
    const paper = gradientCosines[name];
    return { label: `${name} of the last layer`, early: at(first, paper.at(0)), late: at(late, paper.at(-1)) };
  });
  const off = (label: string, cosine: Measured, claim: ContrastPlan["claim"], number: number) =>
    contrast(label, cosine, claim, constant(number), "best", COSINE_MARGIN);
  return [
    ...modules.flatMap((one) =>
      contrast(`${one.label}, at steps ${first} and ${late}`, one.early, "greater", one.late)
    ),
    ...modules.flatMap((one) => off(`${one.label}, at step ${first}`, one.early, "at least", 1)),
    ...modules.flatMap((one) => off(`${one.label}, at step ${late}`, one.late, "at most", 0.2)),
  ];
}

/**
 * Cells that P's statements need beside those of its tables: FT on RTE, stopped, put to closed-book questions and to translation, and its
 * gradients.
 */
export function promotStatementCells(task: Task, scope: PlanScope): CellRequest[] {
  if (task.name !== "promot_rte") return [];
  const tested = scope.tasks.filter(({ name }) => name === "closed_book_qa" || name === "translation");
  const early = [collapsedBy, ...Object.values(copiedBy)].map((seen) => stepAt(seen, scope.scale));
  return [
    ...tested.flatMap((one) => early.flatMap((step) => checkpointCells("ft", step, task, one, scope))),
    ...alignedBetween(scope.scale).flatMap((step) => alignmentCells(task, step, scope)),
  ];
}
