import { assertAlmostEquals } from "@std/assert";
import { fromImages } from "../../kernels/gpu/program.ts";
import { swigluBackwardOracle, swigluForwardOracle } from "../../kernels/swiglu/oracle.ts";
import { swigluBackward, swigluForward } from "../../kernels/swiglu/swiglu.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const shapes = [[1, 4], [3, 20], [65, 172]];

function problem(rows: number, width: number) {
  const gateUp = floats("gate and up", rows * width * 2, 4);
  gateUp.set([0, -0, 70, -70].slice(0, width));
  return { gateUp, gradient: floats("gradient", rows * width) };
}

gpuTest("SwiGLU and its gradients equal their definition", async (gpu) => {
  for (const [rows, width] of shapes) {
    const { gateUp, gradient } = problem(rows, width);
    for (const images of [[], ["gateUp"]]) {
      const bindings = { gateUp, y: new Float32Array(rows * width) };
      const { y } = await runKernel(gpu, fromImages(swigluForward, images), bindings, { rows, width });
      assertBits(y, swigluForwardOracle(gateUp, width), `${rows} x ${width}, images ${images}: y`);
    }
    for (const images of [[], ["gateUp", "gradient"]]) {
      const bindings = { gateUp, gradient, gateUpGradient: new Float32Array(rows * width * 2) };
      const kernel = fromImages(swigluBackward, images);
      const { gateUpGradient } = await runKernel(gpu, kernel, bindings, { rows, width });
      const expected = swigluBackwardOracle(gateUp, gradient, width);
      assertBits(gateUpGradient, expected, `${rows} x ${width}, images ${images}: gradient`);
    }
  }
});

Deno.test("the definition of SwiGLU agrees with f64, and its gradients with derivatives", () => {
  const [rows, width] = [2, 8];
  const { gateUp, gradient } = problem(rows, width);
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
