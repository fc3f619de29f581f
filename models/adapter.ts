/**
 * Low-rank adaptation of a model's linear layers: W + s B A, s = alpha / rank (Hu et al., ICLR 2022). The sum is merged into the weights
 * that every product reads, so an adapted model trains, scores and decodes by the same programs as any other, and what is evaluated is
 * bit for bit what was trained. The base values lie beside it; detaching puts them back.
 *
 * With G the gradient of the merged weight, that of B is s G A^T, that of A is s B^T G, and that of W is G.
 * @module
 */
import { allocate, type Arena, createArena, releaseArena, type Tensor, upload } from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, type Program, releaseProgram, run } from "../kernels/gpu/program.ts";
import { loraBlocks, loraMerge, loraScale, noBlock } from "../kernels/lora/lora.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "../kernels/matmul/matmul.ts";
import { chooseTile } from "../kernels/matmul/tile.ts";
import { type Llama, padded, type Parameter, recordOperands, renewOperands } from "./llama.ts";

/** What an adapter is made of. */
export interface AdapterSpec {
  /** Rows of A and columns of B, for each adapted matrix. */
  readonly rank: number;
  /** The product counts alpha / rank times. */
  readonly alpha: number;
  /** Adapted matrices: the projections to queries and values, or those of all linear layers but the head. */
  readonly targets: "queries and values" | "all";
}

/** One parameter's adapter. A parameter of several matrices has their A one below the other, and B's blocks on a diagonal. */
export interface AdaptedParameter {
  /** The parameter; its tensor holds the merged values. */
  readonly parameter: Parameter;
  /** Its own values. */
  readonly base: Tensor;
  /** Columns of B and rows of A: rank times the adapted matrices, rounded up to a multiple of 4. */
  readonly width: number;
  /** [width][columns of the parameter]. */
  readonly a: Tensor;
  /** [rows of the parameter][width]. */
  readonly b: Tensor;
  /** For each row of B, which block is its own. */
  readonly blocks: Tensor;
  /** The adapted matrices, in order: their rows in the parameter and in B. */
  readonly pieces: readonly { readonly name: string; readonly firstRow: number; readonly rows: number }[];
}

/** An adapter on a model. */
export interface Adapter {
  /** The model. */
  readonly llama: Llama;
  /** What it is made of. */
  readonly spec: AdapterSpec;
  /** Owner of its memory. */
  readonly arena: Arena;
  /** The adapted parameters. */
  readonly parameters: readonly AdaptedParameter[];
  /** Working memory of the largest adapted parameter's size. */
  readonly delta: Tensor;
}

const endings = { "queries and values": /\.(q|v)_proj\.weight$/, all: /_proj\.weight$/ };

/**
 * Checks what an adapter is to be made of.
 * @throws where rank or alpha cannot be used
 */
export function checkAdapter({ rank, alpha }: AdapterSpec): void {
  if (!Number.isInteger(rank) || rank < 1) {
    throw new Error(`an adapter's rank of ${rank} is not valid: give a positive integer`);
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new Error(`an adapter's alpha of ${alpha} is not valid: give a positive number`);
  }
}

/**
 * Puts an adapter on a model, merged at once; B is zero, so the model's values stay what they are.
 * @param initial first values of the A [rank][columns] of a matrix, by the checkpoint's name of the matrix
 * @throws where rank or alpha cannot be used
 */
export async function createAdapter(
  llama: Llama,
  spec: AdapterSpec,
  initial: (name: string, columns: number) => Float32Array<ArrayBuffer>,
): Promise<Adapter> {
  checkAdapter(spec);
  const { gpu } = llama;
  const arena = createArena(gpu);
  try {
    const encoder = gpu.device.createCommandEncoder({ label: "base of the adapter" });
    let largest = 0;
    const parameters = llama.parameters.flatMap((parameter): AdaptedParameter[] => {
      const pieces = parameter.pieces.filter(({ name }) => endings[spec.targets].test(name));
      if (pieces.length === 0) return [];
      const { label, rows, columns, tensor } = parameter;
      const width = padded(spec.rank * pieces.length);
      const base = allocate(arena, `${label}, base`, rows * columns);
      encoder.copyBufferToBuffer(tensor.buffer, tensor.offset, base.buffer, base.offset, 4 * tensor.length);
      const a = allocate(arena, `${label} A`, width * columns);
      const table = new Uint32Array(rows).fill(noBlock);
      pieces.forEach(({ name, firstRow, rows: count }, block) => {
        upload(gpu, a, initial(name, columns), block * spec.rank * columns);
        table.fill(block, firstRow, firstRow + count);
      });
      const blocks = allocate(arena, `${label} blocks`, rows);
      upload(gpu, blocks, table);
      largest = Math.max(largest, rows * columns);
      return [{ parameter, base, width, a, b: allocate(arena, `${label} B`, rows * width), blocks, pieces }];
    });
    gpu.device.queue.submit([encoder.finish()]);
    const delta = allocate(arena, "an adapter's product", largest);
    await settle(gpu);
    return { llama, spec, arena, parameters, delta };
  } catch (error) {
    releaseArena(arena);
    throw error;
  }
}

/** The factor on the product of B and A. */
function scaleOf({ rank, alpha }: AdapterSpec): number {
  return Math.fround(alpha / rank);
}

/** Records the merging of base and product into the weights that products read. */
export function recordMerge<S>(program: Program<S>, { llama, spec, parameters, delta }: Adapter): void {
  const { gpu, operands } = llama;
  for (const { parameter, base, width, a, b } of parameters) {
    const { rows, columns, tensor: merged } = parameter;
    dispatch(program, linearInputGradient(operands, chooseTile(gpu, rows, columns)), { a: b, b: a, c: delta }, () => ({
      rows,
      columns,
      depth: width,
      aStride: width,
      bStride: columns,
      cStride: columns,
    }));
    dispatch(program, loraMerge, { base, delta, merged }, () => ({ length: rows * columns, scale: scaleOf(spec) }));
  }
}

/** Gradients of an adapted parameter's matrices; both are overwritten, but `a` must be zero before. */
export interface AdapterGradients {
  /** As `AdaptedParameter.a`. */
  readonly a: Tensor;
  /** As `AdaptedParameter.b`. */
  readonly b: Tensor;
  /** Four words: 0, the parameter's rows, 0, 0. */
  readonly span: Tensor;
}

/** Records the gradients of A and B from that of the merged weight. */
export function recordAdapterGradients<S>(
  program: Program<S>,
  { llama, spec }: Adapter,
  { parameter, width, a, b, blocks }: AdaptedParameter,
  merged: Tensor,
  gradients: AdapterGradients,
): void {
  const { gpu, operands } = llama;
  const { rows, columns } = parameter;
  const scale = scaleOf(spec);
  dispatch(
    program,
    linearForward(operands, chooseTile(gpu, rows, width), "store"),
    { a: merged, b: a, c: gradients.b },
    () => ({ rows, columns: width, depth: columns, aStride: columns, bStride: columns, cStride: width }),
  );
  dispatch(program, loraBlocks, { blocks, gradient: gradients.b }, () => ({ rows, width, rank: spec.rank }));
  dispatch(program, loraScale, { x: gradients.b }, () => ({ length: rows * width, scale }));
  dispatch(
    program,
    linearWeightGradient(operands, chooseTile(gpu, width, columns)),
    { a: b, b: merged, c: gradients.a, sequences: gradients.span },
    () => ({ rows: width, columns, count: 1, aStride: width, bStride: columns, cStride: columns }),
  );
  dispatch(program, loraScale, { x: gradients.a }, () => ({ length: width * columns, scale }));
}

/** Makes the model the adapted one. */
export function attachAdapter(adapter: Adapter): void {
  const { gpu } = adapter.llama;
  const program = createProgram<null>(gpu, "attaching an adapter");
  recordMerge(program, adapter);
  recordOperands(program, adapter.parameters.map(({ parameter }) => parameter));
  run(program, null);
  releaseProgram(program);
}

/** Gives the model its own weights back. */
export function detachAdapter({ llama: { gpu }, parameters }: Adapter): void {
  const encoder = gpu.device.createCommandEncoder({ label: "detaching an adapter" });
  for (const { parameter: { tensor }, base } of parameters) {
    encoder.copyBufferToBuffer(base.buffer, base.offset, tensor.buffer, tensor.offset, 4 * base.length);
  }
  gpu.device.queue.submit([encoder.finish()]);
  renewOperands(gpu, parameters.map(({ parameter }) => parameter));
}

/** Frees an adapter's memory; the model keeps the weights it has. */
export function releaseAdapter({ arena }: Adapter): void {
  releaseArena(arena);
}
