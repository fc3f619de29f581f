/**
 * Claims of later work about the same questions, each as contrasts between planned cells. None of them is of U or P, and no numbers stand
 * beside ours: other models, other tasks, other scores. Models are tuned at their methods' own learning rates.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import {
  type Arm,
  contrast,
  ft,
  fticl,
  type Measured,
  measured,
  placeOf,
  sideOf,
  type Statement,
  trainedOn,
  trainingSets,
} from "./contrasts.ts";
import { fticlShotsOf } from "./profiles.ts";
import { type ArmName, promotArms } from "./promot_arms.ts";
import { averagesAt, comparisonRequests, scoresAt, setsTunedOn, type TunedOn } from "./promot_scores.ts";
import { type CellRequest, partlyTuned, promotShots, putTo } from "./requests.ts";
import type { PlanScope, PlanView } from "./setting.ts";
import type { ContrastPlan } from "./types.ts";

/** Methods that tune less than all weights. */
type Partly = "lora" | "value_tuning";

const partly = ["lora", "value_tuning"] as const;

/** What models are tuned on by U's protocol: of generation and of classification the sets on which FT has something to gain and to lose. */
const setsOfU = ["socialqa", "multinli"];

/** What they are tuned on by P's, and in words. */
const tunedOnP: readonly { readonly name: string; readonly trained: TunedOn }[] = [
  { name: "RTE", trained: ["promot_rte"] },
  { name: "English to French", trained: ["translation"] },
];

const sets = [...trainingSets("generation"), ...trainingSets("classification")];

/** Cells that these statements need beside those of U's and P's: the tasks of `scope` are of one paper. */
export function laterStatementCells(task: Task, scope: PlanScope): CellRequest[] {
  if (task.paper === "P") {
    return tunedOnP.flatMap(({ trained }) =>
      comparisonRequests({ trained, arms: partly, inContext: true }, task, scope)
    );
  }
  if (!setsOfU.includes(task.sets.train ?? "")) return [];
  const [size] = scope.scale.sizes;
  return scope.tasks.flatMap((tested) =>
    partly.flatMap((method) => scope.seeds.map((seed) => putTo(partlyTuned(method, task, size, seed), tested)))
  );
}

/** By U's protocol, at the smallest training size. */
function partlyOfU(view: PlanView, method: Partly, trained: Task): Arm {
  const [size] = view.scale.sizes;
  return {
    label: promotArms[method].label,
    requests: (task, format) => view.seeds.map((seed) => putTo(partlyTuned(method, trained, size, seed), task, format)),
    paper: () => [],
  };
}

/** Both models' scores on a set at the best of few shot counts; U's numbers, which are of its own claims, are left out. */
function bothOfU(view: PlanView, method: Partly, from: string, to: string): readonly [full: Measured, part: Measured] {
  const trained = trainedOn(view, from);
  if (trained === null) return [sideOf([], undefined), sideOf([], undefined)];
  const [full, part] = [ft(view, trained, 1), partlyOfU(view, method, trained)].map((arm) => ({
    ...measured(view, arm, placeOf(view, to, "few")),
    paper: [],
  }));
  return [full, part];
}

function ofP(view: PlanView): PlanView {
  return { ...view, tasks: view.tasks.filter(({ paper }) => paper === "P") };
}

/** Both models on each set that they are tuned on. */
function learnt(
  view: PlanView,
  method: Partly,
  make: (label: string, full: Measured, part: Measured) => ContrastPlan[],
): ContrastPlan[] {
  const at = (trained: TunedOn, arm: ArmName, set: string) =>
    sideOf(scoresAt(ofP(view), trained, arm, set, promotArms[arm].shown), undefined);
  return [
    ...setsOfU.flatMap((set) => make(`${set}, U's protocol`, ...bothOfU(view, method, set, set))),
    ...tunedOnP.flatMap(({ trained }) =>
      setsTunedOn(ofP(view), trained).flatMap((set) =>
        make(`${set}, P's protocol`, at(trained, "ft", set), at(trained, method, set))
      )
    ),
  ];
}

/** Less forgotten than by FT: other domains and other tasks by U's protocol, Norm. Avg by P's. */
function kept(view: PlanView, method: Partly): ContrastPlan[] {
  const average = (trained: TunedOn, arm: ArmName, shots: number) =>
    sideOf(averagesAt(ofP(view), trained, arm, shots), undefined);
  return [
    ...setsOfU.flatMap((from) =>
      [...trainedOn(view, from)?.sets.outOfDomain ?? [], ...sets.filter((to) => to !== from)].flatMap((to) => {
        const [full, part] = bothOfU(view, method, from, to);
        return contrast(`${to}, after ${from}`, part, "greater", full);
      })
    ),
    ...tunedOnP.flatMap(({ name, trained }) =>
      promotShots.flatMap((shots) =>
        contrast(
          `Norm. Avg, after ${name}, ${shots}-shot`,
          average(trained, method, shots),
          "greater",
          average(trained, "ft", shots),
        )
      )
    ),
  ];
}

/** FTICL and FT with demonstrations at test, both trained on one set and put to another. */
function shownAtTest(view: PlanView, from: string, to: string, greater: "FTICL" | "FT"): ContrastPlan[] {
  const trained = trainedOn(view, from);
  const place = placeOf(view, to, "few");
  if (trained === null || place === null) return [];
  const shown = { ...place, shots: place.shots.filter((k) => k > 0) };
  return fticlShotsOf(trained, view.scale).flatMap((k) => {
    const both = [fticl(view, trained, k), ft(view, trained, 1)].map((arm) => ({
      ...measured(view, arm, shown),
      paper: [],
    }));
    const [first, second] = greater === "FTICL" ? both : both.toReversed();
    return contrast(`${to}, after ${from}, ${k} shown`, first, "greater", second);
  });
}

const biderman = "Biderman et al., TMLR 2024, arXiv 2405.09673";
const lee = "Lee, Sohn and Lee 2026, arXiv 2602.23197";

/** The statements. */
export const laterStatements: readonly Statement[] = [
  {
    id: "L1",
    name: "LoRA learns less",
    source: biderman,
    statement: "On the set tuned on FT of all weights scores above LoRA.",
    contrasts: (view) => learnt(view, "lora", (label, full, part) => contrast(label, full, "greater", part)),
  },
  {
    id: "L2",
    name: "LoRA forgets less",
    source: biderman,
    statement:
      "Off what is tuned on LoRA scores above FT of all weights: on other domains, other tasks, and the eight sets shown in context.",
    contrasts: (view) => kept(view, "lora"),
  },
  {
    id: "L3",
    name: "value matrices alone forget less",
    source: lee,
    statement:
      "Tuning of the value matrices alone scores above FT of all weights off what is tuned on, and on it not below.",
    contrasts: (view) => [
      ...kept(view, "value_tuning"),
      ...learnt(view, "value_tuning", (label, full, part) => contrast(label, part, "at least", full)),
    ],
  },
  {
    id: "L4",
    name: "a few-shot loss helps at home only",
    source: lee,
    statement:
      "Demonstrations in training raise scores with demonstrations on the task tuned on, and lower them on tasks not tuned on: with " +
      "demonstrations at test FTICL is above FT on its own set, and FT above FTICL on other tasks. U's T1.10 says the reverse of the latter.",
    contrasts: (view) => [
      ...sets.flatMap((set) => shownAtTest(view, set, set, "FTICL")),
      ...sets.flatMap((from) => sets.filter((to) => to !== from).flatMap((to) => shownAtTest(view, from, to, "FT"))),
    ],
  },
];
