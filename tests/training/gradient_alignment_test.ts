/** Gradient alignment against gradients by differences of an independent f64 decoder, and what must not matter to it. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Gpu } from "../../kernels/gpu/device.ts";
import type { Operands } from "../../kernels/numerics.ts";
import type { LlamaConfig } from "../../models/config.ts";
import { createLlama, type Llama, promptOf, readWeights, releaseLlama, withPrompts } from "../../models/llama.ts";
import { allocate, createArena, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import { gradientAlignment, moduleKinds, shuffledTargets } from "../../training/gradient_alignment.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { plainGradients, plainLoss } from "../models/plain_llama.ts";
import { randomConfig, randomLlama, randomTokens, randomWeights } from "../models/random_llama.ts";
import { examples } from "./small_training.ts";

const tiny: LlamaConfig = {
  ...randomConfig,
  vocabSize: 6,
  hiddenSize: 8,
  intermediateSize: 8,
  heads: 2,
  keyValueHeads: 1,
  tied: false,
};

const inputs = [[1, 3], [1, 5, 2], [4]];
const answers = [[2, 5], [3], [4, 5]];
const answered = (from: readonly number[]) =>
  inputs.map((input, i) => ({ tokens: [...input, ...answers[from[i]]], targetStart: input.length }));

const own = answered([0, 1, 2]);
const shuffled = answered([1, 2, 0]);

async function withModel<T>(
  gpu: Gpu,
  config: LlamaConfig,
  operands: Operands,
  body: (llama: Llama) => Promise<T>,
): Promise<T> {
  const weights = randomWeights(config);
  const llama = await createLlama(gpu, config, (name) => weights.get(name)!, { operands });
  try {
    return await body(llama);
  } finally {
    releaseLlama(llama);
  }
}

function cosineOf(a: readonly number[], b: readonly number[]): number {
  const dot = (p: readonly number[], q: readonly number[]) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

for (const tied of [false, true]) {
  gpuTest(
    `cosines and norms are those of gradients by differences, with ${tied ? "a tied" : "its own"} head`,
    async (gpu) => {
      const config = { ...tiny, tied };
      const weights = randomWeights(config);
      const found = await withModel(
        gpu,
        config,
        "f32",
        (llama) => gradientAlignment({ llama, prefix: [] }, own, shuffled),
      );
      const [first, second] = [own, shuffled].map((list) => plainGradients(config, weights, list));
      const expect = (part: typeof found.overall | null, names: RegExp, label: string) => {
        const chosen = [...weights.keys()].filter((name) => names.test(name));
        assertEquals(part === null, chosen.length === 0, label);
        if (part === null) return;
        const [a, b] = [first, second].map((gradients) => chosen.flatMap((name) => gradients.get(name)!));
        assertAlmostEquals(part.cosine!, cosineOf(a, b), 1e-4, label);
        assertAlmostEquals(part.norm / Math.hypot(...a), 1, 1e-4, label);
        assertAlmostEquals(part.otherNorm / Math.hypot(...b), 1, 1e-4, label);
      };
      const patterns: Record<string, string> = {
        query: "q_proj",
        key: "k_proj",
        value: "v_proj",
        output: "o_proj",
        mlp: "mlp",
        gate: "gate",
        up: "up_proj",
        down: "down",
        norms: "norm",
        embedding: "embed",
        head: "lm_head",
      };
      expect(found.overall, /./, "overall");
      for (const kind of moduleKinds) {
        expect(found.modules[kind], new RegExp(patterns[kind]), kind);
        for (const layer of [0, 1]) {
          expect(
            found.layers[layer].modules[kind],
            new RegExp(`layers\\.${layer}\\..*${patterns[kind]}`),
            `layer ${layer} ${kind}`,
          );
        }
      }
      expect(found.layers[1].overall, /layers\.1\./, "layer 1");
      [own, shuffled].forEach((list, i) => assertAlmostEquals(found.losses[i], plainLoss(config, weights, list), 1e-5));
    },
  );
}

gpuTest("the cosine is 1 where no target moved, and -1 where targets pull apart", async (gpu) => {
  await withModel(gpu, tiny, "12bit", async (llama) => {
    const same = await gradientAlignment({ llama, prefix: [] }, own, own);
    for (const part of [same.overall, ...moduleKinds.map((kind) => same.modules[kind]!)]) {
      assertAlmostEquals(part.cosine!, 1, 1e-12);
      assertEquals(part.norm, part.otherNorm);
    }
  });
  // A head that predicts each of two answers half the time has opposite gradients for one and the other.
  const config = { ...tiny, layers: 0, vocabSize: 2 };
  const weights = new Map([...randomWeights(config)].map(([name, values]) => [
    name,
    name === "lm_head.weight" ? values.map(() => 0.1) : values,
  ]));
  const llama = await createLlama(gpu, config, (name) => weights.get(name)!, { operands: "12bit" });
  const only = (token: number) => [{ tokens: [1, token], targetStart: 1 }];
  const opposite = await gradientAlignment({ llama, prefix: [] }, only(0), only(1));
  assertAlmostEquals(opposite.modules.head!.cosine!, -1, 1e-6);
  assertEquals(opposite.modules.embedding!.cosine, null, "a head of equal rows passes no gradient on");
  assertEquals([opposite.modules.query, opposite.layers], [null, []]);
  releaseLlama(llama);
});

for (const operands of ["12bit", "bf16"] as const) {
  gpuTest(`micro-batches change no bit and the model keeps its own, with ${operands} operands`, async (gpu) => {
    const llama = await randomLlama(gpu, {}, operands);
    const before = await readWeights(llama);
    const others = shuffledTargets(examples.length, 1).map((from, i) => {
      const [input, target] = [examples[i], examples[from]];
      const tokens = [...Array.from(input.tokens).slice(0, input.targetStart)];
      return {
        tokens: [...tokens, ...Array.from(target.tokens).slice(target.targetStart)],
        targetStart: tokens.length,
      };
    });
    const whole = await gradientAlignment({ llama, prefix: [] }, examples, others);
    assert(whole.overall.cosine! > -1 && whole.overall.cosine! < 0.999);
    for (const microBatchTokens of [45, 130]) {
      assertEquals(await gradientAlignment({ llama, prefix: [] }, examples, others, { microBatchTokens }), whole);
    }
    assertEquals(await gradientAlignment({ llama, prefix: [] }, examples, others), whole);
    assertEquals(await readWeights(llama), before);
    releaseLlama(llama);
  });
}

gpuTest("a soft prompt stands before the examples, and has no part in the cosine", async (gpu) => {
  await withModel(gpu, tiny, "12bit", async (llama) => {
    const arena = createArena(gpu);
    // A prompt whose rows are embeddings is those tokens; their own embedding then has no gradient of them.
    const embedding = randomWeights(tiny).get("model.embed_tokens.weight")!;
    const tensor = allocate(arena, "soft prompts", 2 * tiny.hiddenSize);
    upload(gpu, tensor, embedding.slice(4 * tiny.hiddenSize, 6 * tiny.hiddenSize));
    const prompted = withPrompts(llama, { tensor, length: 2, count: 1 });
    const soft = await gradientAlignment({ llama: prompted, prefix: promptOf(prompted) }, own, shuffled);
    const hard = await gradientAlignment({ llama, prefix: [4, 5] }, own, shuffled);
    assertEquals(soft.layers, hard.layers);
    assertEquals(soft.losses, hard.losses);
    assert(soft.modules.embedding!.norm !== hard.modules.embedding!.norm);
    releaseArena(arena);
  });
});

gpuTest("lists without a target, too long examples and targets outside of them are errors", async (gpu) => {
  await withModel(gpu, tiny, "12bit", async (llama) => {
    const refused = (first: typeof own, second: typeof own, message: string) =>
      assertRejects(() => gradientAlignment({ llama, prefix: [] }, first, second), Error, message);
    await refused([], own, "no target token");
    await refused(own, [{ tokens: [1, 2], targetStart: 2 }], "no target token");
    await refused(own, [{ tokens: [1, 2], targetStart: 0 }], "cannot have its target start at 0");
    const long = [{ tokens: randomTokens(161, 1, 6), targetStart: 2 }];
    await refused(long, own, "an example of 161 tokens exceeds the model's context of 160");
  });
});

Deno.test("shuffled targets are a permutation without a fixed place, by the seed", () => {
  for (const count of [2, 3, 10, 101]) {
    for (const seed of [1, 2, 3]) {
      const from = shuffledTargets(count, seed);
      assertEquals([...from].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
      assert(from.every((source, i) => source !== i));
      assertEquals(shuffledTargets(count, seed), from);
    }
  }
  assert(shuffledTargets(101, 1).join() !== shuffledTargets(101, 2).join());
  // Each other place is as likely: of 4 the share of 0 getting that of 1 is about a third.
  const times = Array.from({ length: 600 }, (_, seed) => shuffledTargets(4, seed)[0]).filter((source) => source === 1);
  assert(times.length > 150 && times.length < 250, `${times.length} of 600`);
  for (const count of [0, 1]) {
    assertThrows(() => shuffledTargets(count, 1), Error, `targets of ${count} examples cannot be shuffled`);
  }
});
