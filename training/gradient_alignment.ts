/**
 * Gradient alignment (P Figure 7): does a model's gradient depend on which target belongs to which input? The gradient on examples is
 * compared with that on the same inputs whose targets were dealt out anew, the format gradient. Where both point the same way, what would
 * be learnt is how an answer looks, not which answer is right.
 * @module
 */
import { combineCosine, type Cosine, gradientCosine } from "../kernels/gradient_cosine/gradient_cosine.ts";
import { chunkCount } from "../kernels/gradient_norm/gradient_norm.ts";
import { allocate, createArena, readFloats, releaseArena, type Tensor } from "../kernels/gpu/buffers.ts";
import { settle } from "../kernels/gpu/device.ts";
import { createProgram, dispatch, releaseProgram, run } from "../kernels/gpu/program.ts";
import type { Parameter } from "../models/llama.ts";
import { createGradientPass, type GradientPass } from "./gradient_pass.ts";
import { stream } from "./random.ts";
import type { AttachedModel } from "./stages.ts";
import { type TrainingExample, weighted } from "./trainer.ts";

/** A kind of module. */
export type ModuleKind =
  | "query"
  | "key"
  | "value"
  | "output"
  | "mlp"
  | "gate"
  | "up"
  | "down"
  | "norms"
  | "embedding"
  | "head";

/** Kinds of modules, by parts of the Hugging Face names of their tensors. `mlp`, as P has it, is gate, up and down together. */
const moduleNames: Readonly<Record<ModuleKind, readonly string[]>> = {
  query: [".q_proj."],
  key: [".k_proj."],
  value: [".v_proj."],
  output: [".o_proj."],
  mlp: [".gate_proj.", ".up_proj.", ".down_proj."],
  gate: [".gate_proj."],
  up: [".up_proj."],
  down: [".down_proj."],
  norms: ["norm."],
  embedding: ["embed_tokens."],
  head: ["lm_head."],
};

/** All kinds of modules, in the order of tables. */
export const moduleKinds: readonly ModuleKind[] = Object.keys(moduleNames) as ModuleKind[];

/** How two gradients of a part of the model stand to each other. */
export interface GradientPart {
  /** Their cosine; null where one of them is zero. */
  readonly cosine: number | null;
  /** L2 norm of the gradient on the examples. */
  readonly norm: number;
  /** L2 norm of the gradient on the others. */
  readonly otherNorm: number;
}

/** Parts by kind of module; null for a kind that is not there (`head` where it is the embedding). */
export type GradientParts = Readonly<Record<ModuleKind, GradientPart | null>>;

/** Alignment of two gradients of a model. */
export interface GradientAlignment {
  /** All weights as one vector. */
  readonly overall: GradientPart;
  /** Over all layers. */
  readonly modules: GradientParts;
  /** By decoder layer, from the first. */
  readonly layers: readonly { readonly overall: GradientPart; readonly modules: GradientParts }[];
  /** Mean loss per target token, in nats, of the examples and of the others. */
  readonly losses: readonly [own: number, other: number];
}

/**
 * Whose target each of `count` examples gets: a uniformly random cyclic order, so that none keeps its own. Which labels stand at which
 * inputs is then left to chance, as in P's copy of RTE with randomly shuffled labels; a row may well get an equal label of another row, and
 * how often each label occurs does not change. (If every row got another label than its own, two labels would be swapped: that is as much
 * information as before, and no format gradient.)
 *
 * @param seed of the stream "shuffled-targets"
 * @throws where there are fewer than two examples
 */
export function shuffledTargets(count: number, seed: number): number[] {
  if (!(count >= 2)) throw new Error(`targets of ${count} examples cannot be shuffled: give two at least`);
  const order = stream(seed, "shuffled-targets").shuffle(Array.from({ length: count }, (_, i) => i));
  const from = new Array<number>(count);
  order.forEach((example, i) => from[example] = order[(i + 1) % count]);
  return from;
}

/** Elements of each tensor that a parameter holds. */
function piecesLengths({ pieces, columns }: Parameter): number[] {
  return pieces.map(({ rows }) => rows * columns);
}

/** A tensor's place in the partial sums. */
interface Measured {
  readonly name: string;
  readonly layer: number;
  readonly offset: number;
  readonly chunks: number;
}

/**
 * Compares the gradients of two lists of examples, each over all of its list as one batch: of the mean cross-entropy per target token, without
 * dropout and label smoothing, in all weights of the model. A soft prompt stands before the examples where the model has one. The model
 * stays as it is; the micro-batch decides memory and speed, never results.
 *
 * @param examples the list itself
 * @param others the list it is compared with, such as the same inputs with shuffled targets
 * @throws where a list has no target token, or a sequence exceeds the model's context
 */
export async function gradientAlignment(
  { llama, prefix }: AttachedModel,
  examples: readonly TrainingExample[],
  others: readonly TrainingExample[],
  options: { readonly microBatchTokens?: number } = {},
): Promise<GradientAlignment> {
  const { gpu, config } = llama;
  const batches = [examples, others].map((list) =>
    list.map(({ tokens, targetStart }) =>
      weighted({ tokens: [...prefix, ...Array.from(tokens)], targetStart: prefix.length + targetStart })
    )
  );
  const longest = Math.max(0, ...batches.flat().map(({ tokens }) => tokens.length));
  if (longest > config.maxPositions) {
    throw new Error(`an example of ${longest} tokens exceeds the model's context of ${config.maxPositions}`);
  }
  const arena = createArena(gpu);
  const compare = createProgram<null>(gpu, "gradient cosine");
  let pass: GradientPass | null = null;
  try {
    pass = await createGradientPass(arena, llama, 2, { labelSmoothing: 0, longest, ...options });
    const { of } = pass.learners.gradients;
    const tensors: Measured[] = [];
    const first = new Map<Parameter, Tensor>();
    const total = [...of.keys()].flatMap(piecesLengths).reduce((sum, length) => sum + chunkCount(length), 0);
    const partials = allocate(arena, "partial sums of cosines", 4 * total);
    let offset = 0;
    for (const [parameter, b] of of) {
      const { pieces, columns, layer } = parameter;
      const a = allocate(arena, `first ${b.name}`, b.length);
      first.set(parameter, a);
      for (const { name, firstRow, rows } of pieces) {
        const sizes = { length: rows * columns, start: firstRow * columns, offset };
        dispatch(compare, gradientCosine, { a, b, partials }, () => sizes);
        tensors.push({ name, layer, offset, chunks: chunkCount(sizes.length) });
        offset += chunkCount(sizes.length);
      }
    }
    await settle(gpu);
    const [own, other] = batches.map((batch) => pass!.prepare(batch));
    pass.run(own, { slot: 0, step: 1 });
    const encoder = gpu.device.createCommandEncoder({ label: "first gradients" });
    for (const [parameter, gradient] of of) {
      const { buffer, offset, length } = gradient;
      encoder.copyBufferToBuffer(buffer, offset, first.get(parameter)!.buffer, 0, 4 * length);
    }
    gpu.device.queue.submit([encoder.finish()]);
    pass.run(other, { slot: 1, step: 2 });
    run(compare, null);
    const [sums, losses] = await readFloats(gpu, partials, pass.losses);
    if (!losses.every(Number.isFinite)) throw new Error(`a loss is not finite (${losses[0]} and ${losses[1]})`);
    return alignmentOf(tensors, sums, [losses[0], losses[1]], llama.layers.length);
  } finally {
    pass?.release();
    releaseProgram(compare);
    releaseArena(arena);
  }
}

/** Puts partial sums of tensors together to parts of the model. */
function alignmentOf(
  tensors: readonly Measured[],
  sums: Float32Array,
  losses: readonly [number, number],
  layers: number,
): GradientAlignment {
  const part = (wanted: (tensor: Measured) => boolean): GradientPart | null => {
    const chosen = tensors.filter(wanted);
    if (chosen.length === 0) return null;
    return partOf(combineCosine(chosen.flatMap(({ offset, chunks }) => [
      ...sums.subarray(4 * offset, 4 * (offset + chunks)),
    ])));
  };
  const kinds = (wanted: (tensor: Measured) => boolean) =>
    Object.fromEntries(moduleKinds.map((kind) => [
      kind,
      part((tensor) => wanted(tensor) && moduleNames[kind].some((text) => tensor.name.includes(text))),
    ])) as unknown as GradientParts;
  return {
    overall: part(() => true)!,
    modules: kinds(() => true),
    layers: Array.from({ length: layers }, (_, number) => ({
      overall: part(({ layer }) => layer === number)!,
      modules: kinds(({ layer }) => layer === number),
    })),
    losses,
  };
}

function partOf({ cosine, aSquares, bSquares }: Cosine): GradientPart {
  return { cosine, norm: Math.sqrt(aSquares), otherNorm: Math.sqrt(bSquares) };
}
