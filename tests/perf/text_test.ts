/** Tables, the plot, reasons and ratios: what perf makes of its numbers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withShares } from "../../perf/kernels.ts";
import { perfPlan } from "../../perf/mod.ts";
import { ratios, reason } from "../../perf/peers.ts";
import { niceCeiling, scalingSvg } from "../../perf/plot.ts";
import { table } from "../../perf/text.ts";
import type { KernelRow, PeerRow, ScalingPoint } from "../../perf/types.ts";

const summary = { median: 1, low: 1, high: 1, windows: 1 };

Deno.test("table() aligns numbers to the right and words to the left", () => {
  assertEquals(
    table(["op", "ms"], [["a", "1.5"], ["long", "12"]]),
    [
      "| op   |  ms |",
      "| ---- | --: |",
      "| a    | 1.5 |",
      "| long |  12 |",
    ].join("\n"),
  );
});

Deno.test("shares of products are of the best product, shares of the rest of the copy", () => {
  const row: KernelRow = {
    model: "m",
    batch: "",
    kernel: "k",
    use: "",
    shape: "",
    operands: null,
    seconds: summary,
    gigaflops: null,
    gigabytes: 2,
    share: 0,
  };
  const rows = withShares([row, { ...row, gigaflops: 30 }], 60, 8);
  assertEquals(rows.map(({ share }) => share), [0.25, 0.5]);
});

Deno.test("ratios() compares only what both programs have", () => {
  const peer = (name: string, matmul: number, stack: number, steps: Record<string, number>): PeerRow => ({
    name,
    version: "",
    where: "this adapter",
    matmulGigaflops: matmul,
    stackTokensPerSecond: stack,
    stepTokensPerSecond: steps,
    syncFloor: 0,
  });
  const ours = peer("ours", 40, 300, { "8 x 256": 10 });
  const found = ratios([ours, peer("a", 10, 100, {}), peer("b", 80, 600, { "8 x 256": 20, "1 x 1": 5 })]);
  assertEquals(found.map(({ peer, what, ratio }) => [peer, what, ratio]), [
    ["a", "f32 product", 4],
    ["a", "f32 block stack", 3],
    ["b", "f32 product", 0.5],
    ["b", "f32 block stack", 0.5],
    ["b", "training step 8 x 256", 0.5],
  ]);
});

Deno.test("reason() picks the line that names the error", () => {
  assertEquals(
    reason("Traceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 'torch'\n"),
    "ModuleNotFoundError: No module named 'torch'",
  );
  assertEquals(
    reason("error: XDG_RUNTIME_DIR is invalid\n\x1b[31merror\x1b[0m: no such package\n  at x"),
    "error: no such package",
  );
  assertEquals(reason(""), "it said nothing");
});

Deno.test("niceCeiling() rounds up to 1, 2 or 5 times a power of ten", () => {
  assertEquals([0.3, 1, 1.1, 2, 4200, 5001, 0].map(niceCeiling), [0.5, 1, 2, 2, 5000, 10000, 1]);
});

Deno.test("the plot has a column for each axis, and equal points give equal bytes", () => {
  const point = (axis: ScalingPoint["axis"], value: number): ScalingPoint => ({
    axis,
    value,
    parameters: 10,
    tokens: 8,
    seconds: summary,
    tokensPerSecond: 8 * value,
    allocatedBytes: 2 ** 20,
    estimatedBytes: 2 ** 20,
    estimateErrorPercent: 0,
    residentBytes: 0,
  });
  const points = [point("width", 64), point("width", 128), point("sequences", 1)];
  const svg = scalingSvg(points);
  assertEquals(svg, scalingSvg(points));
  assertEquals([...svg.matchAll(/font-weight="bold"/g)].length, 4);
  assertMatch(svg, /^<svg [^>]*width="500"[^>]*>\n/);
  assert(!/NaN|Infinity|undefined/.test(svg));
});

Deno.test("the plans measure what their flags say, and repeat says which", () => {
  const whole = perfPlan({ scaling: false, quick: false, card: false });
  assertEquals(whole.repeat, "deno task perf");
  assertEquals(whole.kernelSets.map(({ model }) => model), ["embedded", "embedded", "135M", "1.1B", "7B"]);
  assertEquals(whole.scaling, []);
  const scaling = perfPlan({ scaling: true, quick: true, card: false });
  assertEquals(scaling.repeat, "deno task perf --scaling --quick");
  assertEquals([...new Set(scaling.scaling.map(({ axis }) => axis))], ["width", "layers", "length", "sequences"]);
  assertEquals([scaling.side, scaling.peers, scaling.steps.length], [null, false, 0]);
  const card = perfPlan({ scaling: false, quick: false, card: true });
  assertEquals([whole.side, card.side], [512, 4096]);
  const steps = (plan: typeof card) => plan.steps.map(({ model, operands }) => `${model} ${operands}`);
  assertEquals(steps(card), [...steps(whole), "1.1B bf16"]);
});
