import { assertEquals } from "@std/assert";
import { promptBatches } from "../../models/prompts.ts";
import { randomTokens } from "./random_llama.ts";

/** Prompts that share `prefix`. */
function family(prefix: number[], lengths: number[], seed: number): number[][] {
  return lengths.map((length, i) => [...prefix, i % 50, ...randomTokens(length - 1, seed + i)]);
}

function cut(prompts: number[][], limits: Partial<Parameters<typeof promptBatches>[1]> = {}) {
  const batches = promptBatches(prompts, { batchSize: 64, share: true, fits: () => true, ...limits });
  assertEquals(batches.flatMap((batch) => batch.prompts), prompts);
  assertEquals(batches.map(({ first }) => prompts[first]), batches.map((batch) => batch.prompts[0]));
  return batches.map((batch) => [batch.prompts.length, batch.prefix]);
}

const demonstrations = randomTokens(40, 1);

Deno.test("prompts with demonstrations in common share them, a whole number of quads", () => {
  const rows = family(demonstrations, [5, 9, 20], 10);
  assertEquals(cut(rows), [[3, 40]]);
  assertEquals(cut(family(demonstrations.slice(0, 38), [5, 9, 20], 10)), [[3, 36]]);
  assertEquals(cut(rows, { share: false }), [[3, 0]]);
});

Deno.test("a short prefix, and a single prompt, share nothing", () => {
  assertEquals(cut(family(demonstrations.slice(0, 15), [5, 9], 10)), [[2, 0]]);
  assertEquals(cut(family(demonstrations, [5], 10)), [[1, 0]]);
});

Deno.test("the last token of a prompt is its own, also where one prompt is the beginning of another", () => {
  assertEquals(cut([demonstrations, [...demonstrations, 3]]), [[2, 36]]);
  assertEquals(cut([demonstrations, demonstrations]), [[2, 36]]);
});

Deno.test("prompts of several evaluations are cut where their demonstrations change", () => {
  const one = family(demonstrations, [5, 9, 20, 8, 9, 5], 10);
  const other = family(randomTokens(100, 2), [5, 9, 20, 8], 20);
  const none = family([], [30, 20, 25], 30);
  assertEquals(cut([...none, ...one, ...other]), [[3, 0], [6, 40], [4, 100]]);
});

Deno.test("batches are cut at the batch size and where they would not fit, and keep the prefix", () => {
  const rows = family(demonstrations, [5, 9, 20, 8, 7], 10);
  assertEquals(cut(rows, { batchSize: 2 }), [[2, 40], [2, 40], [1, 40]]);
  const fits = (prefix: number, own: readonly number[]) => prefix + own.reduce((a, b) => a + b) <= 64;
  assertEquals(cut(rows, { fits }), [[2, 40], [1, 40], [2, 40]]);
});
