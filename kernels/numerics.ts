/**
 * TypeScript twin of numerics.wgsl: the same operations in the same order, every result rounded to f32, so that oracles built from it
 * equal the kernels bit for bit. See numerics.wgsl for what each function is for.
 * @module
 */

const f32 = Math.fround;
const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** Bits of an f32. */
export function bitsOf(x: number): number {
  floats[0] = x;
  return words[0];
}

/** The f32 with these bits. */
export function fromBits(bits: number): number {
  words[0] = bits;
  return floats[0];
}

/** Product rounded to f32. */
export function mul(a: number, b: number): number {
  return f32(a * b);
}

/** Sum rounded to f32 (adding two f32 in f64 and rounding again is exact rounding). */
export function add(a: number, b: number): number {
  return f32(a + b);
}

/** Difference rounded to f32. */
export function sub(a: number, b: number): number {
  return f32(a - b);
}

/** Zero below 2^-110. */
export function flush(x: number): number {
  return (bitsOf(x) & 0x7fffffff) >= 0x08800000 ? x : 0;
}

function roundBits(x: number, half: number, shift: number): number {
  const u = bitsOf(x);
  if ((u & 0x7fffffff) < 0x26800000) return 0;
  return fromBits((u + half + ((u >>> shift) & 1)) & (-1 << shift));
}

/** 12 significant bits, ties to even; zero below 2^-50. */
export function round12(x: number): number {
  return roundBits(x, 0x7ff, 12);
}

/** 8 significant bits (bfloat16), ties to even; zero below 2^-50. */
export function round8(x: number): number {
  return roundBits(x, 0x7fff, 16);
}

/** 1/b for 2^-100 <= |b| <= 2^100. */
export function reciprocal(b: number): number {
  const magnitude = Math.abs(b);
  let y = fromBits(0x7ef311c7 - bitsOf(magnitude));
  for (let step = 0; step < 4; step++) y = mul(y, sub(2, mul(magnitude, y)));
  return b < 0 ? -y : y;
}

/** a/b by `reciprocal`. */
export function divide(a: number, b: number): number {
  return mul(a, reciprocal(b));
}

/** 1/sqrt(x) for 2^-100 <= x <= 2^100. */
export function reciprocalRoot(x: number): number {
  const half = f32(0.5 * x);
  let y = fromBits(0x5f375a86 - (bitsOf(x) >>> 1));
  for (let step = 0; step < 4; step++) y = mul(y, sub(1.5, mul(mul(half, y), y)));
  return y;
}

/** sqrt(x) for x = 0 or 2^-100 <= x <= 2^100. */
export function root(x: number): number {
  return x > 0 ? mul(x, reciprocalRoot(x)) : 0;
}

const expCoefficients = [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1].map(f32);
const logCoefficients = [
  -1.1514610310e-1,
  1.1676998740e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
].map(f32);
const log2e = f32(1.44269504088896341);
const ln2Low = f32(-2.12194440e-4);

/** e^x: zero below -60, held at e^80 above 80. */
export function exponential(x: number): number {
  if (x < -60) return 0;
  const clamped = Math.min(x, 80);
  const n = Math.floor(add(mul(clamped, log2e), 0.5));
  const r = sub(sub(clamped, mul(n, 0.693359375)), mul(n, ln2Low));
  let p = f32(1.9875691500e-4);
  for (const c of expCoefficients) p = add(mul(p, r), c);
  const y = add(add(mul(p, mul(r, r)), r), 1);
  return fromBits(bitsOf(y) + (n << 23));
}

/** Natural logarithm of a normal x > 0. */
export function logarithm(x: number): number {
  const u = bitsOf(x);
  const e = ((u - 0x3f3504f3) | 0) >> 23;
  const f = sub(fromBits(u - (e << 23)), 1);
  const z = mul(f, f);
  let p = f32(7.0376836292e-2);
  for (const c of logCoefficients) p = add(mul(p, f), c);
  let y = mul(mul(p, f), z);
  y = add(y, mul(e, ln2Low));
  y = sub(y, mul(0.5, z));
  return add(add(f, y), mul(e, 0.693359375));
}

/**
 * Sum in the fixed order of `tree_sum`: element i goes to partial i % 64, each partial adds in ascending order, then a tree.
 * @param length number of terms
 * @param term the i-th term, an f32
 */
export function stridedSum(length: number, term: (i: number) => number): number {
  const partials = new Float32Array(64);
  for (let i = 0; i < length; i++) partials[i & 63] += term(i);
  for (let width = 32; width >= 1; width >>= 1) {
    for (let i = 0; i < width; i++) partials[i] += partials[i + width];
  }
  return partials[0];
}

/** How GEMM operands are rounded on load. */
export type Operands = "12bit" | "f32" | "bf16";

/** The rounding of an operand mode. */
export function operandRounding(operands: Operands): (x: number) => number {
  return operands === "12bit" ? round12 : operands === "bf16" ? round8 : f32;
}

/** WGSL of `operand`, the rounding a GEMM-like kernel applies to what it loads. */
export function operandWgsl(operands: Operands): string {
  const body = operands === "12bit" ? "round12(x)" : operands === "bf16" ? "round8(x)" : "x";
  return `fn operand(x: vec4<f32>) -> vec4<f32> {\n  return ${body};\n}\n`;
}
