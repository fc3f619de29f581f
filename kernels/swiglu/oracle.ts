/**
 * What swiglu.wgsl defines.
 * @module
 */
import { add, exponential, flush, mul, reciprocal, sub } from "../numerics.ts";

function sigmoid(x: number): number {
  const e = exponential(-Math.abs(x));
  const r = reciprocal(add(1, e));
  return x >= 0 ? r : mul(e, r);
}

/** y [rows][width] of gateUp [rows][2 * width]. */
export function swigluForwardOracle(gateUp: ArrayLike<number>, width: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: gateUp.length / 2 }, (_, i) => {
    const at = Math.floor(i / width) * 2 * width + i % width;
    return flush(mul(mul(gateUp[at], sigmoid(gateUp[at])), gateUp[at + width]));
  });
}

/** Gradients of gate and up, [rows][2 * width]. */
export function swigluBackwardOracle(
  gateUp: ArrayLike<number>,
  gradient: ArrayLike<number>,
  width: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(gateUp.length);
  for (let i = 0; i < gradient.length; i++) {
    const at = Math.floor(i / width) * 2 * width + i % width;
    const [gate, up, g] = [gateUp[at], gateUp[at + width], gradient[i]];
    const s = sigmoid(gate);
    const slope = mul(s, add(1, mul(gate, sub(1, s))));
    result[at] = flush(mul(mul(g, up), slope));
    result[at + width] = flush(mul(g, mul(gate, s)));
  }
  return result;
}
