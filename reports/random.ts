/**
 * Random numbers for the resampling in reports. This room reads files only and imports no other, so it has a tiny generator of its own:
 * counter-based, integer arithmetic only, equal on every engine.
 * @module
 */

/** A generator of one named stream. */
export interface ResamplingStream {
  /** An integer in 0..n-1; the bias is below n / 2^32. */
  below(n: number): number;
}

/** The finalizer of MurmurHash3 (Appleby, public domain): a permutation of the 32-bit integers that avalanches. */
function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a, 32 bits, over the UTF-8 bytes of the name. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The stream of a name: draw number i is `mix32(mix32(i) ^ fnv1a32(name))`, so that each name gives another permutation of the counter's range
 * and not a shifted copy of one sequence. A stream is good for 2^32 draws.
 */
export function resamplingStream(name: string): ResamplingStream {
  const key = hashName(name);
  let counter = 0;
  return {
    below(n) {
      const bits = mix32(mix32(counter) ^ key);
      counter = (counter + 1) >>> 0;
      return Math.floor(bits * n / 0x1_0000_0000);
    },
  };
}
