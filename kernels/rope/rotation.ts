/**
 * RoPE as the end of a product: its columns are rotated where they are computed, by lanes that hand each other the other half of a head.
 * The bits are those of rope.ts after the product.
 * @module
 */
import type { Image, Tensor } from "../gpu/buffers.ts";
import { imageType, matrixType } from "../gpu/program.ts";
import { type Epilogue, store } from "../matmul/generator.ts";
import type { Tile } from "../matmul/tile.ts";

/** vec4s in half a head. */
const halfOf = (headSize: number) => headSize / 8;

/** Whether the lanes of a tile hold whole heads, so that its columns can be rotated where they are. */
export function canRotate({ lanes, columns, broadcast }: Tile, headSize: number): boolean {
  const half = halfOf(headSize);
  return broadcast && (lanes % (2 * half) === 0 || (lanes === half && columns % 2 === 0));
}

/** A table of cosines or sines, as a kernel reads it. */
export function tableType(table: Tensor | Image): string {
  return "view" in table ? imageType : matrixType;
}

/**
 * C with its first `rotated` columns, whole heads, rotated as rope.wgsl has it; `direction` 1 forward, -1 backward. For a tile that
 * `canRotate`.
 * @param position WGSL of the place in `positions` of a row
 * @param table type of `cosines` and `sines`
 */
export function rotation(tile: Tile, headSize: number, position: (row: string) => string, table: string): Epilogue {
  const half = halfOf(headSize);
  const inLane = tile.lanes === half;
  return {
    ...store,
    inputs: { positions: "array<u32>", cosines: table, sines: table },
    uniforms: { rotated: "u32", direction: "f32" },
    wgsl: `fn rotated4(x: vec4<f32>, other: vec4<f32>, cosine: vec4<f32>, sine: vec4<f32>, low: bool) -> vec4<f32> {
      let turned = mul4(other, sine);
      return add4(mul4(x, cosine), select(turned, -turned, low));
    }`,
    ofRow: { position: (row) => `positions[${position(row)}]` },
    before: `let angle = position * ${half}u + lane % ${half}u;
      let cosine = fetch_cosines(angle); let sine = fetch_sines(angle) * params.direction;`,
    put: ({ sums, j, at, column }) => {
      const other = inLane ? `opaque4(${sums[j ^ 1]})` : `subgroupShuffleXor(x, ${half}u)`;
      const low = inLane ? `${j % 2 === 0}` : `(lane & ${half}u) == 0u`;
      return `let x = opaque4(${sums[j]}); let rotated = rotated4(x, ${other}, cosine, sine, ${low});
        c[${at}] = select(x, rotated, ${column} < params.rotated);`;
    },
  };
}
