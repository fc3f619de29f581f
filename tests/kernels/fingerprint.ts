/**
 * Prints what must be the same on every driver: the numeric signature, and the weights, losses and answers of a small model after training.
 * @module
 */
import { closeGpu, openGpu } from "../../kernels/gpu/device.ts";
import type { Operands } from "../../kernels/numerics.ts";
import { selfcheck } from "../../kernels/selfcheck.ts";
import { hashWeights } from "../../models/checkpoint.ts";
import { parameterShapes } from "../../models/config.ts";
import { answer } from "../../models/inference.ts";
import { readWeights, releaseLlama } from "../../models/llama.ts";
import { train } from "../../training/trainer.ts";
import { randomLlama, randomTokens } from "../models/random_llama.ts";
import { examples, hyper } from "../training/small_training.ts";

const prompts = [randomTokens(3, 100), randomTokens(30, 101)];

const gpu = await openGpu();
const { signature } = await selfcheck(gpu);
const trained: Partial<Record<Operands, unknown>> = {};
for (const operands of ["12bit", "bf16"] as const) {
  const llama = await randomLlama(gpu, { tied: false }, operands);
  const { losses, gradientNorms } = await train(llama, examples, hyper, { seed: 1 });
  const weights = await readWeights(llama);
  trained[operands] = {
    weights: await hashWeights(parameterShapes(llama.config), (name) => weights.get(name)!),
    losses: [...losses],
    gradientNorms: [...gradientNorms],
    answers: await answer(llama, prompts, { maxNewTokens: 20, stopIds: [], labelIds: [3, 7], batchSize: 2 }),
  };
  releaseLlama(llama);
}
closeGpu(gpu);
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ signature, trained }, null, 1)}\n`));
