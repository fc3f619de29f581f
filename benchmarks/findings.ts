/**
 * U's statements about generalization as contrasts between planned cells. Where a statement is about the best over shot counts, each side
 * enters with its own best, as in the paper.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { type CellRequest, fineTuned, fineTunedInContext, untrained } from "./requests.ts";
import { fticlShotsOf } from "./profiles.ts";
import { type PlanView, scoresByShots } from "./setting.ts";
import type { ContrastPlan, FindingPlan, ValueReference } from "./types.ts";

/** Of U Figure 1. In sentiment the paper finds none: its untrained model is near the ceiling there. */
export function inDomainFindings(view: PlanView): FindingPlan[] {
  const sets = (task: Task) => task.sets.inDomain;
  return [
    finding(
      "in-domain gain",
      "On its own domain, but for sentiment, the model fine-tuned on most rows scores above the untrained one at its best shot count, " +
        "without any demonstrations.",
      view.tasks.filter(besidesSentiment).flatMap((task) =>
        overSets(task, sets(task), (set) => [
          scores(view, task, tuned(view, task), set, (shots) => shots === 0),
          scores(view, task, [untrained(task)], set),
        ])
      ),
    ),
    finding(
      "demonstrations after FT",
      "On its own domain the fine-tuned model scores higher without demonstrations than with them.",
      view.tasks.flatMap((task) =>
        overSets(task, sets(task), (set) => [
          scores(view, task, tuned(view, task), set, (shots) => shots === 0),
          scores(view, task, tuned(view, task), set, (shots) => shots > 0),
        ])
      ),
    ),
  ];
}

/** Of U Figure 2. In sentiment the paper finds both models on par. */
export function outOfDomainFindings(view: PlanView): FindingPlan[] {
  const sides = (task: Task, set: string) => ({
    icl: scores(view, task, [untrained(task)], set),
    ft: scores(view, task, tuned(view, task), set),
  });
  return [
    finding(
      "out-of-domain loss, generation",
      "On other domains of a generation task the fine-tuned model scores below the untrained one, each at its best shot count.",
      ofKind(view, "generation").flatMap((task) =>
        overSets(task, task.sets.outOfDomain, (set) => [sides(task, set).icl, sides(task, set).ft])
      ),
    ),
    finding(
      "out-of-domain gain, classification",
      "On other domains of a classification task, but for sentiment, the fine-tuned model scores above the untrained one, each at its " +
        "best shot count.",
      ofKind(view, "classification").filter(besidesSentiment).flatMap((task) =>
        overSets(task, task.sets.outOfDomain, (set) => [sides(task, set).ft, sides(task, set).icl])
      ),
    ),
  ];
}

/** Of U Figures 4 and 6, best over zero shots and FTICL's own counts as there, and of the distances in section 5.3. */
export function inContextFindings(view: PlanView): FindingPlan[] {
  const [size] = view.scale.sizes;
  const ft = (task: Task) => view.seeds.map((seed) => fineTuned(task, size, seed));
  const fticl = (task: Task, k: number) => view.seeds.map((seed) => fineTunedInContext(task, size, k, seed));
  const best = (task: Task, requests: readonly CellRequest[], set: string) =>
    scores(view, task, requests, set, (shots) => shots === 0 || task.fticlShots.includes(shots));
  const shown = (task: Task, of: (k: number) => ContrastPlan[]) =>
    fticlShotsOf(task, view.scale).flatMap((k) => of(k).map((one) => ({ ...one, label: `${one.label}, ${k} shown` })));
  return [
    finding(
      "FTICL out of domain, generation",
      "On other domains of a generation task FTICL scores above FT.",
      ofKind(view, "generation").flatMap((task) =>
        shown(
          task,
          (k) =>
            overSets(
              task,
              task.sets.outOfDomain,
              (set) => [best(task, fticl(task, k), set), best(task, ft(task), set)],
            ),
        )
      ),
    ),
    finding(
      "FTICL in domain, classification",
      "On its own domain of a classification task FTICL scores below FT.",
      ofKind(view, "classification").flatMap((task) =>
        shown(
          task,
          (k) =>
            overSets(task, task.sets.inDomain, (set) => [best(task, ft(task), set), best(task, fticl(task, k), set)]),
        )
      ),
    ),
    finding(
      "FTICL nearer to the base",
      "FTICL leaves the weights nearer to the base model's than FT, by mean |Δw|.",
      view.tasks.flatMap((task) =>
        shown(task, (k) => contrast(task.name, distances(view, ft(task)), distances(view, fticl(task, k))))
      ),
    ),
  ];
}

function besidesSentiment({ name }: Task): boolean {
  return name !== "sentiment";
}

function finding(name: string, statement: string, contrasts: readonly ContrastPlan[]): FindingPlan {
  return { name, statement, contrasts };
}

type Side = readonly (readonly ValueReference[])[];

/** One contrast a set, where the plan has both sides. */
function overSets(task: Task, sets: readonly string[], sides: (set: string) => readonly [Side, Side]): ContrastPlan[] {
  return sets.flatMap((set) => contrast(`${task.name}/${set}`, ...sides(set)));
}

function contrast(label: string, greater: Side, less: Side): ContrastPlan[] {
  return greater.length === 0 || less.length === 0 ? [] : [{ label, greater, less }];
}

/** FT at the largest size. */
function tuned(view: PlanView, task: Task): CellRequest[] {
  return view.seeds.map((seed) => fineTuned(task, view.scale.sizes[2], seed));
}

function ofKind(view: PlanView, kind: Task["kind"]): Task[] {
  return view.tasks.filter((task) => task.kind === kind);
}

function scores(
  view: PlanView,
  task: Task,
  requests: readonly CellRequest[],
  set: string,
  keep: (shots: number) => boolean = () => true,
): Side {
  return scoresByShots(view, task, requests, (evaluation) => evaluation.set === set && keep(evaluation.shots));
}

function distances(view: PlanView, requests: readonly CellRequest[]): Side {
  const cells = requests.map((request) => view.cell(request)).filter((cell) => cell !== undefined);
  return cells.length === 0 ? [] : [cells.map(({ id }) => ({ cell: id, distance: "overall.meanAbsolute" }))];
}
