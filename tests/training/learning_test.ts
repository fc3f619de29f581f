/** Gradients against differences of the loss, optimizer steps against their formulas in f64, dropout while training and not after. */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { allocate, createArena, readFloats, releaseArena, upload } from "../../kernels/gpu/buffers.ts";
import type { Gpu } from "../../kernels/gpu/device.ts";
import { promptBase } from "../../kernels/soft_prompt/soft_prompt.ts";
import { type Adapter, attachAdapter, createAdapter, releaseAdapter } from "../../models/adapter.ts";
import { answer, fullLogits } from "../../models/inference.ts";
import { type Llama, promptOf, releaseLlama, withPrompts } from "../../models/llama.ts";
import { sampledDemonstrations } from "../../training/demonstrations.ts";
import { createSession, type SessionOptions, type WeightedSequence } from "../../training/session.ts";
import { stream } from "../../training/random.ts";
import { gpuTest } from "../kernels/gpu.ts";
import { randomConfig, randomLlama, randomTokens } from "../models/random_llama.ts";

type Floats = Float32Array<ArrayBuffer>;

const width = randomConfig.hiddenSize;
const settings: SessionOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clip: null,
  labelSmoothing: 0.1,
  longest: 24,
};
const adafactorSettings: SessionOptions = { ...settings, optimizer: "adafactor", beta1: 0, beta2: 0, epsilon: 0 };

function normals(name: string, length: number, scale: number): Floats {
  const random = stream(1, "learning tests", name);
  return Float32Array.from({ length }, () => random.normal() * scale);
}

/** A random model with two soft prompts of three rows and an adapter whose B is not zero. */
async function subjectOf(gpu: Gpu, operands: "12bit" | "f32" = "f32") {
  const llama = await randomLlama(gpu, {}, operands);
  const arena = createArena(gpu);
  const tensor = allocate(arena, "soft prompts", 6 * width);
  upload(gpu, tensor, normals("prompts", 6 * width, 0.3));
  const spec = { rank: 2, alpha: 3, targets: "queries and values" } as const;
  const adapter = await createAdapter(llama, spec, (name, columns) => normals(name, 2 * columns, 0.2));
  for (const { b, blocks, width: columns } of adapter.parameters) {
    const [table] = (await readFloats(gpu, blocks)).map((floats) => new Uint32Array(floats.buffer));
    const values = normals(b.name, b.length, 0.2);
    upload(
      gpu,
      b,
      values.map((value, i) => Math.floor((i % columns) / 2) === table[Math.floor(i / columns)] ? value : 0),
    );
  }
  attachAdapter(adapter);
  const release = () => {
    releaseAdapter(adapter);
    releaseArena(arena);
    releaseLlama(llama);
  };
  return { llama: withPrompts(llama, { tensor, length: 3, count: 2 }), adapter, prompts: tensor, release };
}

/** Four sequences, two behind each prompt, the loss on all tokens but those of the prompt and the first. */
function batchOf(llama: Llama): WeightedSequence[] {
  return [9, 14, 5, 11].map((length, i) => {
    const tokens = [...promptOf(llama, i % 2), ...randomTokens(length, i)];
    return { tokens, targetWeights: tokens.slice(1).map((_, at) => at < 3 ? 0 : 1) };
  });
}

/** Loss of a batch and the gradients, without learning. */
async function gradientsOf(llama: Llama, adapter: Adapter, options: Partial<SessionOptions>) {
  const session = await createSession(llama, { ...settings, adapter, ...options });
  await session.step(batchOf(llama), 0);
  const gradients = await session.gradients();
  const { losses } = await session.history();
  session.release();
  return { loss: losses[0], gradients };
}

const dropped = { rate: 0.3, key: [5, 6] };

for (const [how, changes] of [["", {}], [" with dropout", { dropped }]] as const) {
  gpuTest(`gradients of soft prompts and adapters are the loss's differences${how}`, async (gpu) => {
    const { llama, adapter, prompts, release } = await subjectOf(gpu);
    const learns = ["prompts", "adapter"] as const;
    const { gradients } = await gradientsOf(llama, adapter, { learns, ...changes });
    const [first] = adapter.parameters;
    const tensors = [[prompts, "soft prompts"], [first.a, first.a.name], [first.b, first.b.name]] as const;
    for (const [tensor, name] of tensors) {
      const [values] = await readFloats(gpu, tensor);
      const gradient = gradients.get(name)!;
      const lossAt = async (moved: Floats) => {
        upload(gpu, tensor, moved);
        attachAdapter(adapter);
        return (await gradientsOf(llama, adapter, { learns, ...changes })).loss;
      };
      const size = Math.hypot(...gradient);
      assert(size > 0.01, name);
      // Along the gradient itself, and along one random direction within what may differ from zero.
      const random = normals(`direction of ${name}`, values.length, 1);
      const directions = [
        gradient.map((g) => g / size),
        random.map((r, i) => gradient[i] === 0 ? 0 : r / Math.sqrt(values.length)),
      ];
      for (const direction of directions) {
        const difference = async (h: number) => {
          const up = await lossAt(values.map((value, i) => value + h * direction[i]));
          return (up - await lossAt(values.map((value, i) => value - h * direction[i]))) / (2 * h);
        };
        // The error of a central difference falls with the square of the step; this leaves the fourth power.
        const slope = (4 * await difference(0.01) - await difference(0.02)) / 3;
        const expected = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
        assertAlmostEquals(slope, expected, 5e-4 * size + 2e-4, name);
      }
      upload(gpu, tensor, values);
      attachAdapter(adapter);
    }
    release();
  });
}

gpuTest("only what learns has gradients, and these do not depend on what else learns", async (gpu) => {
  const { llama, adapter, release } = await subjectOf(gpu, "12bit");
  const all = (await gradientsOf(llama, adapter, { learns: ["model", "prompts", "adapter"] })).gradients;
  for (const learns of [["prompts"], ["adapter"], ["model"]] as const) {
    const { gradients } = await gradientsOf(llama, adapter, { learns });
    for (const [name, gradient] of gradients) assertEquals(gradient, all.get(name), name);
    const names = [...gradients.keys()];
    if (learns[0] === "prompts") assertEquals(names, ["soft prompts"]);
    if (learns[0] === "adapter") assertEquals(names, adapter.parameters.flatMap(({ a, b }) => [a.name, b.name]));
    if (learns[0] === "model") assert(!names.some((name) => name === "soft prompts" || / [AB]$/.test(name)));
  }
  release();
});

/** One AdamW step from zero moments, in f64. */
function adamwStep(value: number, gradient: number, rate: number): number {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const first = (1 - beta1) * gradient / (1 - beta1);
  const second = (1 - beta2) * gradient ** 2 / (1 - beta2);
  return value * (1 - rate * weightDecay) - rate * first / (Math.sqrt(second) + epsilon);
}

/** One Adafactor step from zero moments on a matrix, in f64 (Shazeer, Stern 2018): the first step's decay is zero. */
function adafactorStep(values: number[][], gradients: number[][], rate: number, scaleByWeights: boolean): number[][] {
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const squares = gradients.map((row) => row.map((g) => g * g + 1e-30));
  const rows = squares.map(mean);
  const columns = squares[0].map((_, j) => mean(squares.map((row) => row[j])));
  const u = gradients.map((row, i) =>
    row.map((g, j) =>
      values.length === 1 ? g / Math.sqrt(squares[0][j]) : g / Math.sqrt(rows[i] * columns[j] / mean(rows))
    )
  );
  const rootMeanSquare = (matrix: number[][]) => Math.sqrt(mean(matrix.flat().map((x) => x * x)));
  const step = scaleByWeights ? rate * Math.max(1e-3, rootMeanSquare(values)) : rate;
  const clipped = Math.max(1, rootMeanSquare(u));
  return values.map((row, i) => row.map((w, j) => w * (1 - step * settings.weightDecay) - step * u[i][j] / clipped));
}

/** Some rows and columns of a tensor's values. */
function matrixOf(values: Floats, stride: number, [top, left]: number[], [rows, columns]: number[]): number[][] {
  return Array.from(
    { length: rows },
    (_, i) => Array.from(values.subarray((top + i) * stride + left, (top + i) * stride + left + columns)),
  );
}

for (const optimizer of ["adamw", "adafactor"] as const) {
  gpuTest(`a step by ${optimizer} is its formula on each matrix by itself`, async (gpu) => {
    for (const scaleByWeights of optimizer === "adamw" ? [undefined] : [true, false]) {
      const { llama, adapter, prompts, release } = await subjectOf(gpu);
      const { queriesKeysValues, attentionNorm } = llama.layers[0];
      const [{ a, b, width: ab, base }] = adapter.parameters;
      const gradients = async () => {
        const raw = await gradientsOf(llama, adapter, { learns: ["model", "prompts", "adapter"] });
        const at = (name: string) => raw.gradients.get(`model.layers.0.${name}.weight`)!;
        const whole = ["q", "k", "v"].flatMap((one) => [...at(`self_attn.${one}_proj`)]);
        return [raw.gradients.get("soft prompts")!, raw.gradients.get(a.name)!, raw.gradients.get(b.name)!]
          .concat([Float32Array.from(whole), at("input_layernorm")]);
      };
      const g = await gradients();
      const tensors = [prompts, a, b, base, attentionNorm.tensor];
      const before = await readFloats(gpu, ...tensors);
      const rate = 0.05;
      const session = await createSession(llama, {
        ...(optimizer === "adamw" ? settings : adafactorSettings),
        ...(scaleByWeights === undefined ? {} : { scaleByWeights }),
        adapter,
        learns: ["model", "prompts", "adapter"],
      });
      await session.step(batchOf(llama), rate);
      session.release();
      const after = await readFloats(gpu, ...tensors);
      // Tensor, columns, corner and size of each matrix: prompts, A and B of queries and of values, the three projections, a norm.
      const { heads, keyValueHeads, headSize } = randomConfig;
      const [q, kv] = [heads * headSize, keyValueHeads * headSize];
      assertEquals(queriesKeysValues.rows, q + 2 * kv);
      const matrices: [string, number, number, number[], number[]][] = [
        ["first prompt", 0, width, [0, 0], [3, width]],
        ["second prompt", 0, width, [3, 0], [3, width]],
        ["A of queries", 1, width, [0, 0], [2, width]],
        ["A of values", 1, width, [2, 0], [2, width]],
        ["B of queries", 2, ab, [0, 0], [q, 2]],
        ["B of values", 2, ab, [q + kv, 2], [kv, 2]],
        ["queries", 3, width, [0, 0], [q, width]],
        ["keys", 3, width, [q, 0], [kv, width]],
        ["values", 3, width, [q + kv, 0], [kv, width]],
        ["norm", 4, width, [0, 0], [1, width]],
      ];
      for (const [name, i, stride, corner, size] of matrices) {
        const [old, gradient, now] = [before[i], g[i], after[i]].map((x) => matrixOf(x, stride, corner, size));
        const expected = optimizer === "adamw"
          ? old.map((row, r) => row.map((w, c) => adamwStep(w, gradient[r][c], rate)))
          : adafactorStep(old, gradient, rate, scaleByWeights!);
        now.forEach((row, r) =>
          row.forEach((w, c) => assertAlmostEquals(w, expected[r][c], 2e-5, `${name} ${r} ${c}`))
        );
      }
      const outside = matrixOf(after[2], ab, [0, 2], [q + kv, 2]).flat();
      assertEquals(outside, outside.map(() => 0), "B is zero outside its blocks");
      release();
    }
  });
}

gpuTest("a soft prompt of embeddings is as good as their tokens, and each sequence gets its own", async (gpu) => {
  const { llama, prompts, release } = await subjectOf(gpu, "12bit");
  const [embedding] = await readFloats(gpu, llama.embedding.tensor);
  const ids = [7, 31, 2, 40, 11, 12];
  ids.forEach((id, row) => upload(gpu, prompts, embedding.slice(id * width, (id + 1) * width), row * width));
  const text = randomTokens(6, 3);
  assertEquals(promptOf(llama, 1), [promptBase + 3, promptBase + 4, promptBase + 5]);
  for (const prompt of [0, 1]) {
    const plain = await fullLogits(llama, [...ids.slice(prompt * 3, prompt * 3 + 3), ...text]);
    assertEquals(await fullLogits(llama, [...promptOf(llama, prompt), ...text]), plain);
  }
  const asked = [[5, 6, 7], [8, 9], text];
  const options = { maxNewTokens: 6, stopIds: [2], labelIds: [3, 4], batchSize: 2 };
  const behind = await answer(llama, asked.map((tokens) => [...promptOf(llama, 1), ...tokens]), options);
  assertEquals(behind, await answer(llama, asked.map((tokens) => [...ids.slice(3), ...tokens]), options));
  assertNotEquals(behind, await answer(llama, asked, options));
  assertEquals(promptOf(withPrompts(llama, null)), []);
  assertThrows(() => promptOf(llama, 2), Error, "soft prompt 2 does not exist: the model has 2, counted from 0");
  release();
});

gpuTest("dropout changes the training loss, at each step otherwise, and nothing after training", async (gpu) => {
  const { llama, adapter, release } = await subjectOf(gpu, "12bit");
  const before = await fullLogits(llama, randomTokens(9, 1));
  const lossesOf = async (changes: Partial<SessionOptions>) => {
    const session = await createSession(llama, {
      ...settings,
      adapter,
      learns: ["prompts"],
      weightDecay: 0,
      ...changes,
    });
    for (let step = 0; step < 3; step++) await session.step(batchOf(llama), 0);
    const { losses } = await session.history();
    session.release();
    return [...losses];
  };
  const plain = await lossesOf({});
  assertEquals(new Set(plain).size, 1);
  const some = await lossesOf({ dropped });
  assertEquals(new Set([...some, plain[0]]).size, 4);
  assertEquals(await lossesOf({ dropped, microBatchTokens: 24 }), some);
  assertNotEquals(await lossesOf({ dropped: { rate: 0.3, key: [5, 7] } }), some);
  assertEquals(await lossesOf({ dropped: { rate: 0, key: [5, 6] } }), plain);
  assertEquals(await fullLogits(llama, randomTokens(9, 1)), before);
  release();
});

gpuTest("prompts that learn on one batch bring its loss down", async (gpu) => {
  const { llama, adapter, release } = await subjectOf(gpu, "12bit");
  for (const options of [settings, { ...adafactorSettings, scaleByWeights: false }]) {
    const session = await createSession(llama, { ...options, adapter, learns: ["prompts"] });
    for (let step = 0; step < 12; step++) await session.step(batchOf(llama), 0.05);
    const { losses } = await session.history();
    assert(losses[11] < losses[0] - 0.05, `${losses}`);
    session.release();
  }
  release();
});

Deno.test("drawn demonstrations are different rows, the same for equal seeds and other for other seeds and examples", () => {
  const drawn = sampledDemonstrations(1, 5, 20, 4, 5);
  assertEquals(drawn, sampledDemonstrations(1, 5, 20, 4, 5));
  assertEquals(new Set(drawn).size, 4);
  assertNotEquals(drawn, sampledDemonstrations(2, 5, 20, 4, 5));
  assertNotEquals(drawn, sampledDemonstrations(1, 6, 20, 4, 5));
  for (let example = 0; example < 20; example++) {
    const rows = sampledDemonstrations(1, example, 20, 19, example);
    assertEquals(rows.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== example));
  }
  const message = "20 demonstrations cannot be drawn from 19 rows; use fewer demonstrations";
  assertThrows(() => sampledDemonstrations(1, 0, 20, 20, 0), Error, message);
});
