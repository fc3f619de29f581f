/**
 * Records a linear layer and its gradients. Operands are copied into images first where the products' tiles read these.
 * @module
 */
import type { Image, Tensor } from "../kernels/gpu/buffers.ts";
import { copyToImage, dispatch, type Kernel, type Program, type Uniforms } from "../kernels/gpu/program.ts";
import {
  linearForward,
  linearGated,
  linearGateGradient,
  linearInputGradient,
  linearRotated,
  linearWeightGradient,
} from "../kernels/matmul/matmul.ts";
import type { Tile } from "../kernels/matmul/tile.ts";
import { canRotate, tableType } from "../kernels/rope/rotation.ts";
import type { Llama, Parameter } from "./llama.ts";
import { inImage, type OperandImages } from "./images.ts";
import { linearTile, productsOfLayer } from "./products.ts";

/** The images of a product's two operands. */
export type ProductImages = Pick<OperandImages, "left" | "right">;

/** A layer's weight, [outputs][inputs]. */
export type Matrix = Pick<Parameter, "tensor" | "operand" | "rows" | "columns">;

/** Where a product finds a weight: in an image, whose copying is recorded, or in its buffer, packed or not. */
function recordWeight<S>(
  program: Program<S>,
  { tensor, operand, rows, columns }: Matrix,
  image: Image | null,
): { weight: Tensor | Image; packed: boolean } {
  if (!image) return { weight: operand, packed: operand !== tensor };
  return { weight: copyToImage(program, tensor, image, () => rows * columns), packed: false };
}

/** What a linear layer reads. */
interface Reads {
  readonly x: Tensor;
  readonly images?: ProductImages | null;
}

/** The tile of a linear layer's product. */
function forwardTile(
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  { rows, columns }: Matrix,
  images: ProductImages | null,
): Tile {
  return linearTile(gpu, productsOfLayer(rows, columns, capacityRows).forward, operands, images !== null);
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
  const tile = forwardTile(llama, capacityRows, parameter, images);
  const { weight, packed } = recordWeight(program, parameter, images && tile.bImage ? images.right : null);
  const depth = parameter.columns;
  const a = inImage(program, tile.aImage ? images?.left : undefined, x, (shape) => uniforms(shape).rows * depth);
  dispatch(
    program,
    make(tile, packed),
    { ...tensors, a, b: weight },
    (shape) => ({ ...uniforms(shape), depth, aStride: depth, bStride: depth }),
  );
}

/** Records `y = x * weight^T`, plus `addend` where one is given. */
export function recordLinear<S>(
  program: Program<S>,
  llama: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: Reads & { readonly y: Tensor; readonly addend?: Tensor },
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
  if (!canRotate(forwardTile(llama, capacityRows, parameter, images), headSize)) return false;
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
 * @param tensors `y` is the gradient of the layer's output, `x` its input, `sequences` where its rows are cut. With `gateUp`, x is the
 * SwiGLU of these, and `xGradient` becomes their gradient.
 * @param rows rows of a batch, and its number of sequences
 */
export function recordLinearGradients<S>(
  program: Program<S>,
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: {
    y: Tensor;
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
  const { rows: outputs, columns: inputs } = parameter;
  const products = productsOfLayer(outputs, inputs, capacityRows);
  const weightTile = linearTile(gpu, products.weightGradient, operands, images !== null);
  const inputTile = linearTile(gpu, products.inputGradient, operands, images !== null);
  const yImage = images && ((weightGradient && weightTile.aImage) || (xGradient && inputTile.aImage))
    ? copyToImage(program, y, images.left, (shape) => rows(shape) * outputs)
    : y;
  if (weightGradient) {
    dispatch(
      program,
      linearWeightGradient(operands, weightTile),
      {
        a: weightTile.aImage ? yImage : y,
        b: images && weightTile.bImage ? copyToImage(program, x, images.right, (shape) => rows(shape) * inputs) : x,
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
  const { weight, packed } = recordWeight(program, parameter, images && inputTile.bImage ? images.right : null);
  const gates = gateUp && inImage(
    program,
    inputTile.aImage ? images?.third : undefined,
    gateUp,
    (shape) => rows(shape) * 2 * inputs,
  );
  dispatch(
    program,
    gates ? linearGateGradient(operands, inputTile, packed) : linearInputGradient(operands, inputTile, packed),
    { a: inputTile.aImage ? yImage : y, b: weight, c: xGradient, ...(gates ? { gateUp: gates } : {}) },
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
