/** The decoder against PyTorch's f32 numbers for a real trained checkpoint (stories260K). */
import { assert, assertEquals } from "@std/assert";
import { closeGpu, openGpu } from "../../kernels/gpu/device.ts";
import { loadCheckpoint } from "../../models/checkpoint.ts";
import { answer, fullLogits } from "../../models/inference.ts";
import { createLlama, type Llama, releaseLlama } from "../../models/llama.ts";
import { createSession } from "../../training/session.ts";
import { testWithSharedData } from "../shared_data.ts";

interface Golden {
  prompt_ids: number[];
  last_logits: number[];
  all_logits_sum_abs: number;
  greedy_100_ids: number[];
  train_ids: number[];
  loss_full: number;
  loss_masked: number;
  loss_masked_first: number;
  grad_l2: Record<string, number>;
  adamw_losses_steps0to5: number[];
}

function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.abs(expected);
}

const sessionOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clip: null,
  labelSmoothing: 0,
  longest: 64,
};

/** Loss and gradients of predicting `tokens` from position `first` on, without changing the weights. */
async function lossAndGradients(llama: Llama, tokens: readonly number[], first: number) {
  const session = await createSession(llama, sessionOptions);
  const targetWeights = tokens.slice(1).map((_, i) => i + 1 >= first ? 1 : 0);
  await session.step([{ tokens, targetWeights }], 0);
  const { losses } = await session.history();
  const gradients = await session.gradients();
  session.release();
  return { loss: losses[0], gradients };
}

testWithSharedData("with f32 operands the decoder agrees with PyTorch", "models/stories260K", async (folder) => {
  const golden: Golden = JSON.parse(await Deno.readTextFile(`${folder}/golden.json`));
  const checkpoint = await loadCheckpoint(`${folder}/hf`);
  const gpu = await openGpu();
  const llama = await createLlama(gpu, checkpoint.config, checkpoint.tensor, { operands: "f32" });
  try {
    const logits = await fullLogits(llama, golden.prompt_ids);
    const vocabulary = checkpoint.config.vocabSize;
    const last = logits.subarray((golden.prompt_ids.length - 1) * vocabulary);
    golden.last_logits.forEach((expected, i) => assert(Math.abs(last[i] - expected) < 1e-3, `logit ${i}`));
    assert(relative(logits.reduce((sum, x) => sum + Math.abs(x), 0), golden.all_logits_sum_abs) < 1e-5);

    const options = { maxNewTokens: 100, stopIds: [], labelIds: [], batchSize: 1 };
    const [{ tokens }] = await answer(llama, [golden.prompt_ids], options);
    assertEquals(tokens, golden.greedy_100_ids);

    const full = await lossAndGradients(llama, golden.train_ids, 1);
    assert(relative(full.loss, golden.loss_full) < 1e-4, `loss ${full.loss}`);
    for (const [name, expected] of Object.entries(golden.grad_l2)) {
      const norm = Math.hypot(...full.gradients.get(name)!);
      assert(relative(norm, expected) < 1e-3, `gradient norm of ${name}: ${norm}, PyTorch ${expected}`);
    }
    const masked = await lossAndGradients(llama, golden.train_ids, golden.loss_masked_first);
    assert(relative(masked.loss, golden.loss_masked) < 1e-4, `masked loss ${masked.loss}`);

    const session = await createSession(llama, sessionOptions);
    const example = { tokens: golden.train_ids, targetWeights: golden.train_ids.slice(1).map(() => 1) };
    for (let step = 0; step < 6; step++) await session.step([example], 2e-4 * Math.max(0, 5 - step) / 5);
    const { losses } = await session.history();
    golden.adamw_losses_steps0to5.forEach((expected, step) =>
      assert(relative(losses[step], expected) < 1e-3, `loss ${losses[step]} at step ${step}, PyTorch ${expected}`)
    );
    session.release();
  } finally {
    releaseLlama(llama);
    checkpoint.close();
    closeGpu(gpu);
  }
});
