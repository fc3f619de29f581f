/**
 * Random numbers: the counter-based generator Philox 4x32-10 in named streams.
 *
 * There is no global generator. A stream is addressed by a seed and names, `stream(seed, "data-order", epoch)`, so that
 * what one part of a run draws never moves what another part draws, and a resumed run needs no saved generator state.
 *
 * Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Random123).
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the unsigned 32 x 32 bit product, in exact double arithmetic on 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  // cross needs 33 bits, so it is divided and not shifted
  return (aHigh * bHigh + (middle - (middle & 0xffff)) / 0x10000 + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * One block of Philox 4x32-10.
 *
 * @param counter four 32-bit words
 * @param key two 32-bit words
 * @returns four 32-bit words
 */
export function philox(counter: ArrayLike<number>, key: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  let c0 = counter[0] >>> 0, c1 = counter[1] >>> 0, c2 = counter[2] >>> 0, c3 = counter[3] >>> 0;
  let k0 = key[0] >>> 0, k1 = key[1] >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0), low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2), low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/** The 64-bit key of a stream: FNV-1a over the UTF-8 bytes of the JSON array `[seed, ...names]`, as two 32-bit words. */
function streamKey(seed: number, names: readonly (string | number)[]): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(JSON.stringify([seed, ...names]))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** A named sequence of random numbers. Every method draws from the same sequence of 32-bit words. */
export interface Stream {
  /** The next 32-bit word, in [0, 2^32). */
  u32(): number;
  /** An integer in [0, n), without modulo bias: words in the last incomplete interval are drawn again. */
  below(n: number): number;
  /** A multiple of 2^-24 in [0, 1). */
  uniform(): number;
  /** Sum of twelve uniforms minus 6: mean 0, variance 1, exact in binary arithmetic and so the same everywhere. */
  normal(): number;
  /** A shuffled copy (Fisher-Yates from the end). */
  shuffle<T>(items: readonly T[]): T[];
  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T;
  /** How many 32-bit words have been drawn. */
  readonly counter: number;
}

/**
 * The stream of that seed and those names.
 *
 * @param seed an integer, 0 to 2^53 - 1
 * @param names what the stream is for; numbers must be finite
 * @throws where the seed is not such an integer or a name is not finite
 *
 * @example
 * ```ts
 * import { stream } from "./random.ts";
 * const order = stream(7, "data-order", 0).shuffle([0, 1, 2, 3]);
 * console.assert(order.length === 4);
 * ```
 */
export function stream(seed: number, ...names: (string | number)[]): Stream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`seed ${seed} is not valid: give an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  for (const name of names) {
    if (typeof name === "number" && !Number.isFinite(name)) {
      throw new Error(`stream name ${name} is not valid: give a string or a finite number`);
    }
  }
  const key = streamKey(seed, names);
  let drawn = 0;
  let block = new Uint32Array(4);

  function u32(): number {
    const lane = drawn & 3;
    if (lane === 0) {
      const index = drawn / 4;
      block = philox([index >>> 0, Math.floor(index / 0x100000000), 0, 0], key);
    }
    drawn++;
    return block[lane];
  }

  function below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
      throw new Error(`below(${n}) is not valid: give an integer from 1 to 2^32`);
    }
    const limit = 0x100000000 - (0x100000000 % n);
    let word = u32();
    while (word >= limit) word = u32();
    return word % n;
  }

  const uniform = () => (u32() >>> 8) / 0x1000000;

  function normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  }

  function shuffle<T>(items: readonly T[]): T[] {
    const copy = items.slice();
    for (let i = copy.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }

  function pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error("pick: the list is empty, so there is nothing to choose from");
    return items[below(items.length)];
  }

  return {
    u32,
    below,
    uniform,
    normal,
    shuffle,
    pick,
    get counter() {
      return drawn;
    },
  };
}
