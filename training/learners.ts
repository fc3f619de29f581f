/**
 * What learns: matrices with their gradients, found for a session by what it is told to train. What is not among them costs no memory
 * and no gradient of its own, and no bit of it moves.
 * @module
 */
import { allocate, type Arena, type Tensor, togetherElements, upload } from "../kernels/gpu/buffers.ts";
import { dispatch, type Program } from "../kernels/gpu/program.ts";
import { accumulate } from "../kernels/accumulate/accumulate.ts";
import { type Adapter, type AdapterGradients, recordAdapterGradients } from "../models/adapter.ts";
import { allocateGradients, type Gradients } from "../models/backward.ts";
import type { Llama, Parameter } from "../models/llama.ts";

/** Something that can learn: all weights, the projections to values only, the soft prompts, the adapter's matrices. */
export type Learnable = "model" | "value projections" | "prompts" | "adapter";

/** A stretch of rows, and how many of its columns count: Adafactor's means run over one such matrix. */
export interface Matrix {
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
}

/** A tensor that learns. */
export interface Learner {
  /** What checkpoints and errors call it. */
  readonly label: string;
  /** Its values [rows][columns]. */
  readonly value: Tensor;
  /** Their gradient. */
  readonly gradient: Tensor;
  readonly rows: number;
  readonly columns: number;
  /** Its matrices, one below the other. */
  readonly matrices: readonly Matrix[];
  /** A norm's weight. */
  readonly norm: boolean;
  /** Where value and gradient are copies of some rows of a parameter's: that parameter, its gradient and the first of the rows. */
  readonly from: { readonly parameter: Parameter; readonly gradient: Tensor; readonly firstRow: number } | null;
}

/** All that learns in a session. */
export interface Learners {
  /** In the order of checkpoints. */
  readonly list: readonly Learner[];
  /** What the backward pass fills. */
  readonly gradients: Gradients;
  /** What must be zero before the first micro-batch. */
  readonly cleared: readonly Tensor[];
  /** Records what makes the learners' gradients of those that the backward pass has filled. */
  record<S>(program: Program<S>): void;
}

const valueProjection = /\.v_proj\.weight$/;

/** Elements that learn, as they lie next to each other on the GPU. */
export function learningElements(llama: Llama, learns: readonly Learnable[], adapter: Adapter | null): number {
  const { prompts } = llama;
  const sizes: Record<Learnable, readonly number[]> = {
    model: llama.parameters.map(({ rows, columns }) => rows * columns),
    "value projections": llama.parameters.flatMap(({ pieces, columns }) =>
      pieces.filter(({ name }) => valueProjection.test(name)).map(({ rows }) => rows * columns)
    ),
    prompts: prompts ? [prompts.tensor.length] : [],
    adapter: (adapter?.parameters ?? []).flatMap(({ a, b }) => [a.length, b.length]),
  };
  return togetherElements(learns.flatMap((one) => sizes[one]));
}

/** @throws where something is to learn that is not there, or twice */
function checkLearns(llama: Llama, learns: readonly Learnable[], adapter: Adapter | null): void {
  if (learns.length === 0) {
    throw new Error("nothing is to learn: name at least one of the model, prompts or an adapter");
  }
  if (learns.includes("prompts") && !llama.prompts) throw new Error("prompts are to learn, but the model has none");
  if (learns.includes("adapter") && !adapter) throw new Error("an adapter is to learn, but the model has none");
  if (learns.includes("value projections") && adapter) {
    throw new Error(
      "value projections cannot learn on their own under an adapter: let the whole model or the adapter learn",
    );
  }
  if (learns.includes("model") && learns.includes("value projections")) {
    throw new Error("value projections are part of the model, which is to learn whole: name one of the two");
  }
}

/** Allocates gradients of what learns. */
export function createLearners(
  arena: Arena,
  llama: Llama,
  learns: readonly Learnable[],
  adapter: Adapter | null,
): Learners {
  checkLearns(llama, learns, adapter);
  const { gpu, prompts } = llama;
  const adapted = new Map(adapter?.parameters.map((one) => [one.parameter, one]));
  const whole = learns.includes("model");
  const values = (parameter: Parameter) =>
    learns.includes("value projections") ? parameter.pieces.filter(({ name }) => valueProjection.test(name)) : [];
  const needed = (parameter: Parameter) =>
    whole || values(parameter).length > 0 || (learns.includes("adapter") && adapted.has(parameter));
  const gradients = allocateGradients(arena, llama, needed, learns.includes("prompts"));
  const cleared: Tensor[] = [...gradients.of.values()];
  for (const extra of [gradients.lookup, gradients.prompts]) {
    if (extra && !cleared.includes(extra)) cleared.push(extra);
  }
  const list: Learner[] = [];
  const recorders: (<S>(program: Program<S>) => void)[] = [];
  for (const parameter of llama.parameters) {
    const gradient = gradients.of.get(parameter);
    if (!gradient) continue;
    const { label, rows, columns, pieces } = parameter;
    const adaptation = adapted.get(parameter);
    const norm = parameter.group === "norms";
    if (whole) {
      const matrices = pieces.map((piece) => ({ firstRow: piece.firstRow, rows: piece.rows, columns }));
      const value = adaptation?.base ?? parameter.tensor;
      list.push({ label, value, gradient, rows, columns, matrices, norm, from: null });
    }
    for (const { name, firstRow, rows: count } of values(parameter)) {
      const value = allocate(arena, name, count * columns);
      const own = allocate(arena, `gradient of ${name}`, count * columns);
      const matrices = [{ firstRow: 0, rows: count, columns }];
      const from = { parameter, gradient, firstRow };
      list.push({ label: name, value, gradient: own, rows: count, columns, matrices, norm, from });
    }
    if (adaptation && learns.includes("adapter")) {
      const { a, b, width, pieces: parts } = adaptation;
      const { rank } = adapter!.spec;
      const ofAdapter: AdapterGradients = {
        a: allocate(arena, `gradient of ${a.name}`, a.length),
        b: allocate(arena, `gradient of ${b.name}`, b.length),
        span: allocate(arena, `span of ${label}`, 4),
      };
      upload(gpu, ofAdapter.span, Uint32Array.of(0, rows, 0, 0));
      cleared.push(ofAdapter.a);
      const ofA = parts.map((_, block) => ({ firstRow: block * rank, rows: rank, columns }));
      const ofB = parts.map((part) => ({ firstRow: part.firstRow, rows: part.rows, columns: rank }));
      list.push({
        label: a.name,
        value: a,
        gradient: ofAdapter.a,
        rows: width,
        columns,
        matrices: ofA,
        norm,
        from: null,
      });
      list.push({
        label: b.name,
        value: b,
        gradient: ofAdapter.b,
        rows,
        columns: width,
        matrices: ofB,
        norm,
        from: null,
      });
      recorders.push((program) => recordAdapterGradients(program, adapter!, adaptation, gradient, ofAdapter));
    }
  }
  if (gradients.prompts) {
    const { tensor: value, count, length } = prompts!;
    const { hiddenSize: columns } = llama.config;
    const matrices = Array.from({ length: count }, (_, i) => ({ firstRow: i * length, rows: length, columns }));
    list.push({
      label: "soft prompts",
      value,
      gradient: gradients.prompts,
      rows: count * length,
      columns,
      matrices,
      norm: false,
      from: null,
    });
  }
  const ofEmbedding = gradients.of.get(llama.embedding);
  if (gradients.lookup && gradients.lookup !== ofEmbedding) {
    const { lookup } = gradients;
    recorders.push((program) =>
      dispatch(program, accumulate, { source: lookup, total: ofEmbedding! }, () => ({ length: lookup.length }))
    );
  }
  copyRows(llama, list, "in");
  return {
    list,
    gradients,
    cleared,
    record: (program) => recorders.forEach((recorder) => recorder(program)),
  };
}

/**
 * Copies, for learners that are some rows of a parameter: `in` the values to the learner, `gradients` the gradients to the learner, `out` the
 * values to the parameter.
 */
export function copyRows({ gpu }: Llama, list: readonly Learner[], what: "in" | "gradients" | "out"): void {
  if (list.every(({ from }) => !from)) return;
  const encoder = gpu.device.createCommandEncoder({ label: `rows: ${what}` });
  for (const { value, gradient, from, columns } of list) {
    if (!from) continue;
    const rows = (tensor: Tensor) => [tensor.buffer, tensor.offset + from.firstRow * columns * 4] as const;
    const own = (tensor: Tensor) => [tensor.buffer, tensor.offset] as const;
    const bytes = value.length * 4;
    const { parameter } = from;
    if (what === "in") encoder.copyBufferToBuffer(...rows(parameter.tensor), ...own(value), bytes);
    else if (what === "gradients") encoder.copyBufferToBuffer(...rows(from.gradient), ...own(gradient), bytes);
    else encoder.copyBufferToBuffer(...own(value), ...rows(parameter.tensor), bytes);
  }
  gpu.device.queue.submit([encoder.finish()]);
}
