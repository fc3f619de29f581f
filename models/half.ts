/**
 * The two 16-bit float formats of checkpoints, to and from f32. Widening is exact; narrowing rounds to the nearest, ties to even.
 * All of this takes a little-endian host, as every platform Deno runs on is.
 * @module
 */

/** Float types that checkpoints store their tensors in. */
export type FloatType = "F32" | "F16" | "BF16";

/** Bytes of one element. */
export const bytesOf: Readonly<Record<FloatType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Widens the bits of bfloat16 numbers into `out` (same length): they are the upper halves of f32 numbers. */
export function widenBfloat16(bits: Uint16Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>): void {
  const wide = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i] << 16;
}

/** Widens the bits of IEEE 754 half-precision numbers into `out` (same length). */
export function widenFloat16(bits: Uint16Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>): void {
  out.set(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
}

/** The bfloat16 bits nearest to each number, ties to even. A NaN stays a NaN. */
export function narrowBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i];
    // The rounding carry could turn a NaN with low bits only into infinity, so NaN keeps its upper half and is made quiet.
    out[i] = (b & 0x7fffffff) > 0x7f800000 ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** The half-precision bits nearest to each number, ties to even. */
export function narrowFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  return new Uint16Array(new Float16Array(values).buffer);
}
