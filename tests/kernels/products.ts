/** What tests of matrix products have in common: tiles, operand modes, and attention over ragged sequences. */
import type { Gpu } from "../../kernels/gpu/device.ts";
import type { Tile } from "../../kernels/matmul/tile.ts";
import type { Operands } from "../../kernels/numerics.ts";
import { floats } from "./gpu.ts";

const plain = { broadcast: false } as const;
/** Tiles for products whose A is stored by rows; any number of rows. */
export const rowTiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 1, columns: 1, ...plain },
  { lanes: 8, groups: 1, rows: 4, columns: 2, ...plain },
  { lanes: 16, groups: 8, rows: 4, columns: 1, ...plain, aImage: true, bImage: true },
  { lanes: 8, groups: 4, rows: 4, columns: 1, ...plain, staged: 8 },
];
/** Tiles for any product. */
export const tiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 4, columns: 1, ...plain },
  { lanes: 8, groups: 1, rows: 16, columns: 2, ...plain },
  { lanes: 16, groups: 8, rows: 4, columns: 1, ...plain },
  { lanes: 8, groups: 4, rows: 4, columns: 1, ...plain, staged: 8 },
];
export const broadcastTiles: Tile[] = [
  { lanes: 8, groups: 1, rows: 8, columns: 1, broadcast: true },
  { lanes: 8, groups: 2, rows: 8, columns: 1, broadcast: true },
  { lanes: 16, groups: 1, rows: 16, columns: 1, broadcast: true, bImage: true },
  { lanes: 8, groups: 2, rows: 32, columns: 1, broadcast: true, aImage: true, bImage: true },
  { lanes: 8, groups: 1, rows: 32, columns: 2, broadcast: true },
  { lanes: 8, groups: 1, rows: 8, columns: 1, broadcast: true, bImage: true },
  { lanes: 8, groups: 1, rows: 32, columns: 2, broadcast: true, aImage: true, bImage: true },
];

/** The expected result of each operand mode, from an oracle that fills `c`. */
export function expectations(
  fill: (operands: Operands) => Float32Array<ArrayBuffer>,
): Record<Operands, Float32Array<ArrayBuffer>> {
  return { "12bit": fill("12bit"), f32: fill("f32"), bf16: fill("bf16") };
}

/** Every tile in the product's own arithmetic; one tile of each kind in the other operand modes. */
export function variants(gpu: Gpu, base: Tile[]): { operands: Operands; tile: Tile }[] {
  const broadcast = broadcastTiles.filter(({ lanes, groups }) => lanes * groups === gpu.subgroupSize);
  const some = [base[1], ...broadcast.slice(1)];
  return [
    ...[...base, ...broadcast].map((tile) => ({ operands: "12bit" as const, tile })),
    ...some.map((tile) => ({ operands: "f32" as const, tile })),
    ...some.map((tile) => ({ operands: "bf16" as const, tile })),
  ];
}

/** `n` rounded up to a multiple of 4. */
export const pad = (n: number) => Math.ceil(n / 4) * 4;
/** A tile in an error. */
export const describe = (tile: Tile) => JSON.stringify(tile);

/** Words of each sequence (layout: kernels/matmul/matmul.ts), and how many tokens and scores there are. */
export function ragged(lengths: readonly number[], heads: number) {
  const sequences = new Uint32Array(lengths.length * 4);
  let [tokens, scores] = [0, 0];
  lengths.forEach((length, s) => {
    sequences.set([tokens, length, scores, pad(length)], s * 4);
    tokens += length;
    scores += heads * length * pad(length);
  });
  return { sequences, tokens, scores };
}

/** Ragged sequences with their scores, and everything that attention's products read. */
export function attentionProblem(lengths: number[], heads: number, keyValueHeads: number, headSize: number) {
  const width = (heads + 2 * keyValueHeads) * headSize;
  const { sequences, tokens, scores } = ragged(lengths, heads);
  // Rows of scores as the softmax leaves them: zeros beyond the diagonal.
  const weights = floats("weights", scores);
  for (let s = 0; s < sequences.length; s += 4) {
    const [, length, start, stride] = sequences.subarray(s, s + 4);
    for (let row = 0; row < heads * length; row++) {
      weights.fill(0, start + row * stride + row % length + 1, start + (row + 1) * stride);
    }
  }
  const uniforms = { count: lengths.length, heads, keyValueHeads, headSize, width, longest: Math.max(...lengths) };
  return {
    uniforms,
    sequences,
    weights,
    queriesKeysValues: floats("queries, keys, values", tokens * width),
    mixed: floats("mixed", tokens * heads * headSize),
  };
}

/** Lengths, heads, key heads, columns of a head. */
export const attentionShapes: [number[], number, number, number][] = [
  [[1], 1, 1, 4],
  [[5, 1, 67], 4, 2, 12],
  [[9, 34], 3, 1, 40],
];
