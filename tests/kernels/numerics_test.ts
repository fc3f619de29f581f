import { assert, assertEquals } from "@std/assert";
import type { Kernel } from "../../kernels/gpu/program.ts";
import {
  add,
  bitsOf,
  divide,
  exponential,
  flush,
  fromBits,
  logarithm,
  mul,
  reciprocal,
  reciprocalRoot,
  root,
  round12,
  round8,
  stridedSum,
  sub,
} from "../../kernels/numerics.ts";
import { stream } from "../../training/random.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

/** Applies a WGSL expression of a and b to each pair of elements. */
function elementwise(name: string, expression: string): Kernel {
  return {
    name,
    body: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x >= params.count) { return; }
      let a = inputA[id.x]; let b = inputB[id.x];
      result[id.x] = ${expression};
    }`,
    inputs: { inputA: "array<f32>", inputB: "array<f32>" },
    outputs: { result: "array<f32>" },
    uniforms: { count: "u32" },
    grid: ({ count }) => [Math.ceil(count / 64)],
  };
}

const count = 4096;

/** Random bits with exponents from 2^low to 2^high, both signs or only positive, after the given edges. */
function spread(name: string, low: number, high: number, signed: boolean, edges: number[] = []) {
  const random = stream(5, name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const exponent = low + random.below(high - low) + 127;
    const sign = signed && random.below(2) === 1 ? 0x80000000 : 0;
    values[i] = fromBits((sign | (exponent << 23) | random.below(1 << 23)) >>> 0);
  }
  values.set(edges);
  return values;
}

const ones = new Float32Array(count).fill(1);
const edges = [1, -1, 2 ** -100, -(2 ** -100), 2 ** 99, 1.5, fromBits(0x3f7fffff), fromBits(0x3f800001)];
const halfways = [
  1 + 2 ** -12,
  1 + 3 * 2 ** -12,
  1 + 2 ** -8,
  1 + 3 * 2 ** -8,
  fromBits(0x3fffffff),
  2 ** -50,
  -(2 ** -51),
];
const tiny = [0, -0, 2 ** -110, -(2 ** -110), fromBits(0x087fffff), fromBits(1), fromBits(0x807fffff), 2 ** -126];
const exponents = [0, -0, -60, fromBits(0xc2700001), -61, -1000, -1e30, 80, 81, 1e30, 0.34657359, -0.34657359, 1e-20];
const linear = (name: string, low: number, high: number, first: number[]) => {
  const random = stream(6, name);
  const values = Float32Array.from({ length: count }, () => low + (high - low) * random.uniform());
  values.set(first);
  return values;
};

/** WGSL expression, its twin, its inputs. */
const functions: [
  string,
  string,
  (a: number, b: number) => number,
  Float32Array<ArrayBuffer>,
  Float32Array<ArrayBuffer>,
][] = [
  ["mul", "mul(a, b)", mul, spread("mul a", -40, 40, true, edges), spread("mul b", -20, 20, true)],
  ["add", "add(a, b)", add, spread("add a", -20, 4, true, edges), spread("add b", -20, 4, true)],
  ["sub", "sub(a, b)", sub, spread("sub a", -20, 4, true, edges), spread("sub b", -20, 4, true)],
  ["opaque", "opaque(a)", (a) => a, spread("opaque", -126, 127, true, edges), ones],
  ["flush", "flush(a)", flush, spread("flush", -126, 20, true, tiny), ones],
  ["round12", "round12(vec4<f32>(a)).y", round12, spread("round12", -60, 60, true, [...tiny, ...halfways]), ones],
  ["round8", "round8(vec4<f32>(a)).z", round8, spread("round8", -60, 60, true, [...tiny, ...halfways]), ones],
  ["reciprocal", "reciprocal(a)", reciprocal, spread("reciprocal", -100, 100, true, edges), ones],
  [
    "divide",
    "divide(a, b)",
    divide,
    spread("divide a", -30, 30, true, edges),
    spread("divide b", -60, 60, true, edges),
  ],
  [
    "reciprocal_root",
    "reciprocal_root(a)",
    reciprocalRoot,
    spread("root", -100, 100, false, [1, 2, 4, 2 ** -100]),
    ones,
  ],
  ["root", "root(a)", root, spread("root", -100, 100, false, [0, 1, 2, 4, 9]), ones],
  ["exponential", "exponential(a)", exponential, linear("exponential", -62, 82, exponents), ones],
  ["logarithm", "logarithm(a)", logarithm, spread("logarithm", -126, 127, false, [1, 2, 0.5, ...edges.slice(6)]), ones],
  ["logarithm near 1", "logarithm(a)", logarithm, linear("near one", 0.7, 1.42, [1]), ones],
  // What a compiler would otherwise make zero, or fuse, or reorder.
  [
    "error of a sum",
    "sub(b, sub(add(a, b), a))",
    (a, b) => sub(b, sub(add(a, b), a)),
    spread("two", 0, 8, true),
    floats("sum", count),
  ],
  [
    "product and sum",
    "add(mul(a, b), 1.0)",
    (a, b) => add(mul(a, b), 1),
    spread("fma", -4, 4, true),
    floats("fma", count),
  ],
  [
    "factored sum",
    "add(mul(a, b), mul(a, a))",
    (a, b) => add(mul(a, b), mul(a, a)),
    floats("factor a", count),
    floats("factor b", count),
  ],
];

for (const [name, expression, twin, a, b] of functions) {
  gpuTest(`numerics.wgsl: ${name} equals its twin`, async (gpu) => {
    const { result } = await runKernel(gpu, elementwise(name, expression), {
      inputA: a,
      inputB: b,
      result: new Float32Array(count),
    }, { count });
    assertBits(result, a.map((value, i) => twin(value, b[i])), name);
  });
}

gpuTest("numerics.wgsl: the vector forms equal the scalar ones", async (gpu) => {
  const a = spread("vector a", -30, 30, true);
  const b = spread("vector b", -30, 30, true);
  const forms: [string, (a: number, b: number) => number][] = [["mul4", mul], ["add4", add], ["sub4", sub]];
  for (const [name, twin] of forms) {
    const kernel = elementwise(name, `${name}(vec4<f32>(b, a, b, a), vec4<f32>(a, b, a, b)).y`);
    const { result } = await runKernel(gpu, kernel, { inputA: a, inputB: b, result: new Float32Array(count) }, {
      count,
    });
    assertBits(result, a.map((value, i) => twin(value, b[i])), name);
  }
  const kernel = elementwise("flush4", "flush4(opaque4(vec4<f32>(a))).w");
  const inputA = spread("flush4", -126, 20, true, tiny);
  const { result } = await runKernel(gpu, kernel, { inputA, inputB: b, result: new Float32Array(count) }, { count });
  assertBits(result, inputA.map(flush), "flush4");
});

gpuTest("numerics.wgsl: tree_sum over strided partials equals stridedSum", async (gpu) => {
  const kernel = (length: number): Kernel => ({
    ...elementwise("strided", ""),
    body: `@compute @workgroup_size(1) fn main() {
      var partials: array<vec4<f32>, 16>;
      for (var i = 0u; i < params.count; i++) {
        let old = partials[(i / 4u) % 16u];
        let here = vec4<u32>(i % 4u) == vec4<u32>(0u, 1u, 2u, 3u);
        partials[(i / 4u) % 16u] = add4(old, select(vec4<f32>(0.0), vec4<f32>(inputA[i]), here));
      }
      result[0] = tree_sum(&partials);
    }`,
    grid: () => [1],
    name: `strided ${length}`,
  });
  for (const length of [1, 5, 64, 65, 1000]) {
    const inputA = floats(`strided ${length}`, length);
    const bindings = { inputA, inputB: new Float32Array(4), result: new Float32Array(1) };
    const { result } = await runKernel(gpu, kernel(length), bindings, { count: length });
    assertBits(result, Float32Array.of(stridedSum(length, (i) => inputA[i])), `${length} terms`);
  }
});

/** Largest error of `approximate` in units of the last place of the true value. */
function worstUlp(inputs: Float32Array, approximate: (x: number) => number, exact: (x: number) => number): number {
  let worst = 0;
  for (const x of inputs) {
    const truth = exact(x);
    if (truth === 0) continue;
    const unit = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(truth)))) - 23);
    worst = Math.max(worst, Math.abs(approximate(x) - truth) / unit);
  }
  return worst;
}

const bounds: [string, number, Float32Array, (x: number) => number, (x: number) => number][] = [
  ["reciprocal", 1.5, spread("reciprocal", -100, 100, true), reciprocal, (x) => 1 / x],
  ["reciprocalRoot", 1.75, spread("root", -100, 100, false), reciprocalRoot, (x) => 1 / Math.sqrt(x)],
  ["root", 1.75, spread("root", -100, 100, false), root, Math.sqrt],
  ["exponential", 1, linear("exponential", -60, 80, []), exponential, Math.exp],
  ["logarithm", 1, spread("logarithm", -126, 127, false), logarithm, Math.log],
  ["logarithm near 1", 1, linear("near one", 0.7, 1.42, []), logarithm, Math.log],
];

for (const [name, bound, inputs, approximate, exact] of bounds) {
  Deno.test(`numerics.ts: ${name} is within ${bound} ulp of the truth`, () => {
    const worst = worstUlp(inputs, approximate, exact);
    assert(worst <= bound, `${name} is ${worst} ulp off`);
  });
}

Deno.test("numerics.ts: division is within 2.5 ulp of the truth", () => {
  const [a, b] = [spread("divide a", -30, 30, true), spread("divide b", -60, 60, true)];
  // One quotient at a time, so that both sides see the same divisor.
  a.forEach((x, i) => {
    const worst = worstUlp(Float32Array.of(x), (x) => divide(x, b[i]), (x) => x / b[i]);
    assert(worst <= 2.5, `${x} / ${b[i]} is ${worst} ulp off`);
  });
});

Deno.test("numerics.ts: rounding to 12 and 8 bits keeps the nearest number, ties to even", () => {
  assertEquals(round12(1 + 2 ** -12), 1);
  assertEquals(round12(1 + 3 * 2 ** -12), 1 + 2 ** -10);
  assertEquals(round8(1 + 2 ** -8), 1);
  assertEquals(round8(-(1 + 3 * 2 ** -8)), -(1 + 2 ** -6));
  for (const x of spread("round12", -49, 60, true)) {
    assertEquals(bitsOf(round12(x)) & 0xfff, 0);
    assertEquals(bitsOf(round8(x)) & 0xffff, 0);
    assert(Math.abs(round12(x) - x) <= Math.abs(x) * 2 ** -12);
    assert(Math.abs(round8(x) - x) <= Math.abs(x) * 2 ** -8);
  }
});

Deno.test("numerics.ts: the product of two numbers of 12 bits is exact in f32", () => {
  const [a, b] = [spread("exact a", -49, 40, true), spread("exact b", -49, 40, true)];
  a.forEach((x, i) => assertEquals(mul(round12(x), round12(b[i])), round12(x) * round12(b[i])));
});

gpuTest("a quotient by way of floats is the integer quotient, up to its bounds", async (gpu) => {
  const kernel: Kernel = {
    ...elementwise("quotient", "quotient(a, b)"),
    inputs: { inputA: "array<u32>", inputB: "array<u32>" },
    outputs: { result: "array<u32>" },
  };
  const random = stream(5, "quotients");
  const inputA = new Uint32Array(count);
  const inputB = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const quotient = i % 3 === 0 ? 2 ** 20 - 1 - random.below(8) : random.below(2 ** (1 + i % 20));
    const divisor = 1 + random.below(Math.min(2 ** (1 + i % 16), Math.floor((2 ** 31 - 1) / (quotient + 1))));
    inputB[i] = divisor;
    // The ends of the range that rounds down to the quotient, and what lies between.
    inputA[i] = quotient * divisor + [0, divisor - 1, random.below(divisor)][i % 3];
  }
  const { result } = await runKernel(gpu, kernel, { inputA, inputB, result: new Uint32Array(count) }, { count });
  assertEquals(new Uint32Array(result.buffer), inputA.map((a, i) => Math.floor(a / inputB[i])));
});
