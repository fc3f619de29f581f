/**
 * Checkpoints of a training session: one safetensors file with weights, moments and history, and what else is needed in its metadata.
 * One file, written under a temporary name and renamed, so a kill at any moment leaves the old state or the new one.
 * @module
 */
import { openSafetensors, writeSafetensors } from "../models/safetensors.ts";

/** A vector of a state. */
interface NamedVector {
  readonly name: string;
  readonly data: Float32Array<ArrayBuffer>;
}

/** A session's state. */
export interface SessionState {
  /** What learns, its moments, and other values worth keeping. */
  readonly tensors: readonly NamedVector[];
  readonly losses: Float32Array<ArrayBuffer>;
  readonly gradientNorms: Float32Array<ArrayBuffer>;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A vector that a state should have. */
export interface VectorShape {
  readonly name: string;
  readonly length: number;
}

/** A state that was read. */
export interface LoadedState {
  /** The vectors asked for, in order. */
  readonly values: readonly Float32Array<ArrayBuffer>[];
  /** The optional ones; null where the file has none of them. */
  readonly optional: readonly Float32Array<ArrayBuffer>[] | null;
  readonly losses: Float32Array<ArrayBuffer>;
  readonly gradientNorms: Float32Array<ArrayBuffer>;
  readonly extra: Record<string, unknown>;
}

function pathOf(directory: string): string {
  return `${directory}/state.safetensors`;
}

/** Writes a state into a folder, which is made where it is missing. */
export function saveState(directory: string, state: SessionState): void {
  Deno.mkdirSync(directory, { recursive: true });
  const vectors = [
    ...state.tensors,
    { name: "losses", data: state.losses },
    { name: "gradient norms", data: state.gradientNorms },
  ];
  writeSafetensors(
    pathOf(directory),
    vectors.map(({ name, data }) => ({ name, shape: [data.length], data })),
    { extra: JSON.stringify(state.extra) },
  );
}

/**
 * Reads a folder's state, or null where it has none, or one of more steps than are asked for.
 * @param optional vectors that a state has all or none of
 * @throws where the file does not belong to a session that learns the same
 */
export function loadState(
  directory: string,
  shapes: readonly VectorShape[],
  optional: readonly VectorShape[],
  mostSteps: number,
): LoadedState | null {
  const path = pathOf(directory);
  try {
    Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const file = openSafetensors(path);
  const losses = file.read("losses");
  if (losses.length > mostSteps) return null;
  const read = ({ name, length }: VectorShape) => {
    if (!file.tensors.has(name)) throw new Error(`${path}: ${name} is missing; the state is of another training`);
    const value = file.read(name);
    if (value.length !== length) {
      throw new Error(`${path}: ${name} has ${value.length} elements, this training has ${length}`);
    }
    return value;
  };
  return {
    values: shapes.map(read),
    optional: optional.some(({ name }) => file.tensors.has(name)) ? optional.map(read) : null,
    losses,
    gradientNorms: file.read("gradient norms"),
    extra: JSON.parse(file.metadata.extra ?? "{}"),
  };
}
