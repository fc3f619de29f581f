import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { resamplingStream } from "../../reports/random.ts";
import {
  bootstrapInterval,
  holm,
  mcnemarExact,
  pairedBootstrap,
  quantiles,
  studentQuantile,
  studentTail,
  twoLevelInterval,
  wilsonInterval,
} from "../../reports/statistics.ts";

Deno.test("Wilson's interval gives the values of Newcombe 1998, table I", () => {
  // Newcombe, Statistics in Medicine 17:857-872, method 3.
  for (
    const [hits, n, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ]
  ) {
    const interval = wilsonInterval(hits, n);
    assertAlmostEquals(interval.low, low, 5e-5);
    assertAlmostEquals(interval.high, high, 5e-5);
  }
  assertEquals(wilsonInterval(20, 20).high, 1);
  assertThrows(() => wilsonInterval(3, 2), Error, "3 of 2 is not a proportion");
  assertThrows(() => wilsonInterval(0, 0), Error, "0 of 0 is not a proportion");
});

Deno.test("McNemar's exact test is the two-sided binomial on the discordant pairs", () => {
  assertEquals(mcnemarExact(0, 0), 1);
  assertEquals(mcnemarExact(5, 5), 1);
  assertEquals(mcnemarExact(0, 5), 2 / 32);
  assertEquals(mcnemarExact(1, 8), 2 * (1 + 9) / 512);
  assertEquals(mcnemarExact(8, 1), mcnemarExact(1, 8));
  // Python: float(Fraction(2 * sum(comb(180, k) for k in range(60)), 2**180)).
  assertAlmostEquals(mcnemarExact(121, 59), 4.434449263755176e-6, 1e-20);
  // Beyond the range of doubles: 2^-1999 is 0, and half of 2^2000 is still a half.
  assertEquals(mcnemarExact(0, 2000), 0);
  assertEquals(mcnemarExact(1000, 1000), 1);
  assertEquals(mcnemarExact(0, 1000), 2 ** -999);
  assertThrows(() => mcnemarExact(1.5, 2), Error, "1.5 is not a count");
});

Deno.test("Holm's correction gives the adjusted values worked out by hand, in the order given", () => {
  // Sorted 0.005 0.01 0.03 0.04: times 4, 3, 2, 1 with a running maximum.
  assertEquals(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
  assertEquals(holm([0.9, 0.8]), [1, 1]);
  assertEquals(holm([]), []);
});

Deno.test("the bootstrap interval of a mean is near the normal one, repeats, and depends on the seed's name", async () => {
  const values = Array.from({ length: 400 }, (_, i) => i % 100);
  const mean = (drawn: ArrayLike<number>) => Array.from(drawn, (i) => values[i]).reduce((a, b) => a + b) / drawn.length;
  const options = { resamples: 4000, seed: "one" };
  const interval = await bootstrapInterval(values.length, mean, options);
  const half = 1.96 * Math.sqrt((100 * 100 - 1) / 12 / 400);
  assertAlmostEquals(interval.low, 49.5 - half, 0.25);
  assertAlmostEquals(interval.high, 49.5 + half, 0.25);
  assertEquals(await bootstrapInterval(values.length, mean, options), interval);
  assert((await bootstrapInterval(values.length, mean, { ...options, seed: "two" })).low !== interval.low);
});

Deno.test("the paired bootstrap finds a shift, not a tie, and agrees with the normal test in between", async () => {
  const options = { resamples: 10_000, seed: "tunemark/diff" };
  const first = Array.from({ length: 100 }, (_, i) => i % 10);
  assertEquals(await pairedBootstrap(first, first, options), { difference: 0, low: 0, high: 0, p: 1 });

  const shifted = await pairedBootstrap(first, first.map((value, i) => value + i % 2), options);
  assertEquals(shifted.difference, 0.5);
  assertEquals(shifted.p, 1 / 10_001);
  assert(shifted.low > 0.35 && shifted.high < 0.65);

  // 60 items better by 1, 40 worse: mean 0.2, standard error sqrt(0.96 / 100) = 0.098, z = 2.04, p = 0.041.
  const noisy = await pairedBootstrap(first, first.map((value, i) => value + (i % 5 < 3 ? 1 : -1)), options);
  assertAlmostEquals(noisy.difference, 0.2, 1e-12);
  // The means are multiples of 0.02, so the tail includes its whole boundary: P(|z| >= 1.94) to P(|z| >= 2.04).
  assert(noisy.p > 0.035 && noisy.p < 0.06, `p = ${noisy.p}`);

  await assertRejects(() => pairedBootstrap([1], [1, 2], options), Error, "lists of 1 and 2 items");
  await assertRejects(() => pairedBootstrap([], [], options), Error, "lists of 0 and 0 items");
});

Deno.test("a resampling stream is even, and its first numbers never change", () => {
  const stream = resamplingStream("tunemark/diff");
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[stream.below(7)]++;
  for (const count of counts) assert(Math.abs(count - 10_000) < 400, String(counts));
  const again = resamplingStream("tunemark/diff");
  assertEquals(Array.from({ length: 8 }, () => again.below(1000)), [674, 963, 703, 606, 150, 740, 4, 703]);
});

Deno.test("quantiles interpolate between order statistics, whatever the order given", async () => {
  assertEquals(await quantiles([4, 1, 3, 2], [0, 0.5, 1]), [1, 2.5, 4]);
});

Deno.test("Student's quantiles are those of the tables, at fractional degrees of freedom too", async () => {
  // The closed forms of 1 and 2 degrees of freedom; tables for the others.
  const p = 0.975;
  assertAlmostEquals(await studentQuantile(1), Math.tan(Math.PI * (p - 0.5)), 1e-9);
  assertAlmostEquals(await studentQuantile(2), (2 * p - 1) / Math.sqrt(2 * p * (1 - p)), 1e-9);
  assertAlmostEquals(await studentQuantile(10), 2.228, 5e-4);
  assertAlmostEquals(await studentQuantile(99), 1.984, 5e-4);
  assertAlmostEquals(await studentQuantile(1e6), 1.96, 5e-5);
  assertAlmostEquals(await studentTail(2.0, 2), 1 - 2 / Math.sqrt(6), 1e-12);
  const between = await studentQuantile(2.5);
  assert(between > await studentQuantile(3) && between < await studentQuantile(2));
});

Deno.test("the interval over seeds and items is the analysis of variance worked out by hand", async () => {
  // Rows 1 3 5 and 5 7 9: only seeds and items add, the residual is 0.
  // MS_seeds = 3 * 2 * 2^2 / 1 = 24, MS_items = 2 * (4 + 0 + 4) / 2 = 8; Var = 32 / 6; freedom = 32^2 / (24^2 / 1 + 8^2 / 2).
  const interval = await twoLevelInterval([[1, 3, 5], [5, 7, 9]]);
  assertEquals(interval.mean, 5);
  assertAlmostEquals(interval.freedom, 1024 / 608, 1e-12);
  const half = await studentQuantile(1024 / 608) * Math.sqrt(32 / 6);
  assertAlmostEquals(interval.low, 5 - half, 1e-9);
  assertAlmostEquals(interval.high, 5 + half, 1e-9);
});

Deno.test("of one seed, and of seeds that agree, only the items vary", async () => {
  const one = await twoLevelInterval([[1, 2, 3, 4]]);
  const half = await studentQuantile(3) * Math.sqrt(5 / 3 / 4);
  assertAlmostEquals(one.high, 2.5 + half, 1e-9);
  assertEquals(one.freedom, 3);
  assertAlmostEquals((await twoLevelInterval([[1, 2, 3, 4], [1, 2, 3, 4]])).high, one.high, 1e-9);
  assertEquals(await twoLevelInterval([[7, 7], [7, 7]]), { mean: 7, low: 7, high: 7, error: 0, freedom: 0 });
  // One number a seed, as a weight distance has it: the t interval over seeds.
  assertAlmostEquals((await twoLevelInterval([[1], [2], [3], [4]])).high, one.high, 1e-9);
});

Deno.test("the interval over seeds and items holds the truth about as often as it says", async () => {
  const random = resamplingStream("coverage");
  const normal = () => Array.from({ length: 12 }, () => random.below(1 << 20) / (1 << 20)).reduce((a, b) => a + b) - 6;
  for (const [seedNoise, itemNoise] of [[0, 1], [1, 1], [0.3, 2]]) {
    let held = 0;
    for (let trial = 0; trial < 300; trial++) {
      const items = Array.from({ length: 40 }, () => itemNoise * normal());
      const values = Array.from({ length: 3 }, () => {
        const seed = seedNoise * normal();
        return items.map((item) => seed + item + normal());
      });
      const { low, high } = await twoLevelInterval(values);
      if (low <= 0 && high >= 0) held++;
    }
    assert(held >= 0.91 * 300, `${held} of 300`);
  }
});

Deno.test("lists without items or of unequal length have no interval", async () => {
  await assertRejects(() => twoLevelInterval([]), Error, "twoLevelInterval: lists of ");
  await assertRejects(() => twoLevelInterval([[1, 2], [1]]), Error, "lists of 2, 1 items");
});
