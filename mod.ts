/**
 * Tunemark measures what fine-tuning does to a language model's generalization, and gives the same bytes every time it is run.
 *
 * The command line (`deno task bench`) is made of what this module exports: plan and run benchmarks, render and compare reports, train
 * and ask a model with the WGSL kernels.
 *
 * @example Plan a run of one setting, without a GPU
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planRun } from "@tunemark/tunemark";
 *
 * const { plan } = await planRun({
 *   settings: ["in_domain"],
 *   profile: "smoke",
 *   modelDir: "fixtures/model",
 *   dataDir: "fixtures/data",
 *   seeds: 1,
 *   outDir: "runs/example",
 *   only: { task: "sentiment", method: "ft" },
 *   operands: "12bit",
 *   workers: 1,
 *   evaluationBatch: 8,
 *   dryRun: true,
 * });
 * assertEquals(plan.cells.map(({ factors }) => factors.trainSize), [16, 32, 48]);
 * ```
 *
 * @example Ask the embedded model
 * ```ts
 * import { assert } from "@std/assert";
 * import { answer, closeGpu, createLlama, loadCheckpoint, openGpu, releaseLlama } from "@tunemark/tunemark";
 *
 * const gpu = await openGpu();
 * const checkpoint = await loadCheckpoint("fixtures/model");
 * const llama = await createLlama(gpu, checkpoint.config, checkpoint.tensor, { operands: "12bit" });
 * const { tokenizer } = checkpoint;
 * const prompt = tokenizer.encode("### Input:\nthe courier was helpful.\n### Sentiment:", { bos: true });
 * const [answered] = await answer(llama, [prompt], {
 *   maxNewTokens: 4,
 *   stopIds: checkpoint.config.eosIds,
 *   labelIds: ["positive", "negative"].map((label) => tokenizer.encode(label)[0]),
 *   batchSize: 1,
 * });
 * assert(answered.labels.length === 2);
 * releaseLlama(llama);
 * checkpoint.close();
 * closeGpu(gpu);
 * ```
 *
 * @module
 */
export * from "./benchmarks/mod.ts";
export { type AdapterDescription, closeGpu, type Gpu, NoAdapterError, openGpu } from "./kernels/gpu/device.ts";
export type { Arena, Image, Tensor } from "./kernels/gpu/buffers.ts";
export type { DispatchTime } from "./kernels/gpu/program.ts";
export type { Tuning } from "./kernels/gpu/tuner.ts";
export { type Rule, type Selfcheck, selfcheck, type Tier } from "./kernels/selfcheck.ts";
export { kernelVersion } from "./kernels/version.ts";
export type { Distance } from "./kernels/weight_distance/weight_distance.ts";
export {
  type Checkpoint,
  type CheckpointContent,
  type CheckpointHashes,
  hashWeights,
  loadCheckpoint,
  resolveModel,
  saveCheckpoint,
} from "./models/checkpoint.ts";
export {
  configJson,
  type LlamaConfig,
  type ParameterShape,
  parameterShapes,
  parseConfig,
  type RopeScaling,
} from "./models/config.ts";
export {
  type AdaptedParameter,
  type Adapter,
  type AdapterSpec,
  attachAdapter,
  createAdapter,
  detachAdapter,
  releaseAdapter,
} from "./models/adapter.ts";
export type { FloatType } from "./models/half.ts";
export { type Answer, answer, type AnswerOptions, fullLogits } from "./models/inference.ts";
export type { JsonObject } from "./models/json_file.ts";
export {
  createLlama,
  type LayerParameters,
  type Llama,
  type Parameter,
  type ParameterGroup,
  type ParameterPiece,
  promptOf,
  readWeights,
  releaseLlama,
  type SoftPrompts,
  withPrompts,
} from "./models/llama.ts";
export { createTokenizer, type TextTokenizer } from "./models/tokenizer.ts";
export * from "./reports/mod.ts";
export * from "./tasks/mod.ts";
export * from "./training/methods/mod.ts";
export { sampledDemonstrations } from "./training/demonstrations.ts";
export { type AnswerDivergence, forwardKl } from "./training/forward_kl.ts";
export {
  type GradientAlignment,
  gradientAlignment,
  type GradientPart,
  type GradientParts,
  type ModuleKind,
  moduleKinds,
  shuffledTargets,
} from "./training/gradient_alignment.ts";
export { checkHyperparameters, learningRateAt } from "./training/hyperparameters.ts";
export type { Learnable } from "./training/learners.ts";
export type { OptimizerOptions } from "./training/optimizers.ts";
export { type Stream, stream } from "./training/random.ts";
export type { PassOptions } from "./training/gradient_pass.ts";
export {
  createSession,
  type History,
  type SessionOptions,
  type TrainingSession,
  type WeightedSequence,
} from "./training/session.ts";
export {
  batchOrder,
  train,
  type TrainingExample,
  type TrainOptions,
  type TrainProgress,
  type TrainReport,
} from "./training/trainer.ts";
export type { Selection } from "./training/selection.ts";
export {
  type AttachedModel,
  type MethodExample,
  type MethodOptions,
  type StageRun,
  type TrainedModel,
  trainMethod,
} from "./training/stages.ts";
export { type WeightDistances, weightDistances } from "./training/weight_distances.ts";
