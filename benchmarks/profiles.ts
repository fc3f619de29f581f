/**
 * How large a run is: the papers' protocol at three scales.
 * @module
 */
import type { Task } from "../tasks/mod.ts";
import type { ArmName } from "./promot_arms.ts";
import type { Hyperparameters, Profile } from "./types.ts";

/** A method that trains something by U's protocol, and so has a learning rate. LoRA and value tuning are beyond the paper. */
export type TrainedMethod = "ft" | "fticl" | "lora" | "value_tuning";

/** A stage of P's protocol: what learns in it. */
export type StageName = "prompt_tuning" | "adapter_tuning" | "model_tuning";

/** What a profile holds a learning rate for: methods by U's protocol, and stages by P's. */
export type Tuned = TrainedMethod | StageName;

/** Where a profile has P's stages. */
export const stageOf = {
  prompt_tuning: "promptTuning",
  adapter_tuning: "adapterTuning",
  model_tuning: "modelTuning",
} as const;

/** A training stage of P, as far as profiles differ in it. */
export interface PromotStage {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Passes over the rows. */
  readonly epochs: number;
  /** Steps between validation scores. */
  readonly selectEvery: number;
}

/** P's protocol at a profile's size. */
export interface PromotScale {
  /** Training rows of each task. */
  readonly rows: number;
  /** Validation rows of each task, by which the best step is kept. */
  readonly validationRows: number;
  /** Vectors of a soft prompt. */
  readonly promptLength: number;
  /** Sequences in an optimizer batch. */
  readonly batchSize: number;
  /** AdamW where absent. */
  readonly optimizer?: "adafactor";
  /** Share of what attention and MLP add that is dropped while training. */
  readonly dropout: number;
  /** Share of the target spread over the vocabulary. */
  readonly labelSmoothing: number;
  /** Tuning of a prompt. */
  readonly promptTuning: PromotStage;
  /** Tuning of an adapter in the prompt's place, and of value matrices alone. */
  readonly adapterTuning: PromotStage;
  /** Tuning of the model. */
  readonly modelTuning: PromotStage;
}

/** Everything that differs between profiles. */
export interface Scale {
  /** Training sizes, ascending: they stand for the paper's 2,000, 4,000 and 6,000 by rank. */
  readonly sizes: readonly [number, number, number];
  /** Test rows scored per set: the first ones of its file. */
  readonly testRows: number;
  /** How many of a task's shot counts are evaluated, from zero shots up. */
  readonly shotCounts: number;
  /** How many of a task's two FTICL demonstration counts are trained, from the smaller up. */
  readonly fticlCounts: number;
  /** Validation rows a learning rate is tried on: the last ones of the training set's largest file. */
  readonly validationRows: number;
  /** Peak learning rate of each method by U's protocol; those of P's stages are in `promot`. */
  readonly learningRates: Readonly<Record<TrainedMethod, number>>;
  /** Where the learning rates come from, in words for the report. */
  readonly learningRatesFrom: string;
  /** Learning rates that the settings `learning_rate` and `method_comparison` try for each, ascending. */
  readonly learningRateSweep: Readonly<Record<Tuned, readonly number[]>>;
  /** P's settings. */
  readonly promot: PromotScale;
  /** What the setting `method_comparison` compares by P's protocol. */
  readonly comparedByPromot: ComparedByPromot;
}

/** Tasks that are tuned on, and models of each. A prompt and an adapter take five times as many steps as a model. */
export interface ComparedByPromot {
  /** Names of tasks, in the tables' order. */
  readonly tasks: readonly string[];
  /** The models, in the tables' order. */
  readonly arms: readonly ArmName[];
}

/** All that the comparison knows: of P's tasks of its main tables a classification and a generation, and the models that have a rate to try. */
export const allComparedByPromot: ComparedByPromot = {
  tasks: ["promot_rte", "translation"],
  arms: ["pretrained", "ft", "ft_1", "lora", "value_tuning", "prompt_tuning", "promot"],
};

/**
 * One grid for each kind of thing that learns, so that methods of a kind are compared over the same rates: all weights; few weights, those of
 * an adapter or the value matrices, which need larger steps to move the model as far (Biderman et al., TMLR 2024, find about ten times FT's
 * rate best for LoRA); the vectors of a soft prompt, which are few and start as embeddings, and need the largest (Lester et al., EMNLP 2021).
 */
function sweepOf(
  all: readonly number[],
  few: readonly number[],
  prompts: readonly number[],
): Omit<Scale["learningRateSweep"], "model_tuning"> {
  return { ft: all, fticl: all, lora: few, value_tuning: few, adapter_tuning: few, prompt_tuning: prompts };
}

const miniatureSweep = [3e-4, 1e-3, 2e-3];

/** What `smoke` and `quick` share, both being for the embedded model. */
const miniature = {
  learningRates: { ft: 1e-3, fticl: 1e-3, lora: 1e-2, value_tuning: 5e-3 },
  learningRatesFrom: "chosen by the setting learning_rate on validation rows",
  learningRateSweep: {
    ...sweepOf(miniatureSweep, [2e-3, 5e-3, 1e-2], [1e-2, 3e-2, 1e-1]),
    model_tuning: miniatureSweep,
  },
};

/** P's protocol for the embedded model. As in P, prompts are tuned for five times as many steps as the model. */
const miniaturePromot: PromotScale = {
  rows: 600,
  validationRows: 50,
  promptLength: 16,
  batchSize: 16,
  dropout: 0,
  labelSmoothing: 0,
  promptTuning: { learningRate: 1e-1, epochs: 10, selectEvery: 95 },
  adapterTuning: { learningRate: 2e-3, epochs: 10, selectEvery: 95 },
  modelTuning: { learningRate: 3e-4, epochs: 2, selectEvery: 19 },
};

/** The smallest that has all of it. */
const smokePromot: PromotScale = {
  ...miniaturePromot,
  rows: 16,
  validationRows: 2,
  promptLength: 4,
  promptTuning: { ...miniaturePromot.promptTuning, epochs: 1, selectEvery: 1 },
  adapterTuning: { ...miniaturePromot.adapterTuning, epochs: 1, selectEvery: 1 },
  modelTuning: { ...miniaturePromot.modelTuning, epochs: 1, selectEvery: 1 },
};

/** P's appendix: 5,000 and 1,000 steps of 64 rows, which are 160 and 32 passes over 2,000 rows. */
const paperPromot: PromotScale = {
  rows: 2000,
  validationRows: 277,
  promptLength: 100,
  batchSize: 64,
  optimizer: "adafactor",
  dropout: 0.1,
  labelSmoothing: 0.1,
  promptTuning: { learningRate: 0.2, epochs: 160, selectEvery: 1000 },
  adapterTuning: { learningRate: 1e-3, epochs: 160, selectEvery: 1000 },
  modelTuning: { learningRate: 1e-3, epochs: 32, selectEvery: 100 },
};

/**
 * The profiles.
 *
 * `smoke` is for machines that check that all works: a minute on two cores. `quick` is the default: minutes. `paper` has U's
 * sizes and learning rate, for real checkpoints and data.
 *
 * A profile holds one learning rate for each method by U's protocol and each stage of P's. The setting `learning_rate` tries three for each,
 * `learningRateSweep`, and scores them on validation rows, never on test rows: `deno task bench learning_rate --profile quick` shows all
 * scores and the choice. The small base model needs larger ones than U's 2e-5, at which its weights hardly move in a few dozen steps.
 */
export const profiles: Readonly<Record<Profile, Scale>> = {
  smoke: {
    sizes: [16, 32, 48],
    testRows: 4,
    validationRows: 8,
    shotCounts: 2,
    fticlCounts: 1,
    ...miniature,
    promot: smokePromot,
    comparedByPromot: allComparedByPromot,
  },
  quick: {
    sizes: [200, 400, 600],
    testRows: 100,
    validationRows: 200,
    shotCounts: 4,
    fticlCounts: 2,
    ...miniature,
    promot: miniaturePromot,
    // Within ten minutes: one task of the two; adapters and value matrices are compared by U's protocol.
    comparedByPromot: { tasks: ["translation"], arms: ["pretrained", "ft", "ft_1", "prompt_tuning", "promot"] },
  },
  paper: {
    sizes: [2000, 4000, 6000],
    testRows: 250,
    validationRows: 200,
    shotCounts: 4,
    fticlCounts: 2,
    learningRates: { ft: 2e-5, fticl: 2e-5, lora: 2e-4, value_tuning: 2e-4 },
    learningRatesFrom: "U's released scripts, P's appendix; of lora and value_tuning ten times U's",
    // P's stages learn by Adafactor, whose rates are shares of the weights' own size.
    learningRateSweep: {
      ...sweepOf([1e-5, 2e-5, 5e-5], [1e-4, 2e-4, 5e-4], [0.1, 0.2, 0.3]),
      model_tuning: [5e-4, 1e-3, 2e-3],
      adapter_tuning: [5e-4, 1e-3, 2e-3],
    },
    promot: paperPromot,
    comparedByPromot: allComparedByPromot,
  },
};

/** The scale of a profile; an unknown name is an error that lists the valid ones. */
export function scaleOf(profile: string): Scale {
  if (!Object.hasOwn(profiles, profile)) {
    throw new Error(`no profile "${profile}"; valid: ${Object.keys(profiles).join(", ")}`);
  }
  return profiles[profile as Profile];
}

/** Whether a rate is that of a stage of P's. */
export function isStage(tuned: Tuned): tuned is StageName {
  return Object.hasOwn(stageOf, tuned);
}

/** A profile's learning rate. */
export function rateOf({ learningRates, promot }: Scale, tuned: Tuned): number {
  return isStage(tuned) ? promot[stageOf[tuned]].learningRate : learningRates[tuned];
}

/** Shot counts of a task that a profile evaluates. */
export function shotsOf(task: Task, scale: Scale): readonly number[] {
  return task.shots.slice(0, scale.shotCounts);
}

/** Zero shots and the two counts after it: those over which U takes the best in its Figures 4 to 7. */
export function fewShotsOf(task: Task, scale: Scale): readonly number[] {
  return shotsOf(task, scale).slice(0, 3);
}

/** Demonstration counts of a task that a profile trains FTICL with. */
export function fticlShotsOf(task: Task, scale: Scale): readonly number[] {
  return task.fticlShots.slice(0, scale.fticlCounts);
}

/**
 * U's hyper-parameters, as its released scripts have them: AdamW with the Hugging Face defaults, no weight decay, no clipping, linear decay
 * without warm-up, two epochs, batches of 16, 1,024 tokens a sequence.
 *
 * @param learningRate Peak learning rate; that of U's scripts is 2e-5.
 * @param maxPositions Longest context of the model; a shorter one than 1,024 takes its place.
 */
export function hyperparameters(learningRate: number, maxPositions: number): Hyperparameters {
  return {
    learningRate,
    schedule: "linear",
    warmupSteps: 0,
    epochs: 2,
    batchSize: 16,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
    labelSmoothing: 0,
    loss: "batch-mean",
    microBatchSize: 0,
    maxLength: Math.min(1024, maxPositions),
  };
}

/** Hyper-parameters of one of P's stages: constant learning rate, no warm-up, no weight decay, no clipping. */
export function promotHyperparameters(scale: PromotScale, stage: PromotStage, maxPositions: number): Hyperparameters {
  const { batchSize, optimizer, dropout, labelSmoothing } = scale;
  const adam = optimizer === undefined;
  return {
    ...hyperparameters(stage.learningRate, maxPositions),
    schedule: "constant",
    epochs: stage.epochs,
    batchSize,
    labelSmoothing,
    ...(adam ? {} : { optimizer, beta1: 0, beta2: 0, epsilon: 0 }),
    ...(dropout === 0 ? {} : { dropout }),
    selectEvery: stage.selectEvery,
  };
}
