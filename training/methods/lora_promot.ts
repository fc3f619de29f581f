/**
 * ProMoT with an adapter in the place of the prompt, an ablation of P (Table 15, rank 2 and 4): first the adapter learns on the frozen
 * model, then the model learns under the frozen adapter, which is attached for the trained task only.
 * @module
 */
import type { AdapterSpec } from "../../models/adapter.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method, onTrainedTask } from "./method.ts";

/** ProMoT by an adapter: hyper-parameters of the second stage, the adapter, and hyper-parameters of the first stage. */
export interface LoraProMoTSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "lora_promot";
  /** The adapter. */
  readonly adapter: AdapterSpec;
  /** Hyper-parameters of the adapter's tuning. */
  readonly adapterTuning: Hyperparameters;
}

/** ProMoT with LoRA as its first stage. */
export const loraProMoT: Method<LoraProMoTSpec> = defineMethod("lora_promot", (spec) => {
  const { name: _, adapter, adapterTuning, ...hyper } = spec;
  return {
    adapter,
    stages: [{ learns: ["adapter"], hyper: adapterTuning }, { learns: ["model"], hyper }],
    attachment: onTrainedTask(0),
  };
});
