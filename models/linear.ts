/**
 * Records a linear layer and its gradients. Operands are copied into images first where the products' tiles read these.
 * @module
 */
import type { Image, Tensor } from "../kernels/gpu/buffers.ts";
import { dispatch, type Kernel, type Program, type Uniforms } from "../kernels/gpu/program.ts";
import {
  linearForward,
  linearGated,
  linearGateGradient,
  linearInputGradient,
  linearRotated,
  linearWeightGradient,
} from "../kernels/matmul/matmul.ts";
import { productTile, type Tile } from "../kernels/matmul/tile.ts";
import { canRotate, tableType } from "../kernels/rope/rotation.ts";
import type { Llama, Parameter } from "./llama.ts";
import { inImage, type OperandImages } from "./images.ts";
import { productsOfLayer } from "./products.ts";

/** The images of a product's two operands. */
export type ProductImages = Pick<OperandImages, "left" | "right">;

/** A layer's weight, [outputs][inputs]. */
export type Matrix = Pick<Parameter, "tensor" | "operand" | "rows" | "columns">;

/** What a linear layer reads. */
interface Reads {
  readonly x: Tensor;
  readonly images?: ProductImages | null;
}

/** The tile of a linear layer's product, and whether its weight is packed. */
function forwardTile(
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  { rows, columns, operand, tensor }: Matrix,
  images: ProductImages | null,
): { tile: Tile; packed: boolean } {
  const tile = productTile(gpu, productsOfLayer(rows, columns, capacityRows).forward, operands);
  const bImage = "view" in operand;
  return { tile: { ...tile, aImage: images !== null, bImage }, packed: !bImage && operand !== tensor };
}

/** Records the product of a linear layer by the kernel that `make` makes. */
function recordProduct<S>(
  program: Program<S>,
  llama: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  { x, images = null }: Reads,
  make: (tile: Tile, packed: boolean) => Kernel,
  tensors: Readonly<Record<string, Tensor | Image>>,
  uniforms: (shape: S) => Uniforms,
): void {
  const { tile, packed } = forwardTile(llama, capacityRows, parameter, images);
  const depth = parameter.columns;
  const a = inImage(program, images?.left, x, (shape) => uniforms(shape).rows * depth);
  dispatch(
    program,
    make(tile, packed),
    { ...tensors, a, b: parameter.operand },
    (shape) => ({ ...uniforms(shape), depth, aStride: depth, bStride: depth }),
  );
}

/** Records `y = x * weight^T`, plus `addend` where one is given: an image where there are any. */
export function recordLinear<S>(
  program: Program<S>,
  llama: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: Reads & { readonly y: Tensor; readonly addend?: Tensor | Image },
  rows: (shape: S) => number,
): void {
  const { y, addend } = tensors;
  recordProduct(
    program,
    llama,
    capacityRows,
    parameter,
    tensors,
    (tile, packed) => linearForward(llama.operands, tile, addend ? "residual" : "store", packed),
    { c: y, ...(addend ? { addend } : {}) },
    (shape) => ({ rows: rows(shape), columns: parameter.rows, cStride: parameter.rows }),
  );
}

/** The product to queries, keys and values, and what RoPE needs to know of its rows. */
interface RotatedReads extends Reads {
  readonly y: Tensor;
  readonly positions: Tensor;
}

/**
 * Records `y = x * weight^T` with queries and keys rotated, where the tile of that product can rotate what it makes.
 * @returns whether it can; nothing is recorded where not
 */
export function recordRotated<S>(
  program: Program<S>,
  llama: Llama,
  capacityRows: number,
  parameter: Matrix,
  tensors: RotatedReads,
  rows: (shape: S) => number,
): boolean {
  const { operands, cosines, sines, config: { headSize, heads, keyValueHeads } } = llama;
  const { y, positions, images = null } = tensors;
  if (!canRotate(forwardTile(llama, capacityRows, parameter, images).tile, headSize)) return false;
  const turn = { headSize, table: tableType(cosines) };
  recordProduct(
    program,
    llama,
    capacityRows,
    parameter,
    tensors,
    (tile, packed) => linearRotated(operands, tile, turn, packed),
    { c: y, positions, cosines, sines },
    (shape) => ({
      rows: rows(shape),
      columns: parameter.rows,
      cStride: parameter.rows,
      rotated: (heads + keyValueHeads) * headSize,
      direction: 1,
    }),
  );
  return true;
}

/** Records SwiGLU of a linear layer that makes gates and what they let through; where `gateUp` is given these are kept there. */
export function recordGated<S>(
  program: Program<S>,
  llama: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: Reads & { readonly gated: Tensor; readonly gateUp?: Tensor | undefined },
  rows: (shape: S) => number,
): void {
  const { gated, gateUp } = tensors;
  const columns = parameter.rows / 2;
  recordProduct(
    program,
    llama,
    capacityRows,
    parameter,
    tensors,
    (tile, packed) => linearGated(llama.operands, tile, gateUp !== undefined, packed),
    { c: gated, ...(gateUp ? { gateUp } : {}) },
    (shape) => ({ rows: rows(shape), columns, cStride: columns, twin: columns }),
  );
}

/**
 * Records a linear layer's gradients: `weightGradient` gains, `xGradient` is overwritten; either may be left out.
 * @param tensors `y` is the gradient of the layer's output, or an image that holds it, `x` its input, `sequences` where its rows are cut. With `gateUp`, x is the
 * SwiGLU of these, and `xGradient` becomes their gradient.
 * @param rows rows of a batch, and its number of sequences
 */
export function recordLinearGradients<S>(
  program: Program<S>,
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: {
    y: Tensor | Image;
    x: Tensor;
    xGradient?: Tensor | undefined;
    weightGradient?: Tensor | undefined;
    gateUp?: Tensor | undefined;
    sequences: Tensor;
    images: OperandImages | null;
  },
  { rows, count }: { rows: (shape: S) => number; count: (shape: S) => number },
): void {
  const { y, x, xGradient, weightGradient, gateUp, sequences, images } = tensors;
  if (!weightGradient && !xGradient) return;
  const { rows: outputs, columns: inputs } = parameter;
  const products = productsOfLayer(outputs, inputs, capacityRows);
  const inImages = images !== null;
  const yImage = "view" in y ? y : inImage(program, images?.left, y, (shape) => rows(shape) * outputs);
  if (weightGradient) {
    const tile = productTile(gpu, products.weightGradient, operands);
    dispatch(
      program,
      linearWeightGradient(operands, { ...tile, aImage: inImages, bImage: inImages }),
      {
        a: yImage,
        b: inImage(program, images?.right, x, (shape) => rows(shape) * inputs),
        c: weightGradient,
        sequences,
      },
      (shape) => ({
        rows: outputs,
        columns: inputs,
        count: count(shape),
        aStride: outputs,
        bStride: inputs,
        cStride: inputs,
      }),
    );
  }
  if (!xGradient) return;
  const { operand } = parameter;
  const bImage = "view" in operand;
  const packed = !bImage && operand !== parameter.tensor;
  const tile = { ...productTile(gpu, products.inputGradient, operands), aImage: inImages, bImage };
  const gates = gateUp && inImage(program, images?.third, gateUp, (shape) => rows(shape) * 2 * inputs);
  dispatch(
    program,
    gates ? linearGateGradient(operands, tile, packed) : linearInputGradient(operands, tile, packed),
    { a: yImage, b: operand, c: xGradient, ...(gates ? { gateUp: gates } : {}) },
    (shape) => ({
      rows: rows(shape),
      columns: inputs,
      depth: outputs,
      aStride: outputs,
      bStride: inputs,
      cStride: gates ? 2 * inputs : inputs,
    }),
  );
}
