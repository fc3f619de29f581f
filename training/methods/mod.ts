/**
 * The methods under comparison. They differ only in what is put before an example, which parameters learn, and in which stages; the
 * trainer is one.
 * @module
 */
import { fineTuning, type FineTuningSpec } from "./ft.ts";
import { fineTuningInContext, type FineTuningInContextSpec } from "./fticl.ts";
import { inContextLearning, type InContextLearningSpec } from "./icl.ts";
import { jointTuning, type JointTuningSpec } from "./joint_tuning.ts";
import { lora, type LoraSpec } from "./lora.ts";
import { loraProMoT, type LoraProMoTSpec } from "./lora_promot.ts";
import type { Method } from "./method.ts";
import { promot, type ProMoTSpec } from "./promot.ts";
import { promptTuning, type PromptTuningSpec } from "./prompt_tuning.ts";
import { randomPrompt, type RandomPromptSpec } from "./random_prompt.ts";
import { valueTuning, type ValueTuningSpec } from "./value_tuning.ts";

export * from "./method.ts";
export type {
  FineTuningInContextSpec,
  FineTuningSpec,
  InContextLearningSpec,
  JointTuningSpec,
  LoraProMoTSpec,
  LoraSpec,
  ProMoTSpec,
  PromptTuningSpec,
  RandomPromptSpec,
  ValueTuningSpec,
};

/** A method of U or P, or beyond the papers, with all it depends on. */
export type MethodSpec =
  | InContextLearningSpec
  | FineTuningSpec
  | FineTuningInContextSpec
  | PromptTuningSpec
  | ProMoTSpec
  | JointTuningSpec
  | RandomPromptSpec
  | LoraSpec
  | LoraProMoTSpec
  | ValueTuningSpec;

/** All methods by name. */
export const methods: { readonly [Name in MethodSpec["name"]]: Method<Extract<MethodSpec, { name: Name }>> } = {
  icl: inContextLearning,
  ft: fineTuning,
  fticl: fineTuningInContext,
  prompt_tuning: promptTuning,
  promot,
  joint_tuning: jointTuning,
  random_prompt: randomPrompt,
  lora,
  lora_promot: loraProMoT,
  value_tuning: valueTuning,
};

/** The method of a specification. */
export function methodOf(spec: MethodSpec): Method<MethodSpec> {
  return methods[spec.name] as Method<MethodSpec>;
}
