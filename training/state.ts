/**
 * Checkpoints of a training session: one safetensors file with weights, moments and history, and what else is needed in its metadata.
 * One file, written under a temporary name and renamed, so a kill at any moment leaves the old state or the new one.
 * @module
 */
import { openSafetensors, writeSafetensors } from "../models/safetensors.ts";

/** A session's state: for each parameter its weight, first and second moment, in order. */
export interface SessionState {
  readonly names: readonly string[];
  readonly values: readonly Float32Array<ArrayBuffer>[];
  readonly losses: Float32Array<ArrayBuffer>;
  readonly gradientNorms: Float32Array<ArrayBuffer>;
  readonly extra: Readonly<Record<string, unknown>>;
}

const kinds = ["weight", "first moment", "second moment"];

function pathOf(directory: string): string {
  return `${directory}/state.safetensors`;
}

/** Writes a state into a folder, which is made where it is missing. */
export function saveState(directory: string, state: SessionState): void {
  Deno.mkdirSync(directory, { recursive: true });
  const vector = (name: string, data: Float32Array<ArrayBuffer>) => ({ name, shape: [data.length], data });
  writeSafetensors(
    pathOf(directory),
    [
      ...state.names.flatMap((name, i) => kinds.map((kind, j) => vector(`${name}/${kind}`, state.values[i * 3 + j]))),
      vector("losses", state.losses),
      vector("gradient norms", state.gradientNorms),
    ],
    { extra: JSON.stringify(state.extra) },
  );
}

/**
 * Reads a folder's state, or null where it has none.
 * @throws where the file does not belong to a model of these parameters
 */
export function loadState(
  directory: string,
  parameters: readonly { readonly label: string; readonly rows: number; readonly columns: number }[],
): {
  values: Float32Array<ArrayBuffer>[];
  losses: Float32Array;
  gradientNorms: Float32Array;
  extra: Record<string, unknown>;
} | null {
  const path = pathOf(directory);
  try {
    Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const file = openSafetensors(path);
  const values = parameters.flatMap(({ label, rows, columns }) =>
    kinds.map((kind) => {
      const value = file.read(`${label}/${kind}`);
      if (value.length !== rows * columns) {
        throw new Error(`${path}: ${label} has ${value.length} elements, this model has ${rows * columns}`);
      }
      return value;
    })
  );
  return {
    values,
    losses: file.read("losses"),
    gradientNorms: file.read("gradient norms"),
    extra: JSON.parse(file.metadata.extra ?? "{}"),
  };
}
