// Arithmetic that gives the same bits on every adapter. TypeScript twin: numerics.ts, equal on every bit.
//
// WGSL lets a compiler fuse a product into a sum, regroup sums, and be off by several ulp in division, exp, log and roots. So every
// product that feeds a sum, and every sum whose grouping matters, goes through `opaque`: an exclusive-or with a zero that only the
// uniform buffer knows. Division, roots, exp and log are built from such steps. Values far below anything that matters are set to
// zero by integer tests, so results never depend on how a device treats subnormal numbers.

fn opaque(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

fn opaque4(x: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(params.zero));
}

fn mul(a: f32, b: f32) -> f32 {
  return opaque(a * b);
}

fn add(a: f32, b: f32) -> f32 {
  return opaque(a + b);
}

fn sub(a: f32, b: f32) -> f32 {
  return opaque(a - b);
}

fn mul4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return opaque4(a * b);
}

fn add4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return opaque4(a + b);
}

fn sub4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return opaque4(a - b);
}

// Zero below 2^-110.
fn flush(x: f32) -> f32 {
  return select(0.0, x, (bitcast<u32>(x) & 0x7fffffffu) >= 0x08800000u);
}

fn flush4(x: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), x, (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x08800000u));
}

// 12 significant bits, ties to even; zero below 2^-50. The product of two such numbers is exact in f32, so a fused multiply-add cannot
// change a sum of products, and no such product or sum is subnormal.
fn round12(x: vec4<f32>) -> vec4<f32> {
  let u = bitcast<vec4<u32>>(x);
  let r = (u + vec4<u32>(0x7ffu) + ((u >> vec4<u32>(12u)) & vec4<u32>(1u))) & vec4<u32>(0xfffff000u);
  return bitcast<vec4<f32>>(select(vec4<u32>(0u), r, (u & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x26800000u)));
}

// 8 significant bits (bfloat16), ties to even; zero below 2^-50.
fn round8(x: vec4<f32>) -> vec4<f32> {
  let u = bitcast<vec4<u32>>(x);
  let r = (u + vec4<u32>(0x7fffu) + ((u >> vec4<u32>(16u)) & vec4<u32>(1u))) & vec4<u32>(0xffff0000u);
  return bitcast<vec4<f32>>(select(vec4<u32>(0u), r, (u & vec4<u32>(0x7fffffffu)) >= vec4<u32>(0x26800000u)));
}

// 1/b for 2^-100 <= |b| <= 2^100: a guess from the exponent, then Newton steps.
fn reciprocals(b: vec4<f32>) -> vec4<f32> {
  let magnitude = abs(b);
  let two = vec4<f32>(2.0);
  var y = bitcast<vec4<f32>>(vec4<u32>(0x7ef311c7u) - bitcast<vec4<u32>>(magnitude));
  y = mul4(y, sub4(two, mul4(magnitude, y)));
  y = mul4(y, sub4(two, mul4(magnitude, y)));
  y = mul4(y, sub4(two, mul4(magnitude, y)));
  y = mul4(y, sub4(two, mul4(magnitude, y)));
  return select(y, -y, b < vec4<f32>(0.0));
}

fn reciprocal(b: f32) -> f32 {
  return reciprocals(vec4<f32>(b)).x;
}

fn divide(a: f32, b: f32) -> f32 {
  return mul(a, reciprocal(b));
}

// 1/sqrt(x) for 2^-100 <= x <= 2^100.
fn reciprocal_roots(x: vec4<f32>) -> vec4<f32> {
  let half = 0.5 * x;
  var y = bitcast<vec4<f32>>(vec4<u32>(0x5f375a86u) - (bitcast<vec4<u32>>(x) >> vec4<u32>(1u)));
  for (var step = 0; step < 4; step++) {
    y = mul4(y, sub4(vec4<f32>(1.5), mul4(mul4(half, y), y)));
  }
  return y;
}

fn reciprocal_root(x: f32) -> f32 {
  return reciprocal_roots(vec4<f32>(x)).x;
}

// sqrt(x) for x = 0 or 2^-100 <= x <= 2^100.
fn roots(x: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), mul4(x, reciprocal_roots(x)), x > vec4<f32>(0.0));
}

fn root(x: f32) -> f32 {
  return roots(vec4<f32>(x)).x;
}

// e^x: zero below -60, held at e^80 above 80. Polynomial of Cephes' expf.
fn exponentials(x: vec4<f32>) -> vec4<f32> {
  let clamped = clamp(x, vec4<f32>(-60.0), vec4<f32>(80.0));
  let n = floor(add4(mul4(clamped, vec4<f32>(1.44269504088896341)), vec4<f32>(0.5)));
  let r = sub4(sub4(clamped, mul4(n, vec4<f32>(0.693359375))), mul4(n, vec4<f32>(-2.12194440e-4)));
  var p = vec4<f32>(1.9875691500e-4);
  p = add4(mul4(p, r), vec4<f32>(1.3981999507e-3));
  p = add4(mul4(p, r), vec4<f32>(8.3334519073e-3));
  p = add4(mul4(p, r), vec4<f32>(4.1665795894e-2));
  p = add4(mul4(p, r), vec4<f32>(1.6666665459e-1));
  p = add4(mul4(p, r), vec4<f32>(5.0000001201e-1));
  let y = add4(add4(mul4(p, mul4(r, r)), r), vec4<f32>(1.0));
  let exponent = bitcast<vec4<u32>>(vec4<i32>(n)) << vec4<u32>(23u);
  let scaled = bitcast<vec4<f32>>(bitcast<vec4<u32>>(y) + exponent);
  return select(scaled, vec4<f32>(0.0), x < vec4<f32>(-60.0));
}

fn exponential(x: f32) -> f32 {
  return exponentials(vec4<f32>(x)).x;
}

// Natural logarithm of a normal x > 0. Polynomial of Cephes' logf.
fn logarithm(x: f32) -> f32 {
  let u = bitcast<u32>(x);
  // Mantissa in [sqrt(1/2), sqrt(2)): 0x3f3504f3 is sqrt(1/2).
  let e = bitcast<i32>(u - 0x3f3504f3u) >> 23u;
  let f = sub(bitcast<f32>(u - (bitcast<u32>(e) << 23u)), 1.0);
  let z = mul(f, f);
  var p = 7.0376836292e-2;
  p = add(mul(p, f), -1.1514610310e-1);
  p = add(mul(p, f), 1.1676998740e-1);
  p = add(mul(p, f), -1.2420140846e-1);
  p = add(mul(p, f), 1.4249322787e-1);
  p = add(mul(p, f), -1.6668057665e-1);
  p = add(mul(p, f), 2.0000714765e-1);
  p = add(mul(p, f), -2.4999993993e-1);
  p = add(mul(p, f), 3.3333331174e-1);
  var y = mul(mul(p, f), z);
  y = add(y, mul(f32(e), -2.12194440e-4));
  y = sub(y, mul(0.5, z));
  return add(add(f, y), mul(f32(e), 0.693359375));
}

// Sum of 64 strided partial sums, partial j in component j % 4 of vector j / 4, by the fixed tree j + (j + 32), then 16, 8, 4, 2, 1.
// Written out, and filled by loops that compilers unroll: an array that a variable indexes is kept in memory, lane by lane.
fn tree_sum(partials: ptr<function, array<vec4<f32>, 16>>) -> f32 {
  let even = add4(
    add4(add4((*partials)[0], (*partials)[8]), add4((*partials)[4], (*partials)[12])),
    add4(add4((*partials)[2], (*partials)[10]), add4((*partials)[6], (*partials)[14])),
  );
  let odd = add4(
    add4(add4((*partials)[1], (*partials)[9]), add4((*partials)[5], (*partials)[13])),
    add4(add4((*partials)[3], (*partials)[11]), add4((*partials)[7], (*partials)[15])),
  );
  let v = add4(even, odd);
  return add(add(v.x, v.z), add(v.y, v.w));
}

// n / d, rounded down, where it is below 2^20 and n below 2^31; many times as fast as integer division on some adapters. The product is
// off by one at most, whatever the rounding, and the rest tells which way.
fn quotient(n: u32, d: u32) -> u32 {
  let guess = u32(i32(f32(i32(n)) * (1.0 / f32(i32(d)))));
  let rest = i32(n - guess * d);
  return select(select(guess, guess + 1u, rest >= i32(d)), guess - 1u, rest < 0);
}
