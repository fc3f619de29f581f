/**
 * Records a linear layer and its gradients. Operands are copied into images first where the products' tiles read these.
 * @module
 */
import type { Image, Tensor } from "../kernels/gpu/buffers.ts";
import { copyToImage, dispatch, type Program } from "../kernels/gpu/program.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import type { Llama, Parameter } from "./llama.ts";
import { linearTile, type OperandImages, productsOfLayer } from "./products.ts";

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

/** Records `y = x * weight^T`, plus `addend` where one is given. */
export function recordLinear<S>(
  program: Program<S>,
  { gpu, operands }: Pick<Llama, "gpu" | "operands">,
  capacityRows: number,
  parameter: Matrix,
  tensors: { x: Tensor; y: Tensor; addend?: Tensor; images?: OperandImages | null },
  rows: (shape: S) => number,
): void {
  const { x, y, addend, images = null } = tensors;
  const product = productsOfLayer(parameter.rows, parameter.columns, capacityRows).forward;
  const tile = linearTile(gpu, product, operands, images !== null);
  const { weight, packed } = recordWeight(program, parameter, images && tile.bImage ? images.right : null);
  dispatch(
    program,
    linearForward(operands, tile, addend ? "residual" : "store", packed),
    { a: x, b: weight, c: y, ...(addend ? { addend } : {}) },
    (shape) => ({
      rows: rows(shape),
      columns: parameter.rows,
      depth: parameter.columns,
      aStride: parameter.columns,
      bStride: parameter.columns,
      cStride: parameter.rows,
    }),
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
    images: OperandImages | null;
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
