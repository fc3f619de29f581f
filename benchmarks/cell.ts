/**
 * Identity of a cell: what it is called, and what varies between it and its neighbours.
 * @module
 */
import { createHash } from "node:crypto";
import { methodOf } from "../training/methods/mod.ts";
import { canonicalJson } from "./canonical_json.ts";
import type { CellSpec, Factors } from "./types.ts";

/** SHA-256 of the UTF-8 bytes of a text, as hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** SHA-256 of the canonical JSON of a value, as hexadecimal. */
export function jsonSha256(value: unknown): string {
  return sha256(canonicalJson(value));
}

/**
 * Id of a cell: SHA-256 of the canonical JSON of its whole specification, 64 hexadecimal digits. The model counts by its hashes; its name,
 * which is its folder's, does not.
 */
export function cellId(spec: CellSpec): string {
  const { name: _, ...model } = spec.model;
  return jsonSha256({ ...spec, model });
}

/**
 * Identity of what a cell looks at: the SHA-256 of its specification without its evaluations, what these are for, and its probes. Cells that
 * share it share the model, which is trained once.
 */
export function trainingId({ evaluations: _, trial: __, probes: ___, ...spec }: CellSpec): string {
  return jsonSha256({ ...spec, model: { ...spec.model, name: "" } });
}

/** Identity of a training wherever it stops: trainings that share it differ at most in their last step. */
export function lineageId({ stopAfter: _, ...spec }: CellSpec): string {
  return trainingId(spec);
}

/**
 * Identity of the first thing that a training learns, where that is a prompt or an adapter on the frozen model: prompt tuning and ProMoT begin
 * alike, and so do trainings whose learning rates on trial are those of a later stage, and ProMoT of one task and of that task with another.
 * Null where a training begins otherwise, or may stop in its first stage.
 */
export function firstStageId(spec: CellSpec): string | null {
  const { suite, kernels, operands, model, seed, train } = spec;
  const { demonstrations, prompt, adapter, stages } = methodOf(spec.method).describe(spec.method);
  const [stage] = stages;
  if (train === null || stage === undefined || stage.learns.some((one) => one !== "prompts" && one !== "adapter")) {
    return null;
  }
  if (spec.stopAfter !== undefined && stages.length === 1) return null;
  // Prompts of several tasks learn one by one, each from its own task's rows; an adapter learns from all rows.
  const { also: _, ...alone } = train;
  return jsonSha256({
    ...{ suite, kernels, operands, model: { ...model, name: "" }, seed },
    train: stage.learns.includes("adapter") ? train : alone,
    ...{ demonstrations, prompt, adapter, stage },
    maxLength: Math.min(...stages.map(({ hyper }) => hyper.maxLength)),
  });
}

/** The factors of a cell, flat, by which two runs' cells are matched. */
export function factorsOf(spec: CellSpec): Factors {
  const { probes = [] } = spec;
  const tested = spec.evaluations[0] ?? probes[0];
  const { adapter } = methodOf(spec.method).describe(spec.method);
  return {
    model: spec.model.name,
    method: spec.method.name,
    trainTask: spec.train?.task ?? null,
    trainSet: spec.train?.set ?? null,
    trainSize: spec.train?.size ?? 0,
    trainShots: methodOf(spec.method).demonstrations(spec.method),
    seed: spec.seed,
    ...(spec.method.name !== "icl" && (spec.trial || spec.evaluations.some(({ relation }) => relation === "validation"))
      ? { learningRate: spec.method.learningRate }
      : {}),
    ...(adapter === null ? {} : { adapterRank: adapter.rank }),
    ...(spec.train?.also === undefined ? {} : { trainAlso: `${spec.train.also.task}/${spec.train.also.set}` }),
    ...(spec.stopAfter === undefined ? {} : { stopAfter: spec.stopAfter }),
    ...(tested === undefined || tested.task === spec.train?.task ? {} : { testTask: tested.task }),
    ...(tested?.format === 2 ? { testFormat: 2 } : {}),
    ...(spec.train === null ? formatOf(spec.evaluations) : {}),
    ...(probes.length === 0 ? {} : { probe: probes[0].probe }),
  };
}

/** A tuned model's answers are looked at for the format of what it is tuned on. */
function formatOf([first]: CellSpec["evaluations"]): Pick<Factors, "formatOf"> {
  const { tunedTargets } = first ?? {};
  return tunedTargets === undefined ? {} : { formatOf: `${tunedTargets.task}/${tunedTargets.set}` };
}

/** The task a cell is about: the one it trains on, else the one it is first evaluated or measured on. */
export function taskOf(spec: CellSpec): string {
  return spec.train?.task ?? spec.evaluations[0]?.task ?? spec.probes?.[0]?.task ?? "";
}
