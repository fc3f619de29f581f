/**
 * The version of the kernels: a hash of everything that decides their bits. A report names it, so that runs of different kernels are
 * told apart. Left out are what drives the device (`gpu/`), the oracles and the self-check: they decide nothing.
 * @module
 */
import accumulateTs from "./accumulate/accumulate.ts" with { type: "text" };
import accumulateWgsl from "./accumulate/accumulate.wgsl" with { type: "text" };
import adafactorTs from "./adafactor/adafactor.ts" with { type: "text" };
import adafactorWgsl from "./adafactor/adafactor.wgsl" with { type: "text" };
import adamwTs from "./adamw/adamw.ts" with { type: "text" };
import adamwWgsl from "./adamw/adamw.wgsl" with { type: "text" };
import attentionTs from "./attention/attention.ts" with { type: "text" };
import attentionWgsl from "./attention/attention.wgsl" with { type: "text" };
import attentionWideWgsl from "./attention/attention_wide.wgsl" with { type: "text" };
import cachedTs from "./attention/cached.ts" with { type: "text" };
import cachedWgsl from "./attention/cached.wgsl" with { type: "text" };
import attentionLanesTs from "./attention/lanes.ts" with { type: "text" };
import attentionWeightsTs from "./attention/weights.ts" with { type: "text" };
import crossEntropyTs from "./cross_entropy/cross_entropy.ts" with { type: "text" };
import crossEntropyWgsl from "./cross_entropy/cross_entropy.wgsl" with { type: "text" };
import decodingTs from "./decoding/decoding.ts" with { type: "text" };
import decodingWgsl from "./decoding/decoding.wgsl" with { type: "text" };
import dropoutTs from "./dropout/dropout.ts" with { type: "text" };
import dropoutWgsl from "./dropout/dropout.wgsl" with { type: "text" };
import embeddingTs from "./embedding/embedding.ts" with { type: "text" };
import embeddingWgsl from "./embedding/embedding.wgsl" with { type: "text" };
import gradientCosineTs from "./gradient_cosine/gradient_cosine.ts" with { type: "text" };
import gradientCosineWgsl from "./gradient_cosine/gradient_cosine.wgsl" with { type: "text" };
import gradientNormTs from "./gradient_norm/gradient_norm.ts" with { type: "text" };
import gradientNormWgsl from "./gradient_norm/gradient_norm.wgsl" with { type: "text" };
import gridTs from "./grid.ts" with { type: "text" };
import klDivergenceTs from "./kl_divergence/kl_divergence.ts" with { type: "text" };
import klDivergenceWgsl from "./kl_divergence/kl_divergence.wgsl" with { type: "text" };
import loraTs from "./lora/lora.ts" with { type: "text" };
import loraWgsl from "./lora/lora.wgsl" with { type: "text" };
import matmulGeneratorTs from "./matmul/generator.ts" with { type: "text" };
import matmulLoopsTs from "./matmul/loops.ts" with { type: "text" };
import matmulTs from "./matmul/matmul.ts" with { type: "text" };
import matmulPiecesTs from "./matmul/pieces.ts" with { type: "text" };
import matmulTileTs from "./matmul/tile.ts" with { type: "text" };
import numericsTs from "./numerics.ts" with { type: "text" };
import numericsWgsl from "./numerics.wgsl" with { type: "text" };
import packTs from "./pack/pack.ts" with { type: "text" };
import packWgsl from "./pack/pack.wgsl" with { type: "text" };
import rmsNormTs from "./rms_norm/rms_norm.ts" with { type: "text" };
import rmsNormWgsl from "./rms_norm/rms_norm.wgsl" with { type: "text" };
import rotationTs from "./rope/rotation.ts" with { type: "text" };
import ropeTs from "./rope/rope.ts" with { type: "text" };
import ropeWgsl from "./rope/rope.wgsl" with { type: "text" };
import rowGroupWgsl from "./row_group.wgsl" with { type: "text" };
import rowScheduleTs from "./row_schedule.ts" with { type: "text" };
import rowsTs from "./rows/rows.ts" with { type: "text" };
import rowsWgsl from "./rows/rows.wgsl" with { type: "text" };
import softPromptTs from "./soft_prompt/soft_prompt.ts" with { type: "text" };
import softPromptWgsl from "./soft_prompt/soft_prompt.wgsl" with { type: "text" };
import swigluWgsl from "./swiglu/swiglu.wgsl" with { type: "text" };
import weightDistanceTs from "./weight_distance/weight_distance.ts" with { type: "text" };
import weightDistanceWgsl from "./weight_distance/weight_distance.wgsl" with { type: "text" };

/** Text of every file that decides bits, by its path within the kernels. */
export const kernelSources: Readonly<Record<string, string>> = {
  "accumulate/accumulate.ts": accumulateTs,
  "accumulate/accumulate.wgsl": accumulateWgsl,
  "adafactor/adafactor.ts": adafactorTs,
  "adafactor/adafactor.wgsl": adafactorWgsl,
  "adamw/adamw.ts": adamwTs,
  "adamw/adamw.wgsl": adamwWgsl,
  "attention/attention.ts": attentionTs,
  "attention/attention.wgsl": attentionWgsl,
  "attention/attention_wide.wgsl": attentionWideWgsl,
  "attention/cached.ts": cachedTs,
  "attention/cached.wgsl": cachedWgsl,
  "attention/lanes.ts": attentionLanesTs,
  "attention/weights.ts": attentionWeightsTs,
  "cross_entropy/cross_entropy.ts": crossEntropyTs,
  "cross_entropy/cross_entropy.wgsl": crossEntropyWgsl,
  "decoding/decoding.ts": decodingTs,
  "decoding/decoding.wgsl": decodingWgsl,
  "dropout/dropout.ts": dropoutTs,
  "dropout/dropout.wgsl": dropoutWgsl,
  "embedding/embedding.ts": embeddingTs,
  "embedding/embedding.wgsl": embeddingWgsl,
  "gradient_cosine/gradient_cosine.ts": gradientCosineTs,
  "gradient_cosine/gradient_cosine.wgsl": gradientCosineWgsl,
  "gradient_norm/gradient_norm.ts": gradientNormTs,
  "gradient_norm/gradient_norm.wgsl": gradientNormWgsl,
  "grid.ts": gridTs,
  "kl_divergence/kl_divergence.ts": klDivergenceTs,
  "kl_divergence/kl_divergence.wgsl": klDivergenceWgsl,
  "lora/lora.ts": loraTs,
  "lora/lora.wgsl": loraWgsl,
  "matmul/generator.ts": matmulGeneratorTs,
  "matmul/loops.ts": matmulLoopsTs,
  "matmul/matmul.ts": matmulTs,
  "matmul/pieces.ts": matmulPiecesTs,
  "matmul/tile.ts": matmulTileTs,
  "numerics.ts": numericsTs,
  "numerics.wgsl": numericsWgsl,
  "pack/pack.ts": packTs,
  "pack/pack.wgsl": packWgsl,
  "rms_norm/rms_norm.ts": rmsNormTs,
  "rms_norm/rms_norm.wgsl": rmsNormWgsl,
  "rope/rope.ts": ropeTs,
  "rope/rope.wgsl": ropeWgsl,
  "rope/rotation.ts": rotationTs,
  "row_group.wgsl": rowGroupWgsl,
  "row_schedule.ts": rowScheduleTs,
  "rows/rows.ts": rowsTs,
  "rows/rows.wgsl": rowsWgsl,
  "soft_prompt/soft_prompt.ts": softPromptTs,
  "soft_prompt/soft_prompt.wgsl": softPromptWgsl,
  "swiglu/swiglu.wgsl": swigluWgsl,
  "weight_distance/weight_distance.ts": weightDistanceTs,
  "weight_distance/weight_distance.wgsl": weightDistanceWgsl,
};

/** SHA-256, in hexadecimal, over the paths and texts of all kernel sources. */
export async function kernelVersion(): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(Object.entries(kernelSources)));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
