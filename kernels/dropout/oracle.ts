/**
 * What dropout.ts's kernel computes.
 * @module
 */
import type { Uniforms } from "../gpu/program.ts";
import { add, flush, mul } from "../numerics.ts";

/** High 32 bits of the product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  return Number((BigInt(a) * BigInt(b)) >> 32n);
}

/** One block of Philox 4x32-10: four words from a counter of four words and a key of two. */
export function philoxOracle(counter: readonly number[], key: readonly number[]): number[] {
  let [a, b, c, d] = counter;
  for (let round = 0; round < 10; round++) {
    const k0 = (key[0] + Math.imul(round, 0x9e3779b9)) >>> 0;
    const k1 = (key[1] + Math.imul(round, 0xbb67ae85)) >>> 0;
    [a, b, c, d] = [
      (multiplyHigh(0xcd9e8d57, c) ^ b ^ k0) >>> 0,
      Math.imul(0xcd9e8d57, c) >>> 0,
      (multiplyHigh(0xd2511f53, a) ^ d ^ k1) >>> 0,
      Math.imul(0xd2511f53, a) >>> 0,
    ];
  }
  return [a, b, c, d];
}

/** `x` dropped and scaled, plus `addend` where there is one; bindings and uniforms as the kernel's. */
export function dropoutOracle(
  { x, addend, positions, numbers }: {
    x: ArrayLike<number>;
    addend?: ArrayLike<number>;
    positions: ArrayLike<number>;
    numbers: ArrayLike<number>;
  },
  { rows, width, key0, key1, layer, step, threshold, scale }: Uniforms,
): Float32Array {
  const y = new Float32Array(rows * width);
  for (let i = 0; i < y.length; i += 4) {
    const row = Math.floor(i / width);
    const words = philoxOracle([positions[row] * width / 4 + (i % width) / 4, numbers[row], layer, step], [key0, key1]);
    words.forEach((word, j) => {
      const kept = word >= threshold ? flush(mul(x[i + j], scale)) : 0;
      y[i + j] = addend ? add(addend[i + j], kept) : kept;
    });
  }
  return y;
}
