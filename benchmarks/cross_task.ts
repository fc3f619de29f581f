/**
 * U Figure 3: what does fine-tuning on one task do to the others, and is it forgotten, or suppressed by the prompt format?
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { trainingSet } from "../tasks/mod.ts";
import { contrast, ft, icl, measured, type Place, placeOf } from "./contrasts.ts";
import { crossTaskScore, figure3 } from "./paper_values.ts";
import { fineTuned, putTo, untrained } from "./requests.ts";
import { type PlanView, type ScoreRow, scoreTable, type Setting, tableMetrics, unitOf } from "./setting.ts";
import { tunedLabelRate } from "./tuned_labels.ts";
import type { ComparisonPlan, EvaluationSpec, TablePlan } from "./types.ts";

const formats = [1, 2] as const;

const protocol = [
  "As in U: models trained on the smallest size, in format 1; each tested on the first rows of the other tasks' own test sets, with " +
  "demonstrations of the set tested on; format 2 changes the test's prompt only.",
  "The paper's numbers are of Llama-2-7b on its own data, 250 test rows, one run.",
  "Unlike U: one beginning-of-text token before every prompt, where U's code has none or two; in format 2 of inference the label's first " +
  "token as the tokenizer gives it after the prompt's last space.",
];

/** Models fine-tuned on each task, and the untrained one, on the other tasks in both prompt formats. */
export const crossTask: Setting = {
  name: "cross_task",
  title: "Cross-task",
  source: "U Figure 3",
  description:
    "Models fine-tuned on each task, and ICL, on the training sets' test rows of the other tasks, in prompt formats 1 and 2.",
  requests: (task, { tasks, scale, seeds }) => {
    const [size] = scale.sizes;
    const others = tasks.filter((other) => other !== task);
    return formats.flatMap((format) => [
      putTo(untrained(task), task, format),
      ...others.flatMap((other) => seeds.map((seed) => putTo(fineTuned(task, size, seed), other, format))),
    ]);
  },
  tables: (view) => view.tasks.flatMap((task) => tablesOf(task, view)),
  comparisons: (view) => view.tasks.flatMap((task) => comparisonsOf(task, view)),
};

/** A panel of the figure per format, then the metrics that the figure has not. */
function tablesOf(tested: Task, view: PlanView): TablePlan[] {
  const set = trainingSet(tested);
  const [main, ...others] = [...tableMetrics(tested), ...(tested.kind === "generation" ? [tunedLabelRate.name] : [])];
  return formats.flatMap((format) => {
    const keep = (e: EvaluationSpec) => e.set === set && inFigure(tested, e.shots);
    const make = (metric: string, notes: readonly string[]) => {
      const panel = Object.hasOwn(figure3, set) ? ` (panel ${figure3[set][format - 1].panel})` : "";
      const title = `On ${set}, format ${format}${metric === main ? panel : ""}`;
      return scoreTable(view, title, metric, scoreRows(tested, format, view), keep, notes);
    };
    return [make(main, format === 1 ? protocol : []), ...others.map((metric) => make(metric, []))];
  }).filter((table) => table !== null);
}

/** U gives no scores at zero shots of generation tasks here. */
function inFigure(tested: Task, shots: number): boolean {
  return tested.kind === "classification" || shots > 0;
}

/** The untrained model, then the models of the other tasks, as the figure's legend has them. */
function scoreRows(tested: Task, format: 1 | 2, view: PlanView): ScoreRow[] {
  const paper = (train: string) => (set: string, shots: number) => crossTaskScore(set, format, train, shots);
  return [
    { label: "ICL", requests: icl.requests(tested, format), paper: paper("none") },
    ...otherTasks(tested, view).map((task) => ({
      label: `FT ${trainingSet(task)}`,
      requests: ft(view, task, 1).requests(tested, format),
      paper: paper(trainingSet(task)),
    })),
  ];
}

function otherTasks(tested: Task, view: PlanView): Task[] {
  return view.tasks.filter((task) => task !== tested);
}

/** Fine-tuned against untrained in each format, and format 2 against format 1 of the same model. */
function comparisonsOf(tested: Task, view: PlanView): ComparisonPlan[] {
  const set = trainingSet(tested);
  const unit = `${unitOf(tableMetrics(tested)[0])}, best over the figure's shot counts`;
  const at = (format: 1 | 2): Place | null =>
    placeOf(view, set, tested.kind === "generation" ? "shown" : "all", format);
  const arms = otherTasks(tested, view).map((task) => ({ name: `FT ${trainingSet(task)}`, arm: ft(view, task, 1) }));
  const against = formats.map((format): ComparisonPlan => ({
    title: `On ${set}, format ${format}: fine-tuned against untrained`,
    unit,
    sides: ["FT", "ICL"],
    contrasts: arms.flatMap(({ name, arm }) =>
      contrast(name, measured(view, arm, at(format)), "greater", measured(view, icl, at(format)))
    ),
    notes: [],
  }));
  const between: ComparisonPlan = {
    title: `On ${set}: format 2 against format 1`,
    unit,
    sides: ["format 2", "format 1"],
    contrasts: [{ name: "ICL", arm: icl }, ...arms].flatMap(({ name, arm }) =>
      contrast(name, measured(view, arm, at(2)), "greater", measured(view, arm, at(1)))
    ),
    notes: [
      "What a model scores below ICL in format 1 and has again in format 2, beyond what ICL itself gains by the format, was suppressed by " +
      "the prompt; what stays lost in both is forgotten, as far as two formats can tell.",
    ],
  };
  return [...against, between].filter(({ contrasts }) => contrasts.length > 0);
}
