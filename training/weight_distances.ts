/**
 * How far a model's weights have moved from its base: overall, by group, by layer, by tensor of the checkpoint.
 * @module
 */
import {
  combineDistances,
  type Distance,
  type DistancePartials,
  weightDistance,
} from "../kernels/weight_distance/weight_distance.ts";
import { chunkCount } from "../kernels/gradient_norm/gradient_norm.ts";
import { allocate, createArena, readFloats, releaseArena, upload } from "../kernels/gpu/buffers.ts";
import { createProgram, dispatch, releaseProgram, run } from "../kernels/gpu/program.ts";
import type { Llama, ParameterGroup } from "../models/llama.ts";

/** Distances of all parts of a model. A tied head counts as embedding; a group without tensors is null. */
export interface WeightDistances {
  /** All weights. */
  readonly overall: Distance;
  /** By group. */
  readonly groups: Readonly<Record<ParameterGroup, Distance | null>>;
  /** By decoder layer. */
  readonly layers: readonly Distance[];
  /** By the checkpoint's tensor names. */
  readonly tensors: Readonly<Record<string, Distance>>;
}

/** Measures a model on the GPU against base tensors, given by the checkpoint's names. */
export async function weightDistances(
  llama: Llama,
  base: (name: string) => Float32Array<ArrayBuffer>,
): Promise<WeightDistances> {
  const { gpu } = llama;
  const measured: { name: string; group: ParameterGroup; layer: number; part: DistancePartials }[] = [];
  for (const parameter of llama.parameters) {
    for (const { name, firstRow, rows } of parameter.pieces) {
      const length = rows * parameter.columns;
      // One tensor at a time, so that a large model's base never lies on the GPU as a whole.
      const arena = createArena(gpu);
      const program = createProgram<null>(gpu, `distance of ${name}`);
      try {
        const origin = allocate(arena, `base of ${name}`, length);
        const partials = allocate(arena, `distance of ${name}`, chunkCount(length) * 4);
        upload(gpu, origin, base(name));
        dispatch(program, weightDistance, { weight: parameter.tensor, base: origin, partials }, () => ({
          length,
          start: firstRow * parameter.columns,
          offset: 0,
        }));
        run(program, null);
        const [values] = await readFloats(gpu, partials);
        measured.push({ name, group: parameter.group, layer: parameter.layer, part: { length, partials: values } });
      } finally {
        releaseProgram(program);
        releaseArena(arena);
      }
    }
  }
  const combine = (wanted: (one: typeof measured[number]) => boolean) =>
    combineDistances(measured.filter(wanted).map(({ part }) => part));
  const group = (name: ParameterGroup) =>
    measured.some((one) => one.group === name) ? combine((one) => one.group === name) : null;
  return {
    overall: combine(() => true),
    groups: {
      embedding: group("embedding"),
      attention: group("attention"),
      mlp: group("mlp"),
      norms: group("norms"),
      head: group("head"),
    },
    layers: llama.layers.map((_, layer) => combine((one) => one.layer === layer)),
    tensors: Object.fromEntries(measured.map(({ name, part }) => [name, combineDistances([part])])),
  };
}
