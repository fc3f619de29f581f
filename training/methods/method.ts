/**
 * What a method is: what stands before an example, which parameters learn, in which stages, and when what was put on the model is there at
 * evaluation. All of it is data; `training/stages.ts` does what it says.
 * @module
 */
import type { AdapterSpec } from "../../models/adapter.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Learnable } from "../learners.ts";

/** A soft prompt: learnt vectors in the place of embeddings, before the first token. */
export interface PromptSpec {
  /** Number of vectors. */
  readonly length: number;
  /** First values: the embeddings of different random tokens, or uniform numbers. */
  readonly init: "vocabulary" | "uniform";
  /** Uniform numbers are from -range up to range; 0 where they are not uniform. */
  readonly range: number;
}

/** Demonstrations before training examples. */
export interface DemonstrationSpec {
  /** How many stand before each. */
  readonly count: number;
  /** Drawn for each example (`sampledDemonstrations`), else the same for all. */
  readonly sampled: boolean;
}

/** A training stage. */
export interface Stage {
  /** What learns in it; all else is frozen. */
  readonly learns: readonly Learnable[];
  /** How. */
  readonly hyper: Hyperparameters;
}

/** When prompt or adapter are on the model at evaluation. */
export interface Attachment {
  /** On the task that was trained only, or on all. */
  readonly tasks: "trained" | "all";
  /** At these shot counts. */
  readonly shots: readonly number[] | "any";
}

/** A method with everything filled in. */
export interface MethodDescription {
  /** Demonstrations before each training example, in every stage. */
  readonly demonstrations: DemonstrationSpec;
  /** Soft prompt before each training example, in every stage: one a task; null for none. */
  readonly prompt: PromptSpec | null;
  /** Adapter on the model, in every stage; null for none. */
  readonly adapter: AdapterSpec | null;
  /** The stages in order; none where nothing learns. */
  readonly stages: readonly Stage[];
  /** When prompt and adapter are there at evaluation; null where there is neither. */
  readonly attachment: Attachment | null;
}

/** A method, by what it says of its specification. */
export interface Method<Spec> {
  /** The papers' word for it. */
  readonly name: string;
  /** All of it. */
  describe(spec: Spec): MethodDescription;
  /** Number of demonstrations before each training example. */
  demonstrations(spec: Spec): number;
  /** Hyper-parameters of the last stage, or null where nothing learns. */
  training(spec: Spec): Hyperparameters | null;
}

/** What a method has in common with plain fine-tuning, unless it says otherwise. */
export const plain: MethodDescription = {
  demonstrations: { count: 0, sampled: false },
  prompt: null,
  adapter: null,
  stages: [],
  attachment: null,
};

/** A method of that name; `describe` says in what it differs from `plain`. */
export function defineMethod<Spec>(name: string, describe: (spec: Spec) => Partial<MethodDescription>): Method<Spec> {
  const whole = (spec: Spec) => ({ ...plain, ...describe(spec) });
  return {
    name,
    describe: whole,
    demonstrations: (spec) => whole(spec).demonstrations.count,
    training: (spec) => whole(spec).stages.at(-1)?.hyper ?? null,
  };
}

/** Whether prompt and adapter are on the model for an evaluation: on a trained task or another, at some shot count. */
export function attaches({ attachment }: MethodDescription, trained: boolean, shots: number): boolean {
  if (attachment === null) return false;
  return (trained || attachment.tasks === "all") && (attachment.shots === "any" || attachment.shots.includes(shots));
}

/** On the trained task only, as it was trained: at zero shots, and at the demonstrations of training. */
export function onTrainedTask(demonstrations: number): Attachment {
  return { tasks: "trained", shots: demonstrations === 0 ? [0] : [0, demonstrations] };
}

/** Demonstrations as specifications give them. */
export interface DemonstrationOptions {
  /** How many stand before each training example. */
  readonly demonstrations: number;
  /** Drawn for each example; where absent, the first rows of the training set's few-shot file stand before every example. */
  readonly sampling?: "per example";
}

/** Their description. */
export function demonstrationsOf({ demonstrations, sampling }: DemonstrationOptions): DemonstrationSpec {
  return { count: demonstrations, sampled: sampling === "per example" };
}
