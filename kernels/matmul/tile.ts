/**
 * Which tiles suit which products on which adapter: rules, and what else is worth measuring. Any tile gives the same bits.
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { Operands } from "../numerics.ts";

/** How a kernel spreads a product over lanes. Any tile gives the same bits. */
export interface Tile {
  /** Lanes along output columns. */
  readonly lanes: number;
  /** Groups of rows in a workgroup. */
  readonly groups: number;
  /** Rows of a lane; a multiple of 4, of `lanes` where `broadcast`, or 1 (then A is stored by rows). */
  readonly rows: number;
  /** vec4 columns of a lane. */
  readonly columns: number;
  /** A's values are loaded by one lane each and handed round the subgroup, which must have exactly the tile's lanes: 1 or 2 groups. */
  readonly broadcast: boolean;
  /**
   * Steps of k whose operands the workgroup keeps in its own memory, a multiple of 8: for cards. Lanes load for themselves where absent.
   */
  readonly staged?: number;
  /** A is read from an image. */
  readonly aImage?: boolean;
  /** B is read from an image, which is never packed. */
  readonly bImage?: boolean;
}

/** Tile for products with `rows` rows at most and `columns` columns on this adapter. */
export function chooseTile(gpu: Pick<Gpu, "adapter" | "subgroupSize">, rows: number, columns: number): Tile {
  const { adapter: { software }, subgroupSize } = gpu;
  if (!software) return cardTile(rows, columns);
  // A software adapter's subgroup is one vector register, so lanes beyond it gain nothing and lanes below it are lost.
  const lanes = subgroupSize === 16 ? 16 : 8;
  if (rows < 4) return { lanes, groups: 1, rows: 1, columns: 1, broadcast: false };
  const narrow = columns <= 4 * lanes;
  if (lanes === 16 && columns <= 32 && rows >= 8) {
    // Two groups of rows share the register: one of columns would leave half of it idle.
    const rowsOfGroup = rows >= 64 ? 32 : rows >= 32 ? 16 : 8;
    return { lanes: 8, groups: 2, rows: rowsOfGroup, columns: 1, broadcast: true };
  }
  if (subgroupSize === lanes && rows >= 8) {
    const tall = rows >= 32 ? 32 : rows >= 16 ? 16 : lanes;
    return { lanes, groups: 1, rows: tall, columns: narrow ? 1 : 2, broadcast: true };
  }
  return { lanes, groups: 1, rows: rows >= 16 ? 16 : 4, columns: narrow ? 1 : 2, broadcast: false };
}

/** Eight rows and eight columns a thread, 128 of each a workgroup. Panels of 16 steps fit the memory that every card gives a workgroup. */
const large: Tile = { lanes: 16, groups: 16, rows: 8, columns: 2, broadcast: false, staged: 16 };

/** Four rows and four columns a thread, 64 of each a workgroup: more workgroups where there is less to do. */
const middle: Tile = { lanes: 16, groups: 16, rows: 4, columns: 1, broadcast: false, staged: 16 };

/** Tile for a product on a card. */
function cardTile(rows: number, columns: number): Tile {
  if (rows < 4) return { lanes: 32, groups: 1, rows: 1, columns: 1, broadcast: false };
  if (rows >= 128 && columns >= 128) return large;
  return rows >= 32 && columns >= 32 ? middle : { lanes: 16, groups: 1, rows: 4, columns: 1, broadcast: false };
}

/** A product of a linear layer over many rows, as far as its speed goes. For a weight's gradient, `depth` counts tokens. */
export interface LinearProduct {
  readonly kind: "forward" | "inputGradient" | "weightGradient";
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** Tokens of a product. */
const tokensOf = ({ kind, rows, depth }: LinearProduct) => kind === "weightGradient" ? depth : rows;

/** What a measured choice is kept under: products that share it differ in the number of tokens, within a power of two. */
export function productKey(product: LinearProduct, operands: Operands): string {
  const bucket = `2^${Math.ceil(Math.log2(Math.max(1, tokensOf(product))))}`;
  const { kind, rows, columns, depth } = product;
  return kind === "weightGradient"
    ? `${kind} ${operands} ${rows} x ${columns} x ${bucket}`
    : `${kind} ${operands} ${bucket} x ${columns} x ${depth}`;
}

/** Tiles worth trying for a product on this adapter; the first is what rules say. */
export function productTiles(gpu: Pick<Gpu, "adapter" | "subgroupSize">, product: LinearProduct): readonly Tile[] {
  const { rows, columns } = product;
  const rule = chooseTile(gpu, rows, columns);
  if (tokensOf(product) < 256) return [rule];
  if (!gpu.adapter.software) {
    const tall: Tile = { ...large, lanes: 8 };
    const wide: Tile = { ...large, groups: 8 };
    const { staged: _, ...unstaged } = wide;
    const others = rows < 32 ? [] : columns < 32 ? [middle] : [large, middle, tall, wide, unstaged];
    return [rule, ...others.filter((tile) => JSON.stringify(tile) !== JSON.stringify(rule))];
  }
  return rule.broadcast ? [rule, { ...rule, columns: 1 }] : [rule, { ...rule, rows: 8 }];
}

/** The tile of a product: the measured choice where there is one, else what rules say. */
export function productTile(gpu: Gpu, product: LinearProduct, operands: Operands): Tile {
  const tiles = productTiles(gpu, product);
  const chosen = gpu.tuning?.choices.get(productKey(product, operands));
  return tiles.find((tile) => JSON.stringify(tile) === chosen) ?? tiles[0];
}
