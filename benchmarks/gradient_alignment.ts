/**
 * P Figure 7: does tuning begin with the format? The gradient on true labels beside that on shuffled ones, after a few steps of FT and more.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import { probed } from "./probe_requests.ts";
import type { Scale } from "./profiles.ts";
import { tableOf } from "./promot_tables.ts";
import { gradientCosines } from "./promot_values.ts";
import { type CellRequest, promotModel, stopped } from "./requests.ts";
import type { PlanScope, PlanView, Setting } from "./setting.ts";
import type { ProbeReference, TableEntry, TablePlan } from "./types.ts";

/** Tasks of P whose gradients are compared, by name, and what tables call them. The second is a control: its format does not tell its answers. */
export const alignedTasks = { promot_rte: "RTE", translation: "English to French" } as const;

/** One of them. */
export type AlignedTask = keyof typeof alignedTasks;

/** What the paper's figure has: columns of its table and the kinds of modules. */
export const alignedModules = { MLP: "mlp", query: "query", key: "key", value: "value" } as const;

/**
 * Steps after which gradients are compared, ascending, at most 100 of the paper's between two: none and the first four tenths of the
 * training, as the paper's 0, 100, 200, 300 and 400 of 1,000, then the last.
 */
export function alignmentSteps(scale: Scale): number[] {
  return [...new Set([...paperSteps(scale), lastStep(scale)])];
}

function lastStep({ promot: { rows, batchSize, modelTuning } }: Scale): number {
  return modelTuning.epochs * Math.ceil(rows / batchSize);
}

/** Steps at which the paper's five numbers stand. */
function paperSteps(scale: Scale): number[] {
  return [0, 1, 2, 3, 4].map((tenth) => Math.min(100 * tenth, Math.round(lastStep(scale) * tenth / 10)));
}

/** The cells, one a seed, in which a task's gradients are compared after some steps of FT; after none it is the untrained model. */
export function alignmentCells(task: Task, step: number, { scale, seeds }: PlanScope): CellRequest[] {
  return seeds.map((seed) =>
    probed(
      step === 0
        ? { ...promotModel("pretrained", [task], task, scale, seed), seed }
        : stopped(promotModel("ft", [task], task, scale, seed), step),
      "gradient_alignment",
    )
  );
}

/**
 * Where a value of the comparison is after some steps, one a seed, such as `overall.cosine` or `layers.1.mlp.cosine`; none where the plan
 * lacks it. For P's statement that early gradients are format gradients: {@linkcode lastLayer}`(view, "mlp")` at the first step and the
 * fifth of `alignmentSteps(view.scale)`.
 */
export function alignmentAt(view: PlanView, on: AlignedTask, step: number, value: string): ProbeReference[] {
  const task = view.tasks.find(({ name }) => name === on);
  if (task === undefined) return [];
  return alignmentCells(task, step, view).flatMap((request) => {
    const cell = view.cell(request);
    return cell?.spec.probes?.map(({ probe, set, format, shots }) => ({
      cell: cell.id,
      probe,
      set,
      format,
      shots,
      value,
    })) ?? [];
  });
}

/** Name of the cosine of a kind of module in the last layer, as the paper's figure has it. */
export function lastLayer({ model }: PlanView, kind: string): string {
  return `layers.${model.layers - 1}.${kind}.cosine`;
}

const notes: readonly string[] = [
  "The cosine of two gradients of the mean cross-entropy per target token: on the first training rows, and on the same inputs whose answers are " +
  "dealt out anew among them, so that no row keeps its own. Labels are left to chance, as by the paper's shuffling: of two equally frequent " +
  "labels every second row still has its own one, of a translation none.",
  "Paper: mT5 XXL on RTE, batches of 64, steps 0 to 400 of 1,000; read off its Figure 7, one run. It does not say how many rows its gradients are " +
  "over, nor whether they are with dropout and label smoothing; here they are without. Its numbers stand at the step that is the same share of " +
  "the training, in its last decoder layer.",
  "Row 0 is the untrained model. Seeds deal the answers out differently and, from step 1 on, train another model.",
];

const control =
  "A control that the paper has not: with the answers to other sentences a translation contradicts its source, which is more than the format.";

/** Cosines of FT's gradients on true and on shuffled answers, over steps. */
export const gradientAlignmentSetting: Setting = {
  name: "gradient_alignment",
  title: "Gradient alignment",
  source: "P Figure 7",
  description:
    "Cosine of FT's gradient on true answers and on shuffled ones over the first steps, on RTE and on English to French, by kind of module.",
  onlyByName: true,
  paper: "P",
  requests: (task, scope) =>
    Object.hasOwn(alignedTasks, task.name)
      ? alignmentSteps(scope.scale).flatMap((step) => alignmentCells(task, step, scope))
      : [],
  tables: (view) => (Object.keys(alignedTasks) as AlignedTask[]).flatMap((on) => tablesOf(view, on)),
};

function tablesOf(view: PlanView, on: AlignedTask): TablePlan[] {
  const name = alignedTasks[on];
  const layers = Array.from({ length: view.model.layers }, (_, i) => [`layer ${i}`, `layers.${i}.cosine`] as const);
  const kinds = ["query", "key", "value", "output", "gate", "up", "down", "norms", "embedding"];
  const head = view.model.tied ? [] : ["head"];
  return [
    ...stepTable(view, on, `Last layer, FT on ${name}`, "cosine", [
      ...Object.entries(alignedModules).map(([column, kind]) => [column, lastLayer(view, kind)] as const),
      ["whole layer", `layers.${view.model.layers - 1}.cosine`],
    ], on === "promot_rte" ? notes : [control]),
    ...stepTable(view, on, `All layers, FT on ${name}`, "cosine", [
      ["all weights", "overall.cosine"],
      ...[...kinds, ...head].map((kind) => [kind, `${kind}.cosine`] as const),
      ...layers,
    ], []),
    ...stepTable(
      view,
      on,
      `Gradient norms and losses, FT on ${name}`,
      "L2 norm over all weights; nats per target token",
      [
        ["norm, true answers", "overall.norm"],
        ["norm, shuffled", "overall.shuffledNorm"],
        ["loss, true answers", "loss"],
        ["loss, shuffled", "shuffledLoss"],
      ],
      [],
    ),
  ];
}

/** A row a step, a column a value. */
function stepTable(
  view: PlanView,
  on: AlignedTask,
  title: string,
  unit: string,
  columns: readonly (readonly [column: string, value: string])[],
  notes: readonly string[],
): TablePlan[] {
  const entries = alignmentSteps(view.scale).flatMap((step) =>
    columns.flatMap(([column, value]) =>
      alignmentAt(view, on, step, value).map((reference): TableEntry => ({
        row: String(step),
        column,
        reference,
        paper: on === "promot_rte" && value.startsWith("layers.")
          ? gradientCosines[column]?.[paperSteps(view.scale).indexOf(step)] ?? null
          : null,
      }))
    )
  );
  return tableOf(title, unit, "step", entries, notes);
}
