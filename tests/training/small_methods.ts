/**
 * Every method at a size of seconds, and what is left after it, for tests that compare bit by bit.
 * @module
 */
import { readFloats } from "../../kernels/gpu/buffers.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { type Llama, readWeights, releaseLlama } from "../../models/llama.ts";
import type { Hyperparameters } from "../../training/hyperparameters.ts";
import { methodOf, type MethodSpec } from "../../training/methods/mod.ts";
import { type MethodExample, type MethodOptions, trainMethod } from "../../training/stages.ts";
import { randomLlama } from "../models/random_llama.ts";
import { examples, hyper } from "./small_training.ts";

/** Two epochs of three steps each, the last batch of an epoch short. */
export const few: readonly MethodExample[] = examples.slice(8, 20);

/** The same examples, every third of a second task. */
export const ofTwoTasks: readonly MethodExample[] = few.map((example, i) => ({
  ...example,
  task: i % 3 === 2 ? 1 : 0,
}));

/** Hyper-parameters of AdamW. */
export const adamwHyper: Hyperparameters = { ...hyper, batchSize: 5 };

/** Hyper-parameters of Adafactor, with dropout. */
export const adafactorHyper: Hyperparameters = {
  ...adamwHyper,
  optimizer: "adafactor",
  learningRate: 0.05,
  beta1: 0,
  beta2: 0,
  epsilon: 0,
  dropout: 0.1,
};

const prompt = { length: 3, init: "vocabulary", range: 0 } as const;
const adapter = { rank: 2, alpha: 4, targets: "queries and values" } as const;
const shots = { demonstrations: 0 } as const;

/** A specification of each method that trains; all prompts and adapters are the same. */
export function smallSpecs(hyper: Hyperparameters) {
  return {
    ft: { name: "ft", ...hyper },
    fticl: { name: "fticl", ...shots, ...hyper },
    prompt_tuning: { name: "prompt_tuning", prompt, ...shots, ...hyper },
    promot: { name: "promot", prompt, promptTuning: hyper, ...shots, ...hyper },
    joint_tuning: { name: "joint_tuning", prompt, ...hyper },
    random_prompt: { name: "random_prompt", prompt: { length: 3, init: "uniform", range: 0.5 }, ...hyper },
    lora: { name: "lora", adapter, ...hyper },
    lora_promot: { name: "lora_promot", adapter, adapterTuning: hyper, ...hyper },
    value_tuning: { name: "value_tuning", ...hyper },
  } as const satisfies Record<string, MethodSpec>;
}

/** Everything that a method leaves. */
export interface Outcome {
  /** The model's own weights, without adapter, by name. */
  readonly weights: Readonly<Record<string, string>>;
  /** Its weights with the adapter, by name. */
  readonly attached: Readonly<Record<string, string>>;
  /** The soft prompts. */
  readonly prompts: readonly string[];
  /** The adapter's A and B by parameter. */
  readonly adapter: readonly string[];
  /** Runs of the trainer: stage, task, losses. */
  readonly runs: readonly { stage: number; task: number | null; losses: number[] }[];
  /** Step whose weights stayed, of each run that selects. */
  readonly best: readonly (number | null)[];
}

const hex = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer).toHex();

/** Bytes of a model's weights, by name. */
export async function bytesOf(llama: Llama): Promise<Record<string, string>> {
  return Object.fromEntries([...await readWeights(llama)].map(([name, values]) => [name, hex(values.slice())]));
}

/** Trains a random model by a method; what is left is given as bytes. */
export async function outcomeOf(
  gpu: Gpu,
  spec: MethodSpec,
  options: Partial<MethodOptions> = {},
  trained: readonly MethodExample[] = few,
  operands: "12bit" | "f32" | "bf16" = "12bit",
): Promise<Outcome> {
  const llama = await randomLlama(gpu, {}, operands);
  try {
    const model = await trainMethod(llama, trained, methodOf(spec).describe(spec), { seed: 1, ...options });
    try {
      const matrices = model.adapter?.parameters.flatMap(({ a, b }) => [a, b]) ?? [];
      const adapter = (await readFloats(gpu, ...matrices)).map(hex);
      model.evaluated(true);
      const attached = await bytesOf(llama);
      model.evaluated(false);
      return {
        weights: await bytesOf(llama),
        attached,
        prompts: (model.prompts ?? []).map(hex),
        adapter,
        runs: model.reports.map(({ stage, task, report }) => ({ stage, task, losses: [...report.losses] })),
        best: model.reports.map(({ report }) => report.selection?.best ?? null),
      };
    } finally {
      model.release();
    }
  } finally {
    releaseLlama(llama);
  }
}

/** Names whose bytes differ. */
export function moved(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
