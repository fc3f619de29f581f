/**
 * Joint tuning, an ablation of P (Table 6): soft prompt and model learn together in one stage.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method, onTrainedTask, type PromptSpec } from "./method.ts";

/** Joint tuning: its hyper-parameters and its prompt. */
export interface JointTuningSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "joint_tuning";
  /** The soft prompt. */
  readonly prompt: PromptSpec;
}

/** Joint tuning of prompt and model. */
export const jointTuning: Method<JointTuningSpec> = defineMethod("joint_tuning", ({ name: _, prompt, ...hyper }) => ({
  prompt,
  stages: [{ learns: ["model", "prompts"], hyper }],
  attachment: onTrainedTask(0),
}));
