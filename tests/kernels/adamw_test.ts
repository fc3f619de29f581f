import { assertAlmostEquals, assertEquals } from "@std/assert";
import { adamw, adamwUniforms } from "../../kernels/adamw/adamw.ts";
import { adamwOracle } from "../../kernels/adamw/oracle.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

const hyper = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/** Gradients over many powers of two, with zeros and values that the rules set to zero. */
function gradients(length: number, step: number): Float32Array<ArrayBuffer> {
  const exponents = floats(`exponents ${step}`, length, 8);
  return floats(`gradient ${step}`, length).map((g, i) => i % 7 === 0 ? 0 : g * 2 ** Math.round(exponents[i] - 8));
}

gpuTest("AdamW equals its definition over steps, with and without clipping", async (gpu) => {
  for (const length of [4, 52, 1000]) {
    for (const scale of [1, Math.fround(0.37)]) {
      const weight = floats("weight", length);
      const expected = { weight, first: new Float32Array(length), second: new Float32Array(length) };
      let state: Record<string, Float32Array<ArrayBuffer>> = {
        weight: weight.slice(),
        first: expected.first.slice(),
        second: expected.second.slice(),
      };
      for (let step = 1; step <= 4; step++) {
        const gradient = gradients(length, step);
        const uniforms = adamwUniforms(step, hyper);
        const bindings = { gradient, scale: Float32Array.of(scale), ...state };
        state = await runKernel(gpu, adamw, bindings, { length, ...uniforms });
        adamwOracle({ gradient, ...expected }, scale, uniforms);
        for (const name of ["weight", "first", "second"] as const) {
          assertBits(state[name], expected[name], `${length} elements, step ${step}: ${name}`);
        }
      }
    }
  }
});

Deno.test("the definition of AdamW agrees with torch.optim.AdamW in f64", () => {
  const length = 200;
  const weight = floats("weight", length);
  const tensors = { weight: weight.slice(), first: new Float32Array(length), second: new Float32Array(length) };
  const truth = Float64Array.from(weight);
  const first = new Float64Array(length);
  const second = new Float64Array(length);
  for (let step = 1; step <= 5; step++) {
    const gradient = floats(`plain gradient ${step}`, length, 0.01);
    adamwOracle({ gradient, ...tensors }, 1, adamwUniforms(step, hyper));
    const { learningRate, beta1, beta2, epsilon, weightDecay } = hyper;
    for (let i = 0; i < length; i++) {
      const g = gradient[i];
      first[i] = beta1 * first[i] + (1 - beta1) * g;
      second[i] = beta2 * second[i] + (1 - beta2) * g * g;
      const denominator = Math.sqrt(second[i]) / Math.sqrt(1 - beta2 ** step) + epsilon;
      truth[i] = truth[i] * (1 - learningRate * weightDecay) -
        learningRate / (1 - beta1 ** step) * first[i] / denominator;
      assertAlmostEquals(tensors.weight[i], truth[i], 1e-6);
    }
  }
});

Deno.test("AdamW's uniforms are rounded from f64 once", () => {
  const uniforms = adamwUniforms(2, hyper);
  assertEquals(uniforms.stepSize, Math.fround(1e-3 / (1 - 0.9 * 0.9)));
  assertEquals(uniforms.inverseRootCorrection2, Math.fround(1 / Math.sqrt(1 - 0.999 * 0.999)));
  assertEquals(uniforms.oneMinusBeta2, Math.fround(1 - 0.999));
  assertEquals(uniforms.decayFactor, Math.fround(1 - 1e-3 * 0.01));
});
