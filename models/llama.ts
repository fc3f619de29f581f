/**
 * A Llama decoder on the GPU: its weights, grouped as the kernels use them. Queries, keys and values are one matrix, gate and up
 * another; the vocabulary is padded with zero rows to a multiple of 4. `forward.ts` and `backward.ts` record what is done with them.
 * @module
 */
import {
  allocate,
  allocateImage,
  allocateTable,
  allocateTogether,
  type Arena,
  createArena,
  type Image,
  imageBytes,
  imageFits,
  prefersImages,
  readFloats,
  releaseArena,
  tableBytes,
  type Tensor,
  togetherElements,
  upload,
} from "../kernels/gpu/buffers.ts";
import { type Gpu, settle } from "../kernels/gpu/device.ts";
import { copyToImage, createProgram, dispatch, type Program, releaseProgram, run } from "../kernels/gpu/program.ts";
import { pack } from "../kernels/pack/pack.ts";
import { ropeTables } from "../kernels/rope/rope.ts";
import { promptTokens } from "../kernels/soft_prompt/soft_prompt.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { LlamaConfig } from "./config.ts";

/** Group of a parameter in weight-distance tables. */
export type ParameterGroup = "embedding" | "attention" | "mlp" | "norms" | "head";

/** A stretch of rows of a parameter that is one tensor of the checkpoint. */
export interface ParameterPiece {
  /** Name of the tensor in the checkpoint. */
  readonly name: string;
  /** Its first row in the parameter. */
  readonly firstRow: number;
  /** Number of its rows. */
  readonly rows: number;
}

/** A weight matrix [rows][columns], or a norm's weight [1][columns]. */
export interface Parameter {
  /** What errors and checkpoints of a session call it. */
  readonly label: string;
  /** Rows: outputs of a linear layer. */
  readonly rows: number;
  /** Columns: inputs of a linear layer. */
  readonly columns: number;
  /** The tensors of the checkpoint it holds, in order of rows. */
  readonly pieces: readonly ParameterPiece[];
  /** Its group in tables of weight distance. */
  readonly group: ParameterGroup;
  /** Layer number; -1 outside the layers. */
  readonly layer: number;
  /** Its values on the GPU. */
  readonly tensor: Tensor;
  /**
   * What kernels that work with a weight read: a copy in an image where the adapter prefers these, the values packed to bf16 where operands
   * are that, else the values themselves.
   */
  readonly operand: Tensor | Image;
}

/** One decoder layer's parameters. */
export interface LayerParameters {
  /** Weight of the norm before attention. */
  readonly attentionNorm: Parameter;
  /** Projections to queries, keys and values, one below the other. */
  readonly queriesKeysValues: Parameter;
  /** Projection of the mixed values. */
  readonly attentionOutput: Parameter;
  /** Weight of the norm before the MLP. */
  readonly mlpNorm: Parameter;
  /** Projections to gate and up, one below the other. */
  readonly gateUp: Parameter;
  /** Projection back to the width of the model. */
  readonly down: Parameter;
}

/** Soft prompts: learnt rows that may stand before a sequence's tokens, where embeddings would. */
export interface SoftPrompts {
  /** Their rows [count * length][hidden], one prompt below the other. */
  readonly tensor: Tensor;
  /** Rows of each prompt. */
  readonly length: number;
  /** Number of prompts. */
  readonly count: number;
}

/** A model on the GPU. */
export interface Llama {
  /** The device it lies on. */
  readonly gpu: Gpu;
  /** Its configuration. */
  readonly config: LlamaConfig;
  /** How its kernels round the operands of matrix products. */
  readonly operands: Operands;
  /** Owner of its GPU memory. */
  readonly arena: Arena;
  /** Token embedding [padded vocabulary][hidden]. */
  readonly embedding: Parameter;
  /** Its decoder layers. */
  readonly layers: readonly LayerParameters[];
  /** Weight of the final norm. */
  readonly norm: Parameter;
  /** The embedding itself where the head is tied. */
  readonly head: Parameter;
  /** All parameters once, in the checkpoint's order. */
  readonly parameters: readonly Parameter[];
  /** Rotary cosines [positions][headSize / 2]. */
  readonly cosines: Tensor | Image;
  /** Rotary sines [positions][headSize / 2]. */
  readonly sines: Tensor | Image;
  /** What tokens from `promptBase` on (kernels/soft_prompt) stand for; null where the model has no soft prompts. */
  readonly prompts: SoftPrompts | null;
}

/** `n` rounded up to a multiple of 4. */
export function padded(n: number): number {
  return Math.ceil(n / 4) * 4;
}

/** Columns of the matrix of queries, keys and values. */
export function attentionWidth(config: LlamaConfig): number {
  return (config.heads + 2 * config.keyValueHeads) * config.headSize;
}

/** A parameter before it is on the GPU: the checkpoint's tensors that it is made of, and their rows. */
type Definition = Pick<Parameter, "label" | "group" | "layer" | "rows" | "columns"> & {
  readonly parts: readonly (readonly [string, number])[];
};

/** The parameters in the checkpoint's order: embedding, six a layer, final norm, and the head where it is not tied. */
function parameterDefinitions(config: LlamaConfig): Definition[] {
  const { hiddenSize: d, intermediateSize: f, heads, keyValueHeads, headSize, vocabSize } = config;
  const define = (
    label: string,
    group: ParameterGroup,
    layer: number,
    [rows, columns]: readonly [number, number],
    parts: Definition["parts"],
  ): Definition => ({ label, group, layer, rows, columns, parts });
  const vocabulary = padded(vocabSize);
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const at = (name: string) => `model.layers.${layer}.${name}.weight`;
    return [
      define(`layer ${layer} attention norm`, "norms", layer, [1, d], [[at("input_layernorm"), 1]]),
      define(`layer ${layer} queries, keys, values`, "attention", layer, [attentionWidth(config), d], [
        [at("self_attn.q_proj"), heads * headSize],
        [at("self_attn.k_proj"), keyValueHeads * headSize],
        [at("self_attn.v_proj"), keyValueHeads * headSize],
      ]),
      define(`layer ${layer} attention output`, "attention", layer, [d, heads * headSize], [
        [at("self_attn.o_proj"), d],
      ]),
      define(`layer ${layer} MLP norm`, "norms", layer, [1, d], [[at("post_attention_layernorm"), 1]]),
      define(`layer ${layer} gate and up`, "mlp", layer, [2 * f, d], [[at("mlp.gate_proj"), f], [
        at("mlp.up_proj"),
        f,
      ]]),
      define(`layer ${layer} down`, "mlp", layer, [d, f], [[at("mlp.down_proj"), d]]),
    ];
  });
  const head = define("head", "head", -1, [vocabulary, d], [["lm_head.weight", vocabSize]]);
  return [
    define("embedding", "embedding", -1, [vocabulary, d], [["model.embed_tokens.weight", vocabSize]]),
    ...layers.flat(),
    define("final norm", "norms", -1, [1, d], [["model.norm.weight", 1]]),
    ...(config.tied ? [] : [head]),
  ];
}

/** Bytes on the GPU of a model with 12-bit or f32 operands: weights, copies of them in images, rotary tables. */
export function modelBytes(gpu: Gpu, config: LlamaConfig): number {
  const sizes = parameterDefinitions(config).map(({ rows, columns }) => rows * columns);
  const copies = sizes.filter((size) => prefersImages(gpu) && imageFits(gpu, size)).map(imageBytes);
  const table = tableBytes(gpu, config.maxPositions * config.headSize / 2);
  return 4 * togetherElements(sizes) + copies.reduce((sum, bytes) => sum + bytes, 0) + 2 * table;
}

/** Where kernels will read a weight: see `Parameter.operand`. */
function allocateOperand(
  arena: Arena,
  { label, group, rows, columns }: Pick<Definition, "label" | "group" | "rows" | "columns">,
  tensor: Tensor,
  operands: Operands,
): Tensor | Image {
  const image = prefersImages(arena.gpu) ? allocateImage(arena, `${label}, image`, rows * columns) : null;
  if (image) return image;
  // Norms are no operands of products.
  return operands === "bf16" && group !== "norms" ? allocate(arena, `${label}, packed`, rows * columns / 2) : tensor;
}

/**
 * Puts a model's weights on the GPU.
 * @param tensor reads a tensor of the checkpoint by its Hugging Face name, widened to f32
 * @throws where a head's size is not a multiple of 8, which the rotary kernel needs
 */
export async function createLlama(
  gpu: Gpu,
  config: LlamaConfig,
  tensor: (name: string) => Float32Array<ArrayBuffer>,
  options: { operands: Operands },
): Promise<Llama> {
  if (config.headSize % 8 !== 0) throw new Error(`head_dim is ${config.headSize}; it must be a multiple of 8`);
  const arena = createArena(gpu);
  try {
    const definitions = parameterDefinitions(config);
    const tensors = allocateTogether(
      arena,
      definitions.map(({ label, rows, columns }) => ({ name: label, length: rows * columns })),
    );
    const parameters = definitions.map(({ parts, ...definition }, i): Parameter => {
      const { columns } = definition;
      let firstRow = 0;
      const pieces = parts.map(([name, partRows]) => {
        upload(gpu, tensors[i], tensor(name), firstRow * columns);
        const piece = { name, firstRow, rows: partRows };
        firstRow += partRows;
        return piece;
      });
      const operand = allocateOperand(arena, definition, tensors[i], options.operands);
      return { ...definition, pieces, tensor: tensors[i], operand };
    });
    const [embedding] = parameters;
    const layers = Array.from({ length: config.layers }, (_, layer): LayerParameters => {
      const [attentionNorm, queriesKeysValues, attentionOutput, mlpNorm, gateUp, down] = parameters.slice(
        1 + 6 * layer,
        7 + 6 * layer,
      );
      return { attentionNorm, queriesKeysValues, attentionOutput, mlpNorm, gateUp, down };
    });
    const [norm, head = embedding] = parameters.slice(1 + 6 * config.layers);
    const tables = ropeTables(config.maxPositions, config.headSize, config.ropeTheta, config.ropeScaling);
    const cosines = allocateTable(arena, "rotary cosines", tables.cosines);
    const sines = allocateTable(arena, "rotary sines", tables.sines);
    renewOperands(gpu, parameters);
    await settle(gpu);
    const { operands } = options;
    return { gpu, config, operands, arena, embedding, layers, norm, head, parameters, cosines, sines, prompts: null };
  } catch (error) {
    releaseArena(arena);
    throw error;
  }
}

/** The same model, sharing its memory, whose sequences may begin with soft prompts; or, with null, may not. */
export function withPrompts(llama: Llama, prompts: SoftPrompts | null): Llama {
  return { ...llama, prompts };
}

/** Tokens of a model's soft prompt number `prompt`, to be put before a sequence's own; none where it has no prompts. */
export function promptOf({ prompts }: Llama, prompt = 0): number[] {
  if (!prompts) return [];
  if (!(prompt >= 0 && prompt < prompts.count)) {
    throw new Error(`soft prompt ${prompt} does not exist: the model has ${prompts.count}, counted from 0`);
  }
  return promptTokens(prompt * prompts.length, prompts.length);
}

/** Records what brings operands up to date with the values of these parameters: nothing where they are the values. */
export function recordOperands<S>(
  program: Program<S>,
  parameters: readonly Pick<Parameter, "tensor" | "operand" | "rows" | "columns">[],
): void {
  for (const { tensor, operand, rows, columns } of parameters) {
    const length = () => rows * columns;
    if ("view" in operand) copyToImage(program, tensor, operand, length);
    else if (operand !== tensor) {
      dispatch(program, pack, { source: tensor, packed: operand }, () => ({ length: length() }));
    }
  }
}

/** Brings operands up to date after values were written. */
export function renewOperands(gpu: Gpu, parameters: readonly Parameter[]): void {
  const program = createProgram<null>(gpu, "operands");
  recordOperands(program, parameters);
  run(program, null);
  releaseProgram(program);
}

/** Frees the model's GPU memory. */
export function releaseLlama(llama: Llama): void {
  releaseArena(llama.arena);
}

/** Cuts a parameter's values into the checkpoint's tensors. */
export function piecesOf(
  parameter: Parameter,
  values: Float32Array<ArrayBuffer>,
): [string, Float32Array<ArrayBuffer>][] {
  return parameter.pieces.map(({ name, firstRow, rows }) => [
    name,
    values.slice(firstRow * parameter.columns, (firstRow + rows) * parameter.columns),
  ]);
}

/** Reads all weights back, by Hugging Face name, in the checkpoint's order. */
export async function readWeights(llama: Llama): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const values = await readFloats(llama.gpu, ...llama.parameters.map(({ tensor }) => tensor));
  return new Map(llama.parameters.flatMap((parameter, i) => piecesOf(parameter, values[i])));
}
