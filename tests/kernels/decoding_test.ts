import { assertEquals } from "@std/assert";
import { chooseToken, scoreLabels } from "../../kernels/decoding/decoding.ts";
import { bestOracle, chooseTokenOracle, type DecodingRow } from "../../kernels/decoding/oracle.ts";
import { bitsOf } from "../../kernels/numerics.ts";
import { assertBits, type Data, floats, gpuTest, runKernel } from "./gpu.ts";

function words(floats: Float32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(floats.buffer);
}

gpuTest("greedy decoding chooses, counts and stops as defined", async (gpu) => {
  const [rows, vocabulary, stride, limit, capacity] = [9, 30, 32, 4, 20];
  // Half of the rows stop before the limit.
  const stopTokens = Uint32Array.of(1, 8, 15, 22);
  const expected: DecodingRow[] = Array.from({ length: rows }, (_, row) => (
    { position: row, finished: 0, generated: [], margin: Math.fround(1e30) }
  ));
  let outputs: Record<string, Data> = {
    state: Uint32Array.from(expected.flatMap(({ position }) => [position, 0, 0, 0])),
    tokens: new Uint32Array(rows),
    positions: new Uint32Array(rows),
    slots: new Uint32Array(rows),
    generated: new Uint32Array(rows * limit),
    margins: new Float32Array(rows).fill(1e30),
  };
  const uniforms = { rows, vocabulary, stride, stops: stopTokens.length, limit, capacity };
  for (let step = 0; step < limit + 1; step++) {
    const logits = floats(`logits ${step}`, rows * stride);
    // Equal logits: the first is chosen, with no lead.
    if (step === 0) logits[2] = logits[5] = 9;
    // What lies beyond the vocabulary is never chosen.
    logits[vocabulary] = 99;
    const bindings = { logits, stopTokens, ...outputs };
    const raw = await runKernel(gpu, chooseToken, bindings, uniforms);
    const tokens = expected.map((row, i) =>
      chooseTokenOracle(row, logits.subarray(i * stride, i * stride + vocabulary), [...stopTokens], limit)
    );
    const { margins, ...rest } = raw;
    outputs = { margins, ...Object.fromEntries(Object.entries(rest).map(([name, data]) => [name, words(data)])) };
    assertEquals([...outputs.tokens], tokens, `step ${step}`);
    assertEquals([...outputs.positions], expected.map(({ position }) => position));
    assertEquals([...outputs.slots], expected.map(({ position }, row) => row * capacity + position));
    assertBits(margins, Float32Array.from(expected, ({ margin }) => margin), `step ${step}: margins`);
    expected.forEach(({ position, finished, generated }, row) => {
      assertEquals([...outputs.state.subarray(row * 4, row * 4 + 3)], [position, finished, generated.length]);
      assertEquals([...outputs.generated.subarray(row * limit, row * limit + generated.length)], generated);
    });
  }
  assertEquals(new Set(expected.map(({ finished }) => finished)), new Set([1, 2]));
});

gpuTest("labels are scored, with the best token and its lead", async (gpu) => {
  for (const [rows, vocabulary, stride] of [[1, 3, 4], [11, 75, 76]]) {
    const logits = floats("logits", rows * stride);
    const labelTokens = Uint32Array.of(2, 0);
    const pairs = () => new Float32Array(rows * 2);
    const bindings = { logits, labelTokens, scores: pairs(), best: new Uint32Array(rows), choice: pairs() };
    const uniforms = { rows, vocabulary, stride, labels: 2 };
    const { scores, best, choice } = await runKernel(gpu, scoreLabels, bindings, uniforms);
    for (let row = 0; row < rows; row++) {
      const line = logits.subarray(row * stride, row * stride + vocabulary);
      const { token, logit, margin } = bestOracle(line);
      assertEquals([scores[row * 2], scores[row * 2 + 1]], [line[2], line[0]]);
      assertEquals([choice[row * 2], choice[row * 2 + 1], bitsOf(best[row])], [logit, margin, token]);
    }
  }
});
