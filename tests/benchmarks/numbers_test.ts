import { assertEquals } from "@std/assert";
import { shortestF32 } from "../../benchmarks/numbers.ts";
import { stream } from "../../training/random.ts";

Deno.test("shortestF32 gives the decimal a person would write", () => {
  const cases: [number, string][] = [
    [0.1, "0.1"],
    [1 / 3, "0.33333334"],
    [16777216, "16777216"],
    [1e-7, "1e-7"],
    [0, "0"],
    [-2.5, "-2.5"],
    [3.4028235e38, "3.4028235e+38"],
    [1.4e-45, "1e-45"],
    [Infinity, "Infinity"],
  ];
  for (const [value, text] of cases) assertEquals(shortestF32(value), text);
});

Deno.test("shortestF32 reads back as the same f32, for random bit patterns", () => {
  const random = stream(1, "shortest");
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  for (let i = 0; i < 5000; i++) {
    bits[0] = random.u32();
    if (!Number.isFinite(value[0])) continue;
    assertEquals(Math.fround(Number(shortestF32(value[0]))), value[0]);
  }
});
