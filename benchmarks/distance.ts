/**
 * Weight distances as result files have them.
 * @module
 */
import { shortestF32 } from "./numbers.ts";
import type { DistanceResult, WeightDistanceResult } from "./types.ts";

/** Distance of some weights from the base model's, as numbers. */
export type Distance = { readonly [Key in keyof DistanceResult]: number };

/** Distances overall and by part, as numbers. */
export interface Distances {
  readonly overall: Distance;
  readonly groups: Readonly<Record<keyof WeightDistanceResult["groups"], Distance | null>>;
  readonly layers: readonly Distance[];
  readonly tensors: Readonly<Record<string, Distance>>;
}

/** Numbers to text: shortest decimals of the f32. */
export function distanceResult({ overall, groups, layers, tensors }: Distances): WeightDistanceResult {
  const part = (group: Distance | null) => group === null ? null : texts(group);
  return {
    overall: texts(overall),
    groups: {
      embedding: part(groups.embedding),
      attention: part(groups.attention),
      mlp: part(groups.mlp),
      norms: part(groups.norms),
      head: part(groups.head),
    },
    layers: layers.map(texts),
    tensors: Object.fromEntries(Object.entries(tensors).map(([name, distance]) => [name, texts(distance)])),
  };
}

function texts({ parameters, meanAbsolute, l2, relativeL2, max }: Distance): DistanceResult {
  return {
    parameters,
    meanAbsolute: shortestF32(meanAbsolute),
    l2: shortestF32(l2),
    relativeL2: shortestF32(relativeL2),
    max: shortestF32(max),
  };
}
