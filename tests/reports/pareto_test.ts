import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { EntryReference, ParetoPlan, ParetoPoint, Side, ValueReference } from "../../benchmarks/types.ts";
import { paretoFront, reportPareto, type Scores } from "../../reports/pareto.ts";
import { paretoText } from "../../reports/pareto_markdown.ts";
import { stream } from "../../training/random.ts";

type Complete = { target: number; others: number };

/** By definition: no way to be better off by moving to another point. */
function undominated(point: Complete, all: readonly Complete[]): boolean {
  return all.every((q) => {
    const worseSomewhere = q.target < point.target || q.others < point.others;
    const equal = q.target === point.target && q.others === point.others;
    return worseSomewhere || equal;
  });
}

/** Every way to give the incomplete points scores, from below all others to above all. */
function completions(points: readonly Scores[], values: readonly number[]): Complete[][] {
  return points.reduce<Complete[][]>((ways, { target, others }) => {
    const own = target === null || others === null
      ? values.flatMap((t) => values.map((o) => ({ target: t, others: o })))
      : [{ target, others }];
    return ways.flatMap((way) => own.map((one) => [...way, one]));
  }, [[]]);
}

Deno.test("Pareto fronts agree with brute force over all completions, with ties and missing scores", () => {
  const random = stream(7, "pareto");
  let [ties, open] = [0, 0];
  for (let round = 0; round < 400; round++) {
    const points = Array.from({ length: 1 + random.below(5) }, (): Scores => ({
      target: 1 + random.below(3),
      others: 1 + random.below(3),
    }));
    // At most two incomplete ones: of each there are 25 completions.
    const incomplete = points.map((_, i) => i < 2 && random.below(4) === 0);
    const shown = points.map((point, i) =>
      incomplete[i] ? [{ ...point, others: null }, { ...point, target: null }][random.below(2)] : point
    );
    const ways = completions(shown, [0, 1, 2, 3, 4]);
    const expected = shown.map((_, i) => {
      if (incomplete[i]) return null;
      const found = new Set(ways.map((way) => undominated(way[i], way)));
      return found.size === 1 ? [...found][0] : null;
    });
    assertEquals(paretoFront(shown), expected, JSON.stringify(shown));
    if (new Set(points.map((point) => JSON.stringify(point))).size < points.length) ties++;
    if (expected.some((on, i) => on === null && !incomplete[i])) open++;
  }
  assert(ties > 50 && open > 50, `${ties} with ties, ${open} open`);
  assertEquals(paretoFront([]), []);
});

/** A made-up score: `cell` holds the values of its items, one list a seed. */
function side(...seeds: number[][]): Side {
  return [seeds.map((items) => ({ cell: items.join(), set: "", format: 1, shots: 0, metric: "rougeL" }))];
}

const missing: Side = [[{ cell: "missing", set: "", format: 1, shots: 0, metric: "rougeL" }]];

const find = (reference: ValueReference) => {
  const { cell, metric } = reference as EntryReference;
  const proportion = metric === "accuracy";
  return Promise.resolve(
    cell === "missing" ? null : { kind: "metric" as const, items: cell.split(",").map(Number), proportion },
  );
};

function point(method: string, learningRate: number | null, change: Partial<ParetoPoint> = {}): ParetoPoint {
  return {
    method,
    learningRate,
    validation: learningRate === null ? [] : side([50]),
    target: side([40, 60]),
    others: [{ set: "a", sides: [side([10, 30])] }, { set: "b", sides: [side([50, 50, 50]), side([70, 70, 70])] }],
    ...change,
  };
}

function plan(points: readonly ParetoPoint[]): ParetoPlan {
  return { title: "T", target: "target set", others: "other sets", reference: "FT", points, notes: ["a note"] };
}

Deno.test("A point's others are the plain mean over sets, of each set over its shot counts, of each the best alternative", async () => {
  const best: Side = [...side([0, 0]), ...side([10, 30]), ...side([5, 5])];
  const { points } = await reportPareto(
    plan([point("FT", 1e-3, { others: [{ set: "a", sides: [best] }, ...point("", 0).others.slice(1)] })]),
    find,
  );
  assertEquals(points[0].target?.value, "50.0000");
  // a: 20; b: 50 and 70.
  assertEquals(points[0].others?.value, "40.0000");
});

Deno.test("The learning rate is chosen on validation rows, and each method is compared with the reference at its own", async () => {
  const report = await reportPareto(
    plan([
      point("pretrained", null, { target: side([0, 10]) }),
      point("FT", 3e-4, { validation: side([60]), target: side([40, 60]) }),
      point("FT", 1e-3, { validation: side([60]), target: side([90, 90]) }),
      point("LoRA", 2e-3, { validation: side([30]) }),
      point("LoRA", 5e-3, {
        validation: side([31]),
        target: side([45, 66]),
        others: [{ set: "a", sides: [side([11, 33])] }, { set: "b", sides: [side([50, 50, 50])] }],
      }),
    ]),
    find,
  );
  assertEquals(report.points.map(({ chosen }) => chosen), [false, true, false, false, true]);
  assertEquals(report.points.map(({ validation }) => validation), [null, "60.0000", "60.0000", "30.0000", "31.0000"]);
  const [contrast, ...rest] = report.contrasts;
  assertEquals(rest, []);
  assertEquals([contrast.method, contrast.learningRate, contrast.referenceLearningRate], ["LoRA", 5e-3, 3e-4]);
  // 45 - 40 and 66 - 60; t with one degree of freedom: 12.706 standard errors of 0.5.
  assertEquals(contrast.target!.value, "5.5000");
  assertAlmostEquals(Number(contrast.target!.low), 5.5 - 12.7062 * 0.5, 1e-3);
  // a: 2; b: -10.
  assertEquals(contrast.others!.value, "-4.0000");
  // Student's t with one degree of freedom is Cauchy's. Holm doubles the smaller of two p; the larger stays.
  assertAlmostEquals(Number(contrast.target!.p), 1 - 2 / Math.PI * Math.atan(11), 1e-4);
  assert(Number(contrast.others!.p) < Number(contrast.target!.p));
});

Deno.test("Seeds are averaged in points, and paired in contrasts; an untrained model has one run", async () => {
  const report = await reportPareto(
    plan([
      point("pretrained", null),
      point("FT", 1e-3, {
        target: side([40, 60], [20, 40]),
        others: [{ set: "a", sides: [side([10, 30], [10, 50])] }],
      }),
      point("LoRA", 5e-3, {
        target: side([43, 63], [23, 43]),
        others: [{ set: "a", sides: [side([9, 29], [9, 49])] }],
      }),
    ]),
    find,
  );
  assertEquals(report.points.map(({ target }) => target!.value), ["50.0000", "40.0000", "43.0000"]);
  assertEquals(report.points[2].others!.value, "24.0000");
  const { target, others } = report.contrasts[0];
  assertEquals([target!.value, target!.low, target!.high], ["3.0000", "3.0000", "3.0000"]);
  assertEquals(others!.value, "-1.0000");
});

Deno.test("Fronts are of each method and of all; scores that agree to four decimals are ties", async () => {
  const at = (method: string, rate: number | null, target: number, others: number) =>
    point(method, rate, { target: side([target]), others: [{ set: "a", sides: [side([others])] }] });
  const report = await reportPareto(
    plan([
      at("pretrained", null, 10, 50),
      at("FT", 3e-4, 40, 30),
      at("FT", 1e-3, 40.00001, 30),
      at("FT", 2e-3, 40, 29),
      at("LoRA", 2e-3, 30, 40),
      at("LoRA", 5e-3, 40, 20),
    ]),
    find,
  );
  assertEquals(report.points.map(({ ownFront }) => ownFront), [true, true, true, false, true, true]);
  assertEquals(report.points.map(({ front }) => front), [true, true, true, false, true, false]);
});

Deno.test("A missing score leaves its point and the choice open, and whatever it might dominate", async () => {
  const report = await reportPareto(
    plan([
      point("FT", 3e-4, { target: side([50]) }),
      point("FT", 1e-3, { target: missing }),
      point("LoRA", 2e-3, {
        target: side([60]),
        others: [{ set: "a", sides: [missing] }, { set: "b", sides: [side([1])] }],
      }),
      point("LoRA", 5e-3, { target: side([40]), validation: missing }),
      point("value tuning", 5e-3, { target: side([30]), others: [{ set: "a", sides: [[]] }] }),
    ]),
    find,
  );
  assertEquals(report.points.map(({ target, others }) => [target?.value ?? null, others?.value ?? null]), [
    ["50.0000", "40.0000"],
    [null, "40.0000"],
    ["60.0000", null],
    ["40.0000", "40.0000"],
    ["30.0000", null],
  ]);
  assertEquals(report.points.map(({ ownFront }) => ownFront), [null, null, null, null, null]);
  assertEquals(report.points.map(({ front }) => front), [null, null, null, false, null]);
  assertEquals(report.points.map(({ chosen }) => chosen), [true, false, false, false, true]);
  assertEquals(report.contrasts.map(({ method, others }) => [method, others]), [["value tuning", null]]);
  const text = paretoText(report, true);
  assert(
    /\| FT +\| 3e-4 \(chosen\) \| +50\.00 \| 50\.00 ± 0\.00 \| +40\.00 ± [\d.]+ \| +open \| +open \|/.test(text),
    text,
  );
  assert(/\| LoRA +\| +5e-3 \| +missing \|/.test(text), text);
  assert(text.includes("- a note\n"));
});

Deno.test("Of rates that are the same for every item the interval is Wilson's", async () => {
  const all: Side = [[{ cell: "100,100,100,100", set: "", format: 1, shots: 0, metric: "accuracy" }]];
  const report = await reportPareto(plan([point("FT", 1e-3, { target: all })]), find);
  // n / (n + z^2) with n = 4.
  const low = 100 * 4 / (4 + 1.959963984540054 ** 2);
  assertEquals(report.points[0].target, { value: "100.0000", low: low.toFixed(4), high: "100.0000" });
});

Deno.test("Without a choice of the reference nothing is compared with it", async () => {
  const report = await reportPareto(plan([point("FT", 1e-3, { validation: missing }), point("LoRA", 5e-3)]), find);
  assertEquals(report.contrasts, []);
});
