/**
 * A cell's model on the GPU: its weights, and what its method puts on it and takes off again, soft prompts or an adapter.
 * @module
 */
import { allocate, createArena, releaseArena, upload } from "../kernels/gpu/buffers.ts";
import { type LlamaConfig, type ParameterShape, parameterShapes } from "../models/config.ts";
import { type Llama, promptOf, releaseLlama, withPrompts } from "../models/llama.ts";
import type { MethodDescription } from "../training/methods/mod.ts";
import type { AttachedModel } from "../training/stages.ts";
import type { Weights } from "./trained_model.ts";

/** A model on the GPU. */
export interface HeldModel {
  /** Its configuration. */
  readonly config: LlamaConfig;
  /** Tokens of a soft prompt; 0 where there is none. */
  readonly promptLength: number;
  /** The model, with the prompt or the adapter of a trained task on it, or with nothing for null. */
  model(attached: number | null): Promise<AttachedModel>;
  /** Frees it. */
  release(): void;
}

/** Whether a method's adapter is never taken off, so that the model's weights are those with it. */
export function alwaysOn({ adapter, attachment }: MethodDescription): boolean {
  return adapter !== null && attachment?.tasks === "all" && attachment.shots === "any";
}

/** Tensors of what a method puts on a model and takes off again: a prompt for each task, or all weights as the adapter makes them. */
export function attachedShapes(description: MethodDescription, config: LlamaConfig, tasks: number): ParameterShape[] {
  const { prompt, adapter } = description;
  if (prompt !== null) {
    return Array.from({ length: tasks }, (_, i) => ({
      name: `prompt.${i}`,
      shape: [prompt.length, config.hiddenSize] as const,
    }));
  }
  return adapter === null || alwaysOn(description) ? [] : parameterShapes(config);
}

/**
 * Holds a model.
 *
 * @param llama The model without prompt or adapter; owned from now on.
 * @param attached What a method puts on it; null where it puts nothing.
 * @param build Makes a model of other weights.
 */
export function holdModel(
  llama: Llama,
  description: MethodDescription,
  attached: Weights | null,
  build: (tensor: Weights["tensor"]) => Promise<Llama>,
): HeldModel {
  const { gpu, config } = llama;
  const arena = createArena(gpu);
  const { prompt } = description;
  let adapted: Llama | null = null;
  let prompted: Llama | null = null;
  if (prompt !== null && attached !== null) {
    const size = prompt.length * config.hiddenSize;
    const tensor = allocate(arena, "soft prompts", size * attached.shapes.length);
    attached.shapes.forEach(({ name }, i) => upload(gpu, tensor, attached.tensor(name), i * size));
    prompted = withPrompts(llama, { tensor, length: prompt.length, count: attached.shapes.length });
  }
  return {
    config,
    promptLength: prompt?.length ?? 0,
    async model(task) {
      if (task === null || attached === null) return { llama, prefix: [] };
      if (prompted !== null) return { llama: prompted, prefix: promptOf(prompted, task) };
      adapted ??= await build(attached.tensor);
      return { llama: adapted, prefix: [] };
    },
    release() {
      releaseArena(arena);
      if (adapted !== null) releaseLlama(adapted);
      releaseLlama(llama);
    },
  };
}
