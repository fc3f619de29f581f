/**
 * What rope.ts's kernel computes.
 * @module
 */
import { add, mul, sub } from "../numerics.ts";

/** Shape and direction of a rotation; see rope.wgsl. */
export interface RopeShape {
  /** Row stride of x. */
  readonly width: number;
  /** Heads that are rotated. */
  readonly heads: number;
  /** Columns of a head. */
  readonly headSize: number;
  /** 1 forward, -1 backward. */
  readonly direction: number;
}

/** Rotates the first heads of each row of `x` in place. */
export function ropeOracle(
  x: Float32Array,
  positions: ArrayLike<number>,
  cosines: ArrayLike<number>,
  sines: ArrayLike<number>,
  { width, heads, headSize, direction }: RopeShape,
): void {
  const half = headSize / 2;
  for (let row = 0; row < positions.length; row++) {
    for (let i = 0; i < heads * half; i++) {
      const low = row * width + Math.floor(i / half) * headSize + i % half;
      const angle = positions[row] * half + i % half;
      const [a, b, c, s] = [x[low], x[low + half], cosines[angle], sines[angle] * direction];
      x[low] = sub(mul(a, c), mul(b, s));
      x[low + half] = add(mul(b, c), mul(a, s));
    }
  }
}
