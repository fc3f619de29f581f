/**
 * Optimizers: AdamW and Adafactor over whatever learns, after one clipping by the norm of all gradients together.
 * @module
 */
import { type AdafactorTensors, adafactorUniforms, recordAdafactor } from "../kernels/adafactor/adafactor.ts";
import { adamw, adamwUniforms } from "../kernels/adamw/adamw.ts";
import { chunkCount, gradientScale, squareSums } from "../kernels/gradient_norm/gradient_norm.ts";
import { allocate, allocateTogether, type Arena, follows, stretch, type Tensor } from "../kernels/gpu/buffers.ts";
import { dispatch, type Program } from "../kernels/gpu/program.ts";
import type { Learner } from "./learners.ts";

/** What an optimizer needs to know. */
export interface OptimizerOptions {
  /** Which one; AdamW where absent. */
  readonly optimizer?: "adamw" | "adafactor";
  /** Adafactor multiplies the learning rate by the root mean square of each matrix; it does where absent. */
  readonly scaleByWeights?: boolean;
  /** AdamW's decay of the first moment. */
  readonly beta1: number;
  /** AdamW's decay of the second moment. */
  readonly beta2: number;
  /** AdamW's guard against division by zero. */
  readonly epsilon: number;
  /** Decoupled weight decay. */
  readonly weightDecay: number;
  /** Norm weights are spared the weight decay. */
  readonly decayMatricesOnly?: boolean;
  /** Largest global gradient norm, or null for no clipping. */
  readonly clip: number | null;
}

/** Shape of an update. */
export interface UpdateShape {
  /** Number of the step, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** Element of the history that the norm goes to. */
  readonly slot: number;
}

/** What an optimizer keeps of a learner between steps. */
export interface Moment {
  /** What checkpoints call it. */
  readonly kind: string;
  readonly tensor: Tensor;
}

/** Numbers that an optimizer keeps of a learner. */
function momentSizes({ rows, columns, matrices }: Learner, { optimizer }: OptimizerOptions): [string, number][] {
  if (optimizer === "adafactor") return [["row moments", rows], ["column moments", matrices.length * columns]];
  return [["first moment", rows * columns], ["second moment", rows * columns]];
}

/** Allocates learners' moments, zero; those of a kind lie next to each other. */
export function allocateMoments(arena: Arena, learners: readonly Learner[], options: OptimizerOptions): Moment[][] {
  const sizes = learners.map((learner) => momentSizes(learner, options));
  const kinds = [0, 1].map((kind) =>
    allocateTogether(
      arena,
      learners.map(({ label }, i) => ({ name: `${sizes[i][kind][0]} of ${label}`, length: sizes[i][kind][1] })),
    )
  );
  return learners.map((_, i) => kinds.map((tensors, kind) => ({ kind: sizes[i][kind][0], tensor: tensors[i] })));
}

/** Learners that one dispatch can go over, as one: their tensors lie next to each other. */
interface Stretch {
  readonly learner: Learner;
  /** In the order of what was asked for. */
  readonly tensors: readonly Tensor[];
}

/** Joins learners as far as all their `tensors` are neighbours and they are `alike`. */
function stretches(
  learners: readonly Learner[],
  tensors: (learner: Learner, i: number) => readonly Tensor[],
  alike: (a: Learner, b: Learner) => boolean = () => true,
): Stretch[] {
  const found: { learner: Learner; first: readonly Tensor[]; last: readonly Tensor[] }[] = [];
  learners.forEach((learner, i) => {
    const own = tensors(learner, i);
    const before = found.at(-1);
    const joins = before && alike(before.learner, learner) && own.every((one, kind) => follows(before.last[kind], one));
    if (joins) before.last = own;
    else found.push({ learner, first: own, last: own });
  });
  return found.map(({ learner, first, last }) => ({ learner, tensors: first.map((one, i) => stretch(one, last[i])) }));
}

/** Records the gradients' norm, which goes to `norms`, and the factor that clips them. */
function recordClipping(
  program: Program<UpdateShape>,
  arena: Arena,
  learners: readonly Learner[],
  norms: Tensor,
  clip: number | null,
): Tensor {
  const parts = stretches(learners, ({ gradient }) => [gradient]).map(({ tensors: [gradient] }) => gradient);
  const count = parts.reduce((sum, { length }) => sum + chunkCount(length), 0);
  const partials = allocate(arena, "gradient norm partials", count);
  const scale = allocate(arena, "gradient scale", 1);
  let offset = 0;
  // Neighbours begin at whole chunks, so their sums are those of each for itself.
  parts.forEach((gradient) => {
    const at = offset;
    const { length } = gradient;
    dispatch(program, squareSums, { gradient, partials }, () => ({ length, offset: at }));
    offset += chunkCount(length);
  });
  dispatch(program, gradientScale, { partials, scale, history: norms }, ({ slot }) => ({
    count,
    slot,
    limit: clip ?? 0,
  }));
  return scale;
}

/** Records an Adafactor step of each of a learner's matrices. */
function recordFactored(
  program: Program<UpdateShape>,
  { columns, matrices }: Learner,
  tensors: AdafactorTensors,
  scaleByWeight: boolean,
  weightDecay: number,
): void {
  matrices.forEach(({ firstRow, rows, columns: counting }, matrix) => {
    // Columns that do not count are zero in value and gradient; means leave them out.
    const means = {
      inverseColumns: Math.fround(1 / counting),
      inverseLength: Math.fround(1 / (rows * counting)),
    };
    recordAdafactor(program, tensors, { firstRow, rows, columns, matrix }, ({ step, learningRate }) => ({
      ...adafactorUniforms(step, { learningRate, scaleByWeight, weightDecay }),
      ...means,
    }));
  });
}

/** Records norm, clipping and update of all learners. */
export function recordUpdate(
  program: Program<UpdateShape>,
  arena: Arena,
  learners: readonly Learner[],
  moments: readonly (readonly Moment[])[],
  norms: Tensor,
  options: OptimizerOptions,
): void {
  const scale = recordClipping(program, arena, learners, norms, options.clip);
  const decayOf = ({ norm }: Learner) => options.decayMatricesOnly && norm ? 0 : options.weightDecay;
  if (options.optimizer === "adafactor") {
    const most = (sizes: number[]) => Math.max(...sizes);
    const factors = allocate(arena, "Adafactor's factors", 4 * most(learners.map(({ matrices }) => matrices.length)));
    const chunks = most(learners.map(({ rows, columns }) => chunkCount(rows * columns)));
    const partials = allocate(arena, "Adafactor's partials", 2 * chunks);
    learners.forEach((learner, i) => {
      const [rowMoments, columnMoments] = moments[i].map(({ tensor }) => tensor);
      const { gradient, value: weight } = learner;
      const tensors = { gradient, scale, weight, rowMoments, columnMoments, factors, partials };
      recordFactored(program, learner, tensors, options.scaleByWeights ?? true, decayOf(learner));
    });
    return;
  }
  const tensorsOf = ({ gradient, value }: Learner, i: number) => [
    gradient,
    value,
    ...moments[i].map(({ tensor }) => tensor),
  ];
  const alike = (a: Learner, b: Learner) => decayOf(a) === decayOf(b);
  for (const { learner, tensors: [gradient, weight, first, second] } of stretches(learners, tensorsOf, alike)) {
    dispatch(program, adamw, { gradient, scale, weight, first, second }, ({ step, learningRate }) => ({
      length: gradient.length,
      ...adamwUniforms(step, { ...options, learningRate, weightDecay: decayOf(learner) }),
    }));
  }
}
