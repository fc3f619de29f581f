import { assertAlmostEquals, assertEquals } from "@std/assert";
import { chunkCount } from "../../kernels/gradient_norm/gradient_norm.ts";
import { combineDistances, weightDistance } from "../../kernels/weight_distance/weight_distance.ts";
import { weightDistanceOracle } from "../../kernels/weight_distance/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

gpuTest("weight distance equals its definition", async (gpu) => {
  for (const length of [1, 70, 4096, 9001]) {
    const base = floats("base", length);
    const moved = floats("moved", length, 1e-3);
    const weight = base.map((value, i) => i % 5 === 0 ? value : value + moved[i]);
    const partials = new Float32Array((chunkCount(length) + 1) * 4).fill(7);
    const expected = Float32Array.from([7, 7, 7, 7, ...weightDistanceOracle(weight, base)]);
    // The weights may lie within a longer tensor.
    for (const start of [0, 8]) {
      const bindings = { weight: Float32Array.from([...floats("before", start), ...weight]), base, partials };
      const actual = await runKernel(gpu, weightDistance, bindings, { length, start, offset: 1 });
      assertBits(actual.partials, expected, `${length} elements from ${start}: partials`);
    }
  }
});

Deno.test("distances of several tensors are put together as one", () => {
  const pairs = [[5000, 0.1], [3, 2]].map(([length, scale]) => {
    const base = floats(`base ${length}`, length);
    const moved = floats(`moved ${length}`, length, scale);
    return { base, weight: base.map((value, i) => value + moved[i]) };
  });
  const { parameters, meanAbsolute, l2, relativeL2, max } = combineDistances(
    pairs.map(({ weight, base }) => ({ length: base.length, partials: weightDistanceOracle(weight, base) })),
  );
  const distances = pairs.flatMap(({ weight, base }) => Array.from(weight, (value, i) => Math.abs(value - base[i])));
  const norm = Math.hypot(...pairs.flatMap(({ base }) => [...base]));
  assertEquals(parameters, 5003);
  assertAlmostEquals(meanAbsolute, distances.reduce((a, b) => a + b) / 5003, 1e-7);
  assertAlmostEquals(l2, Math.hypot(...distances), 1e-5);
  assertAlmostEquals(relativeL2, Math.hypot(...distances) / norm, 1e-7);
  assertEquals(max, Math.fround(Math.max(...distances)));
});

Deno.test("a tensor that has not moved is at distance zero, and so is an empty list", () => {
  const base = new Float32Array(8);
  const zero = { meanAbsolute: 0, l2: 0, relativeL2: 0, max: 0 };
  assertEquals(combineDistances([{ length: 8, partials: weightDistanceOracle(base, base) }]), {
    parameters: 8,
    ...zero,
  });
  assertEquals(combineDistances([]), { parameters: 0, ...zero });
});
