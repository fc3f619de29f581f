/**
 * ProMoT, prompt tuning with model tuning (P section 3): first a soft prompt learns before the frozen model, then the model learns behind
 * the frozen prompt. At evaluation the prompt is attached for the trained task and removed for all others. With one demonstration before
 * every training input it is P's ProMoT + 1-shot; with examples of several tasks, each has its own prompt.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import {
  defineMethod,
  type DemonstrationOptions,
  demonstrationsOf,
  type Method,
  onTrainedTask,
  type PromptSpec,
} from "./method.ts";

/** ProMoT: hyper-parameters of the second stage, the prompt, and hyper-parameters of the first stage. */
export interface ProMoTSpec extends Hyperparameters, DemonstrationOptions {
  /** Name of the method. */
  readonly name: "promot";
  /** The soft prompt. */
  readonly prompt: PromptSpec;
  /** Hyper-parameters of prompt tuning. */
  readonly promptTuning: Hyperparameters;
}

/** ProMoT. */
export const promot: Method<ProMoTSpec> = defineMethod("promot", (spec) => {
  const { name: _, prompt, promptTuning, demonstrations, sampling: __, ...hyper } = spec;
  return {
    demonstrations: demonstrationsOf(spec),
    prompt,
    stages: [{ learns: ["prompts"], hyper: promptTuning }, { learns: ["model"], hyper }],
    attachment: onTrainedTask(demonstrations),
  };
});
