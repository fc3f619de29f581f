/**
 * What pack.ts's kernel computes.
 * @module
 */
import { bitsOf, round8 } from "../numerics.ts";

/** Words of packed values; the length is even. */
export function packOracle(source: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    { length: source.length / 2 },
    (_, i) => (bitsOf(round8(source[2 * i])) >>> 16) | (bitsOf(round8(source[2 * i + 1])) & 0xffff0000),
  );
}
