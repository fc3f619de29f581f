import { packOracle } from "../../kernels/pack/oracle.ts";
import { pack } from "../../kernels/pack/pack.ts";
import { round8 } from "../../kernels/numerics.ts";
import { assertEquals } from "@std/assert";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

Deno.test("packed values are the rounded ones, the first in the low half of a word", () => {
  const values = Float32Array.of(1, -2.5, 3.14159, 1e-20, 1e30, -7e-16, 0, 0.1);
  const words = packOracle(values);
  const halves = [...words].flatMap((word) => [word << 16, word & 0xffff0000]);
  const unpacked = new Float32Array(Int32Array.from(halves).buffer);
  assertEquals([...unpacked], [...values].map(round8));
});

gpuTest("weights are packed as defined, whether or not they fill a workgroup", async (gpu) => {
  for (const length of [4, 36, 1028]) {
    const source = floats(`pack ${length}`, length);
    const { packed } = await runKernel(gpu, pack, { source, packed: new Uint32Array(length / 2) }, { length });
    assertBits(packed, new Float32Array(packOracle(source).buffer), "packed");
  }
});
