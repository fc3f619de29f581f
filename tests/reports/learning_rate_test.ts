import { assertEquals } from "@std/assert";
import { chooseLearningRate } from "../../reports/learning_rate.ts";

Deno.test("the learning rate of the best mean over tasks is chosen, each task at its best shot count", () => {
  const { results, chosen } = chooseLearningRate([
    { learningRate: 3e-4, tasks: [[[40], [50]], [[60], [10]]] },
    { learningRate: 1e-3, tasks: [[[45], [20]], [[10], [75]]] },
    { learningRate: 2e-3, tasks: [[[58], [10]], [[0], [50]]] },
  ]);
  assertEquals(results.map(({ best, mean }) => [best, mean]), [[[50, 60], 55], [[45, 75], 60], [[58, 50], 54]]);
  assertEquals(chosen, 1e-3);
});

Deno.test("seeds are averaged before the best shot count is taken", () => {
  const { results } = chooseLearningRate([{ learningRate: 1e-3, tasks: [[[90, 10], [60, 60]]] }]);
  assertEquals(results[0].best, [60]);
});

Deno.test("of equal means the smaller learning rate is chosen, in whatever order they come", () => {
  const at = (learningRate: number, score: number) => ({ learningRate, tasks: [[[score]]] });
  assertEquals(chooseLearningRate([at(2e-3, 70), at(1e-3, 70), at(3e-4, 60)]).chosen, 1e-3);
  assertEquals(chooseLearningRate([at(1e-3, 70), at(2e-3, 70.00001)]).chosen, 1e-3);
  assertEquals(chooseLearningRate([at(1e-3, 70), at(2e-3, 70.0001)]).chosen, 2e-3);
});

Deno.test("half a sweep chooses nothing", () => {
  const { results, chosen } = chooseLearningRate([
    { learningRate: 3e-4, tasks: [[[40], [50]], [[60]]] },
    { learningRate: 1e-3, tasks: [[[90], [null]], [[10]]] },
  ]);
  assertEquals(chosen, null);
  assertEquals(results[1], { learningRate: 1e-3, best: [null, 10], mean: null });
  assertEquals(chooseLearningRate([]).chosen, null);
});
