/**
 * Fine-tuning with a fixed random soft prompt, an ablation of P (Table 6): the model learns behind a prompt that never does.
 * @module
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method, onTrainedTask, type PromptSpec } from "./method.ts";

/** Fine-tuning behind a random prompt: its hyper-parameters and its prompt. */
export interface RandomPromptSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "random_prompt";
  /** The soft prompt, which keeps its first values. */
  readonly prompt: PromptSpec;
}

/** Fine-tuning with a fixed random prompt. */
export const randomPrompt: Method<RandomPromptSpec> = defineMethod(
  "random_prompt",
  ({ name: _, prompt, ...hyper }) => ({
    prompt,
    stages: [{ learns: ["model"], hyper }],
    attachment: onTrainedTask(0),
  }),
);
