/**
 * Prompt tuning: a soft prompt learns before a frozen model (Lester et al., EMNLP 2021; P's baseline and the first stage of ProMoT). At
 * evaluation it is attached for the trained task only.
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

/** Prompt tuning: its hyper-parameters, its prompt, and demonstrations behind the prompt. */
export interface PromptTuningSpec extends Hyperparameters, DemonstrationOptions {
  /** Name of the method. */
  readonly name: "prompt_tuning";
  /** The soft prompt. */
  readonly prompt: PromptSpec;
}

/** Prompt tuning. */
export const promptTuning: Method<PromptTuningSpec> = defineMethod("prompt_tuning", (spec) => {
  const { name: _, prompt, demonstrations, sampling: __, ...hyper } = spec;
  return {
    demonstrations: demonstrationsOf(spec),
    prompt,
    stages: [{ learns: ["prompts"], hyper }],
    attachment: onTrainedTask(demonstrations),
  };
});
