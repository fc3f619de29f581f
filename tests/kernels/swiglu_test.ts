import { assertAlmostEquals } from "@std/assert";
import { swigluBackwardOracle, swigluForwardOracle } from "../../kernels/swiglu/oracle.ts";
import { floats } from "./gpu.ts";

Deno.test("the definition of SwiGLU agrees with f64, and its gradients with derivatives", () => {
  const [rows, width] = [2, 8];
  const gateUp = floats("gate and up", rows * width * 2, 4);
  gateUp.set([0, -0, 70, -70]);
  const gradient = floats("gradient", rows * width);
  const forward = (gateUp: ArrayLike<number>, i: number) => {
    const at = Math.floor(i / width) * 2 * width + i % width;
    return gateUp[at] / (1 + Math.exp(-gateUp[at])) * gateUp[at + width];
  };
  swigluForwardOracle(gateUp, width).forEach((y, i) => assertAlmostEquals(y, forward(gateUp, i), 1e-4));
  swigluBackwardOracle(gateUp, gradient, width).forEach((d, at) => {
    const i = Math.floor(at / (2 * width)) * width + at % width;
    const moved = (by: number) => forward(Float64Array.from(gateUp, (v, j) => j === at ? v + by : v), i);
    assertAlmostEquals(d, gradient[i] * (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-4);
  });
});
