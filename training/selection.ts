/**
 * Selection of the best checkpoint: the model is scored on validation rows now and then, and the best one stays; of equals, the earlier.
 * @module
 */
import type { TrainingSession } from "./session.ts";

/** Which step's weights stayed, and why. */
export interface Selection {
  /** Steps at which the model was scored, ascending, and the scores. */
  readonly scores: readonly { readonly step: number; readonly score: number }[];
  /** The step whose weights stayed. */
  readonly best: number;
}

/** A selection that is under way; without `every` it does nothing. */
export interface RunningSelection {
  /** Scores the model if it is time to, and keeps what learns if it is the best so far. */
  consider(step: number): Promise<void>;
  /** Puts the best values back. */
  finish(): void;
  /** What a checkpoint must hold beside the kept values. */
  extra(): Record<string, unknown>;
  /** The outcome; null where nothing is selected. */
  result(): Selection | null;
}

/** The first of the highest scores. */
function bestOf(scores: Selection["scores"]): number {
  return scores.reduce((best, one) => one.score > best.score ? one : best).step;
}

/**
 * Begins a selection, or goes on with one.
 * @param every steps between scores; the last step is scored as well
 * @param found a loaded checkpoint's `extra`
 */
export function createSelection(
  session: TrainingSession,
  every: number | undefined,
  steps: number,
  validate: ((step: number) => Promise<number>) | undefined,
  found: Readonly<Record<string, unknown>> | null,
): RunningSelection {
  const scores = [...(found?.scores as Selection["scores"] ?? [])];
  return {
    async consider(step) {
      if (every === undefined || !validate || (step % every !== 0 && step !== steps)) return;
      const score = await validate(step);
      if (Number.isNaN(score)) throw new Error(`the validation score after step ${step} is not a number`);
      scores.push({ step, score });
      if (bestOf(scores) === step) await session.keep();
    },
    finish: () => session.restoreKept(),
    extra: () => every === undefined ? {} : { scores },
    result: () => scores.length === 0 ? null : { scores, best: bestOf(scores) },
  };
}
