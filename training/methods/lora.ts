/**
 * LoRA: a low-rank adapter learns on a frozen model (Hu et al., ICLR 2022). The adapter stays on the model for every evaluation.
 * @module
 */
import type { AdapterSpec } from "../../models/adapter.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { defineMethod, type Method } from "./method.ts";

/** LoRA: its hyper-parameters and its adapter. */
export interface LoraSpec extends Hyperparameters {
  /** Name of the method. */
  readonly name: "lora";
  /** The adapter. */
  readonly adapter: AdapterSpec;
}

/** Low-rank adaptation. */
export const lora: Method<LoraSpec> = defineMethod("lora", ({ name: _, adapter, ...hyper }) => ({
  adapter,
  stages: [{ learns: ["adapter"], hyper }],
  attachment: { tasks: "all", shots: "any" },
}));
