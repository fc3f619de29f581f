import { assertEquals } from "@std/assert";
import { chooseToken, scoreLabels } from "../../kernels/decoding/decoding.ts";
import { bestOracle, chooseTokenOracle, type DecodingRow } from "../../kernels/decoding/oracle.ts";
import { bitsOf } from "../../kernels/numerics.ts";
import { type Data, floats, gpuTest, runKernel } from "./gpu.ts";

function words(floats: Float32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(floats.buffer);
}

gpuTest("greedy decoding chooses, counts and stops as defined", async (gpu) => {
  const [rows, vocabulary, stride, limit, capacity, prefix] = [9, 90, 92, 4, 20, 8];
  // Half of the rows stop before the limit.
  const stopTokens = Uint32Array.from({ length: 13 }, (_, i) => 1 + i * 7);
  const expected: DecodingRow[] = Array.from({ length: rows }, (_, row) => (
    { position: prefix + row, finished: 0, generated: [], margin: Math.fround(1e30) }
  ));
  const slotOf = (row: number) => (row * 2) % rows;
  let outputs: Record<string, Data> = {
    state: Uint32Array.from(expected.flatMap(({ position, margin }) => [position, 0, 0, bitsOf(margin)])),
    tokens: new Uint32Array(rows),
    positions: new Uint32Array(rows),
    slots: new Uint32Array(rows),
    // Rows may lie in any slot.
    sequences: Uint32Array.from(expected.flatMap((_, row) => [row, 1, row, slotOf(row)])),
    generated: new Uint32Array(rows * limit),
  };
  const uniforms = { rows, vocabulary, stride, stops: stopTokens.length, limit, prefix, capacity };
  for (let step = 0; step < limit + 1; step++) {
    const logits = floats(`logits ${step}`, rows * stride);
    // Equal logits: the first is chosen, with no lead.
    if (step === 0) logits[2] = logits[5] = logits[70] = 9;
    // What lies beyond the vocabulary is never chosen.
    logits[vocabulary] = 99;
    const bindings = { logits, stopTokens, ...outputs };
    const raw = await runKernel(gpu, chooseToken(step % 2 ? 64 : 16), bindings, uniforms);
    const tokens = expected.map((row, i) =>
      chooseTokenOracle(row, logits.subarray(i * stride, i * stride + vocabulary), [...stopTokens], limit)
    );
    outputs = Object.fromEntries(Object.entries(raw).map(([name, data]) => [name, words(data)]));
    assertEquals([...outputs.tokens], tokens, `step ${step}`);
    assertEquals([...outputs.positions], expected.map(({ position }) => position));
    assertEquals([...outputs.slots], expected.map(({ position }, row) => slotOf(row) * capacity + position - prefix));
    expected.forEach(({ position, finished, generated, margin }, row) => {
      const slot = slotOf(row);
      const quad = (name: string) => [...outputs[name].subarray(row * 4, row * 4 + 4)];
      assertEquals(quad("state"), [position, finished, generated.length, bitsOf(margin)]);
      assertEquals(quad("sequences"), [row, finished === 0 ? 1 : 0, position - prefix, slot]);
      assertEquals([...outputs.generated.subarray(slot * limit, slot * limit + generated.length)], generated);
    });
  }
  assertEquals(new Set(expected.map(({ finished }) => finished)), new Set([1, 2]));
});

gpuTest("labels are scored, with the best token and its lead", async (gpu) => {
  for (const [rows, vocabulary, stride] of [[1, 3, 4], [11, 75, 76], [2, 200, 200]]) {
    const logits = floats("logits", rows * stride);
    const labelTokens = Uint32Array.of(2, 0);
    const pairs = () => new Float32Array(rows * 2);
    const bindings = { logits, labelTokens, scores: pairs(), best: new Uint32Array(rows), choice: pairs() };
    const uniforms = { rows, vocabulary, stride, labels: 2 };
    for (const lanes of [8, 16, 64]) {
      const { scores, best, choice } = await runKernel(gpu, scoreLabels(lanes), bindings, uniforms);
      for (let row = 0; row < rows; row++) {
        const line = logits.subarray(row * stride, row * stride + vocabulary);
        const { token, logit, margin } = bestOracle(line);
        assertEquals([scores[row * 2], scores[row * 2 + 1]], [line[2], line[0]]);
        assertEquals([choice[row * 2], choice[row * 2 + 1], bitsOf(best[row])], [logit, margin, token]);
      }
    }
  }
});
