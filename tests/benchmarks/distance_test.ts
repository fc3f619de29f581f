import { assertEquals } from "@std/assert";
import { distanceResult } from "../../benchmarks/distance.ts";

Deno.test("Distances become the shortest texts of their f32, and a group the model has not stays null", () => {
  const distance = { parameters: 12, meanAbsolute: 1 / 3, l2: 0.1, relativeL2: 2e-5, max: 1 };
  const texts = { parameters: 12, meanAbsolute: "0.33333334", l2: "0.1", relativeL2: "0.00002", max: "1" };
  const found = distanceResult({
    overall: distance,
    groups: { embedding: distance, attention: distance, mlp: distance, norms: distance, head: null },
    layers: [distance],
    tensors: { "model.norm.weight": distance },
  });
  assertEquals(found, {
    overall: texts,
    groups: { embedding: texts, attention: texts, mlp: texts, norms: texts, head: null },
    layers: [texts],
    tensors: { "model.norm.weight": texts },
  });
});
