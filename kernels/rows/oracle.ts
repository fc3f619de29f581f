/**
 * What rows.ts's kernels compute.
 * @module
 */

/** `y[row] = x[index[row]]`. */
export function gatherRowsOracle(x: ArrayLike<number>, index: ArrayLike<number>, width: number): Float32Array {
  return Float32Array.from(
    { length: index.length * width },
    (_, i) => x[index[Math.floor(i / width)] * width + i % width],
  );
}

/** `x[row] = y[source[row] - 1]`, zeros where `source[row]` is 0. */
export function scatterRowsOracle(y: ArrayLike<number>, source: ArrayLike<number>, width: number): Float32Array {
  return Float32Array.from({ length: source.length * width }, (_, i) => {
    const row = source[Math.floor(i / width)];
    return row > 0 ? y[(row - 1) * width + i % width] : 0;
  });
}
