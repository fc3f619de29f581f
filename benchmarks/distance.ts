/**
 * Weight distances as result files have them.
 * @module
 */
import type { WeightDistances } from "../training/weight_distances.ts";
import { shortestF32 } from "./numbers.ts";
import type { DistanceResult, WeightDistanceResult } from "./types.ts";

/** Numbers to text: shortest decimals of the f32. */
export function distanceResult({ overall, groups, layers, tensors }: WeightDistances): WeightDistanceResult {
  const part = (group: WeightDistances["groups"]["head"]) => group === null ? null : texts(group);
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

function texts({ parameters, meanAbsolute, l2, relativeL2, max }: WeightDistances["overall"]): DistanceResult {
  return {
    parameters,
    meanAbsolute: shortestF32(meanAbsolute),
    l2: shortestF32(l2),
    relativeL2: shortestF32(relativeL2),
    max: shortestF32(max),
  };
}
