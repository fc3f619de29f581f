/**
 * Checks on the adapter at hand every numeric rule that reports rest on (NUMERICS.md), against the TypeScript twins, on fixed inputs.
 * @module
 */
import { adamw, adamwUniforms } from "./adamw/adamw.ts";
import { adamwOracle } from "./adamw/oracle.ts";
import { crossEntropy } from "./cross_entropy/cross_entropy.ts";
import { crossEntropyOracle } from "./cross_entropy/oracle.ts";
import { rowSchedule } from "./row_schedule.ts";
import { chunkCount, squareSums } from "./gradient_norm/gradient_norm.ts";
import { squareSumsOracle } from "./gradient_norm/oracle.ts";
import { allocate, type Arena, createArena, readBack, releaseArena, type Tensor, upload } from "./gpu/buffers.ts";
import type { AdapterDescription, Gpu } from "./gpu/device.ts";
import {
  createProgram,
  dispatch,
  type Kernel,
  type Program,
  releaseProgram,
  run,
  type Uniforms,
} from "./gpu/program.ts";
import { linearForward, linearWeightGradient } from "./matmul/matmul.ts";
import { chooseTile, type Tile } from "./matmul/tile.ts";
import { linearForwardOracle, linearWeightGradientOracle } from "./matmul/oracle.ts";
import {
  add,
  divide,
  exponential,
  flush,
  fromBits,
  logarithm,
  mul,
  reciprocalRoot,
  root,
  round12,
  round8,
  sub,
} from "./numerics.ts";

/** What supports a rule beyond this adapter: WGSL's own definition, or only that it was run. */
export type Tier = "by construction" | "executed";

/** A numeric rule and whether it holds here. */
export interface Rule {
  /** Name as in NUMERICS.md. */
  readonly name: string;
  /** What supports it. */
  readonly tier: Tier;
  /** Every value equals the twin's in every bit. */
  readonly holds: boolean;
  /** How many values were compared, or how many differ and where the first does. */
  readonly detail: string;
}

/** Result of a self-check. */
export interface Selfcheck {
  /** SHA-256 of every output bit. Adapters with equal signatures give equal reports. */
  readonly signature: string;
  /** The rules, in a fixed order. */
  readonly rules: readonly Rule[];
  /** The adapter. */
  readonly adapter: AdapterDescription;
}

/** Values of a rule that the GPU wrote, and what they should be. */
interface Expectation {
  readonly name: string;
  readonly tier: Tier;
  readonly tensor: Tensor;
  /** First element of the values within the tensor. */
  readonly offset: number;
  readonly expected: Float32Array;
}

/** The program under construction. */
interface Checks {
  readonly gpu: Gpu;
  readonly arena: Arena;
  readonly program: Program<null>;
  readonly expectations: Expectation[];
}

type Data = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Records one dispatch on fresh tensors that hold `bindings`. */
function record(
  { gpu, arena, program }: Checks,
  kernel: Kernel,
  bindings: Readonly<Record<string, Data>>,
  uniforms: Uniforms,
): Record<string, Tensor> {
  const tensors = Object.fromEntries(
    Object.entries(bindings).map(([name, data]) => {
      const tensor = allocate(arena, `self-check ${kernel.name} ${name}`, data.length);
      upload(gpu, tensor, data);
      return [name, tensor];
    }),
  );
  dispatch(program, kernel, tensors, () => uniforms);
  return tensors;
}

/** Pseudo-random words, the same everywhere: xorshift32. */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Floats of either sign with random mantissas and exponents from 2^low to 2^high. */
function spread(seed: number, length: number, low: number, high: number): Float32Array<ArrayBuffer> {
  const next = words(seed);
  return Float32Array.from({ length }, () => {
    const exponent = low + next() % (high - low) + 127;
    return fromBits(((next() & 0x807fffff) | (exponent << 23)) >>> 0);
  });
}

const count = 512;
const a = spread(1, count, -12, 12);
const b = spread(2, count, -12, 12);
const wide = spread(3, count, -127, 30);
const exponents = spread(4, count, -8, 7).map((x) => Math.min(90, Math.max(-70, x)));

function errorOfSum(x: number, y: number): number {
  const sum = add(x, y);
  const part = sub(sum, x);
  return add(sub(x, sub(sum, part)), sub(y, part));
}

function compensatedSum(i: number): number {
  let [sum, rest] = [0, 0];
  for (let j = 0; j < 16; j++) {
    const y = sub(a[(i + j) % count], rest);
    const next = add(sum, y);
    rest = sub(sub(next, sum), y);
    sum = next;
  }
  return sum;
}

const compensatedWgsl = `fn error_of_sum(x: f32, y: f32) -> f32 {
  let sum = add(x, y);
  let part = sub(sum, x);
  return add(sub(x, sub(sum, part)), sub(y, part));
}

fn compensated_sum(i: u32) -> f32 {
  var sum = 0.0;
  var rest = 0.0;
  for (var j = 0u; j < 16u; j++) {
    let y = sub(a[(i + j) % params.count], rest);
    let next = add(sum, y);
    rest = sub(sub(next, sum), y);
    sum = next;
  }
  return sum;
}`;

/** Rules that hold element by element: WGSL, and the twin, for element i. */
const arithmetic: readonly { name: string; tier: Tier; wgsl: string; twin: (i: number) => number }[] = [
  { name: "error of a sum", tier: "executed", wgsl: "error_of_sum(a[i], b[i])", twin: (i) => errorOfSum(a[i], b[i]) },
  { name: "compensated sum", tier: "executed", wgsl: "compensated_sum(i)", twin: compensatedSum },
  { name: "product", tier: "executed", wgsl: "mul(a[i], b[i])", twin: (i) => mul(a[i], b[i]) },
  {
    name: "product and sum",
    tier: "executed",
    wgsl: "add(mul(a[i], b[i]), mul(a[i], a[i]))",
    twin: (i) => add(mul(a[i], b[i]), mul(a[i], a[i])),
  },
  { name: "flush", tier: "by construction", wgsl: "flush(wide[i])", twin: (i) => flush(wide[i]) },
  {
    name: "12-bit operand",
    tier: "by construction",
    wgsl: "round12(vec4<f32>(wide[i])).x",
    twin: (i) => round12(wide[i]),
  },
  {
    name: "8-bit operand",
    tier: "by construction",
    wgsl: "round8(vec4<f32>(wide[i])).x",
    twin: (i) => round8(wide[i]),
  },
  { name: "division", tier: "executed", wgsl: "divide(a[i], b[i])", twin: (i) => divide(a[i], b[i]) },
  {
    name: "reciprocal root",
    tier: "executed",
    wgsl: "reciprocal_root(abs(a[i]))",
    twin: (i) => reciprocalRoot(Math.abs(a[i])),
  },
  { name: "root", tier: "executed", wgsl: "root(abs(a[i]))", twin: (i) => root(Math.abs(a[i])) },
  { name: "exponential", tier: "executed", wgsl: "exponential(exponents[i])", twin: (i) => exponential(exponents[i]) },
  { name: "logarithm", tier: "executed", wgsl: "logarithm(abs(a[i]))", twin: (i) => logarithm(Math.abs(a[i])) },
];

function checkArithmetic(checks: Checks): void {
  const floats = "array<f32>";
  const lines = arithmetic.map(({ wgsl }, rule) => `  result[${rule}u * params.count + i] = ${wgsl};`);
  const kernel: Kernel = {
    name: "selfcheck",
    body: `${compensatedWgsl}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= params.count) { return; }
${lines.join("\n")}
}`,
    inputs: { a: floats, b: floats, wide: floats, exponents: floats },
    outputs: { result: floats },
    uniforms: { count: "u32" },
    grid: () => [Math.ceil(count / 64)],
  };
  const result = new Float32Array(arithmetic.length * count);
  const { result: tensor } = record(checks, kernel, { a, b, wide, exponents, result }, { count });
  arithmetic.forEach(({ name, tier, twin }, rule) => {
    const expected = Float32Array.from({ length: count }, (_, i) => twin(i));
    checks.expectations.push({ name, tier, tensor, offset: rule * count, expected });
  });
}

function checkStridedSum(checks: Checks): void {
  const gradient = spread(5, 4096 + 333, -12, 2);
  const partials = new Float32Array(chunkCount(gradient.length));
  const tensors = record(checks, squareSums, { gradient, partials }, { length: gradient.length, offset: 0 });
  const expected = squareSumsOracle(gradient);
  checks.expectations.push({ name: "strided sum", tier: "executed", tensor: tensors.partials, offset: 0, expected });
}

function checkProducts(checks: Checks): void {
  const [rows, columns, depth, aStride] = [35, 40, 50, 52];
  const shape = { rows, columns, depth, aStride, bStride: aStride, cStride: columns };
  const left = spread(6, rows * aStride, -12, 4);
  const right = spread(7, columns * aStride, -12, 4);
  const expected = new Float32Array(rows * columns);
  linearForwardOracle(left, right, expected, shape, "12bit");
  const chosen = chooseTile(checks.gpu, rows, columns);
  const small: Tile = { lanes: 8, groups: 1, rows: 4, columns: 1, broadcast: false };
  const single: Tile = { lanes: 32, groups: 1, rows: 1, columns: 1, broadcast: false };
  for (const [name, tile] of [["chosen", chosen], ["small", small], ["single-row", single]] as const) {
    const bindings = { a: left, b: right, c: new Float32Array(rows * columns) };
    const { c } = record(checks, linearForward("12bit", tile, "store"), bindings, shape);
    checks.expectations.push({
      name: `matrix product, ${name} tile`,
      tier: "executed",
      tensor: c,
      offset: 0,
      expected,
    });
  }

  const sequences = Uint32Array.of(0, 9, 0, 0, 9, 26, 0, 0);
  const gradientShape = { rows: aStride, columns, aStride, bStride: columns, cStride: columns };
  const sum = spread(8, aStride * columns, -8, 2);
  const bindings = { a: left, b: spread(9, rows * columns, -12, 4), sequences, c: sum.slice() };
  const { c } = record(checks, linearWeightGradient("12bit", chosen), bindings, { ...gradientShape, count: 2 });
  linearWeightGradientOracle(left, bindings.b, sum, sequences, gradientShape, "12bit");
  checks.expectations.push({ name: "sum over sequences", tier: "executed", tensor: c, offset: 0, expected: sum });
}

function checkCrossEntropy(checks: Checks): void {
  const uniforms = { rows: 9, vocabulary: 203, stride: 204, smoothing: 0.125 };
  const logits = spread(10, uniforms.rows * uniforms.stride, -6, 4);
  const targets = Uint32Array.from({ length: uniforms.rows }, (_, row) => row * 25);
  const weights = new Float32Array(uniforms.rows).fill(Math.fround(1 / 9));
  const bindings = { targets, weights, logits: logits.slice(), losses: new Float32Array(uniforms.rows) };
  const tensors = record(checks, crossEntropy(rowSchedule(checks.gpu)), bindings, uniforms);
  const losses = crossEntropyOracle(logits, targets, weights, uniforms);
  const tier = "executed";
  checks.expectations.push({ name: "softmax", tier, tensor: tensors.logits, offset: 0, expected: logits });
  checks.expectations.push({ name: "cross-entropy", tier, tensor: tensors.losses, offset: 0, expected: losses });
}

function checkAdamw(checks: Checks): void {
  const length = 256;
  const gradient = spread(11, length, -60, 4);
  const state = {
    weight: spread(12, length, -8, 1),
    first: spread(13, length, -20, 0),
    second: spread(14, length, -40, 0).map(Math.abs),
  };
  const hyper = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
  const uniforms = adamwUniforms(3, hyper);
  const bindings = { gradient, scale: Float32Array.of(0.75), ...structuredClone(state) };
  const tensors = record(checks, adamw, bindings, { length, ...uniforms });
  adamwOracle({ gradient, ...state }, 0.75, uniforms);
  for (const name of ["weight", "first", "second"] as const) {
    const expected = state[name];
    checks.expectations.push({ name: `AdamW, ${name}`, tier: "executed", tensor: tensors[name], offset: 0, expected });
  }
}

function judge({ name, tier, expected }: Expectation, bits: Uint32Array): Rule {
  const expectedBits = new Uint32Array(expected.buffer, expected.byteOffset, expected.length);
  const wrong = [...expectedBits.keys()].filter((i) => bits[i] !== expectedBits[i]);
  if (wrong.length === 0) return { name, tier, holds: true, detail: `${expected.length} values` };
  const [first] = wrong;
  const detail = `${wrong.length} of ${expected.length} values differ; number ${first} is ${fromBits(bits[first])}, ` +
    `should be ${expected[first]}`;
  return { name, tier, holds: false, detail };
}

/** Runs every rule on the adapter and compares it with its twin. */
export async function selfcheck(gpu: Gpu): Promise<Selfcheck> {
  const checks: Checks = { gpu, arena: createArena(gpu), program: createProgram(gpu, "self-check"), expectations: [] };
  try {
    for (const check of [checkArithmetic, checkStridedSum, checkProducts, checkCrossEntropy, checkAdamw]) check(checks);
    run(checks.program, null);
    const ranges = checks.expectations.map(({ tensor, offset, expected }) => ({
      tensor,
      offset,
      length: expected.length,
    }));
    const outputs = (await readBack(gpu, ranges)).map((buffer) => new Uint32Array(buffer));
    const all = new Uint32Array(outputs.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const output of outputs) {
      all.set(output, at);
      at += output.length;
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
    return {
      signature: digest.toHex(),
      rules: checks.expectations.map((expectation, i) => judge(expectation, outputs[i])),
      adapter: gpu.adapter,
    };
  } finally {
    releaseProgram(checks.program);
    releaseArena(checks.arena);
  }
}
