/**
 * The models that P compares, and two beyond it: which method each is, and with what of a profile.
 * @module
 */
import type { PromptSpec } from "../training/methods/mod.ts";
import { promotHyperparameters, type PromotScale, type StageName, stageOf } from "./profiles.ts";
import type { MethodSpec } from "./types.ts";

/** A model by P's protocol. */
export interface PromotArm {
  /** What tables call it. */
  readonly label: string;
  /** Its method's name. */
  readonly method: MethodSpec["name"];
  /** Demonstrations before each training input, and before the trained task's tests. */
  readonly shown: 0 | 1;
  /** Stages it is tuned in; a learning rate on trial is that of the last one. */
  readonly stages: readonly StageName[];
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
  | "lora_4"
  | "lora"
  | "value_tuning";

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
    stages: ["prompt_tuning"],
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
    stages: ["prompt_tuning", "model_tuning"],
    spec(scale, positions) {
      const { model, prompt } = tuned(scale, positions);
      return { name: "promot", demonstrations: shown, prompt: soft(scale), promptTuning: prompt, ...model };
    },
  };
}

/** P does not say which matrices it adapts, nor by which scale. */
const adapterOf = (rank: number) => ({ rank, alpha: 2 * rank, targets: "queries and values" }) as const;

function promotByLora(rank: number): PromotArm {
  return {
    label: `ProMoT by LoRA, rank ${rank}`,
    method: "lora_promot",
    shown: 0,
    stages: ["adapter_tuning", "model_tuning"],
    spec(scale, positions) {
      const { model, adapter } = tuned(scale, positions);
      return { name: "lora_promot", adapter: adapterOf(rank), adapterTuning: adapter, ...model };
    },
  };
}

/** P's models by name. */
export const promotArms: Readonly<Record<ArmName, PromotArm>> = {
  pretrained: { label: "pretrained", method: "icl", shown: 0, stages: [], spec: () => ({ name: "icl" }) },
  prompt_tuning: promptTuning("prompt tuning", 0),
  ft: {
    label: "FT",
    method: "ft",
    shown: 0,
    stages: ["model_tuning"],
    spec: (scale, positions) => ({ name: "ft", ...tuned(scale, positions).model }),
  },
  promot: promot("ProMoT", 0),
  prompt_tuning_1: promptTuning("prompt tuning + 1-shot", 1),
  ft_1: {
    label: "FT + 1-shot",
    method: "fticl",
    shown: 1,
    stages: ["model_tuning"],
    spec: (scale, positions) => ({ name: "fticl", demonstrations: 1, ...tuned(scale, positions).model }),
  },
  promot_1: promot("ProMoT + 1-shot", 1),
  joint: {
    label: "joint",
    method: "joint_tuning",
    shown: 0,
    stages: ["model_tuning"],
    spec: (scale, positions) => ({ name: "joint_tuning", prompt: soft(scale), ...tuned(scale, positions).model }),
  },
  random_prompt: {
    label: "fixed random prompt",
    method: "random_prompt",
    shown: 0,
    stages: ["model_tuning"],
    spec: (scale, positions) => ({
      name: "random_prompt",
      // P's are uniform, in a range it does not give: that of Lester et al. (EMNLP 2021).
      prompt: { length: scale.promptLength, init: "uniform", range: 0.5 },
      ...tuned(scale, positions).model,
    }),
  },
  lora_2: promotByLora(2),
  lora_4: promotByLora(4),
  lora: {
    label: "LoRA",
    method: "lora",
    shown: 0,
    stages: ["adapter_tuning"],
    spec: (scale, positions) => ({ name: "lora", adapter: adapterOf(4), ...tuned(scale, positions).adapter }),
  },
  value_tuning: {
    label: "value tuning",
    method: "value_tuning",
    shown: 0,
    stages: ["adapter_tuning"],
    spec: (scale, positions) => ({ name: "value_tuning", ...tuned(scale, positions).adapter }),
  },
};

/** A profile's numbers with a learning rate on trial in the place of an arm's own. */
export function withRate(arm: ArmName, scale: PromotScale, learningRate: number): PromotScale {
  const last = promotArms[arm].stages.at(-1);
  if (last === undefined) throw new Error(`${promotArms[arm].label} learns nothing, so it has no learning rate to try`);
  return { ...scale, [stageOf[last]]: { ...scale[stageOf[last]], learningRate } };
}
