/**
 * Records a linear layer and its gradients. Operands are copied into images first where the products' tiles read these.
 * @module
 */
import type { Image, Tensor } from "../kernels/gpu/buffers.ts";
import { copyToImage, dispatch, type Kernel, type Program } from "../kernels/gpu/program.ts";
import { linearForward, linearGated, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import type { Tile } from "../kernels/matmul/tile.ts";
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

/** Records the product of a linear layer by the kernel that `make` makes. */
function recordProduct<S>(
  program: Program<S>,
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  { x, images = null }: Reads,
  make: (tile: Tile, packed: boolean) => Kernel,
  tensors: Readonly<Record<string, Tensor>>,
  uniforms: (shape: S) => { rows: number; columns: number; cStride: number; twin?: number },
): void {
  const product = productsOfLayer(parameter.rows, parameter.columns, capacityRows).forward;
  const tile = linearTile(gpu, product, operands, images !== null);
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

/** Records SwiGLU of a linear layer that makes gates and what they let through; nothing is kept for a backward pass. */
export function recordGated<S>(
  program: Program<S>,
  llama: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: Reads & { readonly gated: Tensor },
  rows: (shape: S) => number,
): void {
  const columns = parameter.rows / 2;
  recordProduct(
    program,
    llama,
    capacityRows,
    parameter,
    tensors,
    (tile, packed) => linearGated(llama.operands, tile, packed),
    { c: tensors.gated },
    (shape) => ({ rows: rows(shape), columns, cStride: columns, twin: columns }),
  );
}

/**
 * Records a linear layer's gradients: `weightGradient` gains, `xGradient` is overwritten; either may be left out.
 * @param tensors `y` is the gradient of the layer's output, `x` its input, `sequences` where its rows are cut
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
    sequences: Tensor;
    images: ProductImages | null;
  },
  { rows, count }: { rows: (shape: S) => number; count: (shape: S) => number },
): void {
  const { y, x, xGradient, weightGradient, sequences, images } = tensors;
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
  dispatch(
    program,
    linearInputGradient(operands, inputTile, packed),
    { a: inputTile.aImage ? yImage : y, b: weight, c: xGradient },
    (shape) => ({
      rows: rows(shape),
      columns: inputs,
      depth: outputs,
      aStride: outputs,
      bStride: inputs,
      cStride: inputs,
    }),
  );
}
