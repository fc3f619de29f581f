/**
 * The models that P compares: which method each is, and with what of a profile.
 * @module
 */
import type { PromptSpec } from "../training/methods/mod.ts";
import { promotHyperparameters, type PromotScale } from "./profiles.ts";
import type { MethodSpec } from "./types.ts";

/** A model of P's tables. */
export interface PromotArm {
  /** What tables call it. */
  readonly label: string;
  /** Its method's name. */
  readonly method: MethodSpec["name"];
  /** Demonstrations before each training input, and before the trained task's tests. */
  readonly shown: 0 | 1;
  /** Its method with all it depends on. */
  spec(scale: PromotScale, maxPositions: number): MethodSpec;
}

/** Names of P's models. */
export type ArmName =
  | "pretrained"
  | "prompt_tuning"
  | "ft"
  | "promot"
  | "prompt_tuning_1"
  | "ft_1"
  | "promot_1"
  | "joint"
  | "random_prompt"
  | "lora_2"
  | "lora_4";

const tuned = (scale: PromotScale, positions: number) => ({
  model: promotHyperparameters(scale, scale.modelTuning, positions),
  prompt: promotHyperparameters(scale, scale.promptTuning, positions),
  adapter: promotHyperparameters(scale, scale.adapterTuning, positions),
});

/** P leaves the first values open; the embeddings of random tokens, as is usual. */
const soft = ({ promptLength }: PromotScale): PromptSpec => ({ length: promptLength, init: "vocabulary", range: 0 });

function promptTuning(label: string, shown: 0 | 1): PromotArm {
  return {
    label,
    method: "prompt_tuning",
    shown,
    spec: (scale, positions) => ({
      name: "prompt_tuning",
      demonstrations: shown,
      prompt: soft(scale),
      ...tuned(scale, positions).prompt,
    }),
  };
}

function promot(label: string, shown: 0 | 1): PromotArm {
  return {
    label,
    method: "promot",
    shown,
    spec(scale, positions) {
      const { model, prompt } = tuned(scale, positions);
      return { name: "promot", demonstrations: shown, prompt: soft(scale), promptTuning: prompt, ...model };
    },
  };
}

function lora(rank: number): PromotArm {
  return {
    label: `ProMoT by LoRA, rank ${rank}`,
    method: "lora_promot",
    shown: 0,
    spec(scale, positions) {
      const { model, adapter } = tuned(scale, positions);
      const made = { rank, alpha: 2 * rank, targets: "queries and values" } as const;
      return { name: "lora_promot", adapter: made, adapterTuning: adapter, ...model };
    },
  };
}

/** P's models by name. */
export const promotArms: Readonly<Record<ArmName, PromotArm>> = {
  pretrained: { label: "pretrained", method: "icl", shown: 0, spec: () => ({ name: "icl" }) },
  prompt_tuning: promptTuning("prompt tuning", 0),
  ft: {
    label: "FT",
    method: "ft",
    shown: 0,
    spec: (scale, positions) => ({ name: "ft", ...tuned(scale, positions).model }),
  },
  promot: promot("ProMoT", 0),
  prompt_tuning_1: promptTuning("prompt tuning + 1-shot", 1),
  ft_1: {
    label: "FT + 1-shot",
    method: "fticl",
    shown: 1,
    spec: (scale, positions) => ({ name: "fticl", demonstrations: 1, ...tuned(scale, positions).model }),
  },
  promot_1: promot("ProMoT + 1-shot", 1),
  joint: {
    label: "joint",
    method: "joint_tuning",
    shown: 0,
    spec: (scale, positions) => ({ name: "joint_tuning", prompt: soft(scale), ...tuned(scale, positions).model }),
  },
  random_prompt: {
    label: "fixed random prompt",
    method: "random_prompt",
    shown: 0,
    spec: (scale, positions) => ({
      name: "random_prompt",
      // P's are uniform, in a range it does not give: that of Lester et al. (EMNLP 2021).
      prompt: { length: scale.promptLength, init: "uniform", range: 0.5 },
      ...tuned(scale, positions).model,
    }),
  },
  lora_2: lora(2),
  lora_4: lora(4),
};
