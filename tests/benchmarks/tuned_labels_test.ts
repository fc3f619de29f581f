import { assertEquals } from "@std/assert";
import { scoreTunedLabel, tunedLabelRate } from "../../benchmarks/tuned_labels.ts";

Deno.test("An answer counts where its first word is a label of the task tuned on, in any case", () => {
  const labels = ["positive", "negative"];
  const answers: [string, number][] = [
    ["positive", 1],
    ["Negative. The text", 1],
    ["positively good", 0],
    ["a positive text", 0],
    ["", 0],
    ["«positive»", 0],
  ];
  for (const [answer, tuned_label] of answers) assertEquals(scoreTunedLabel(labels, answer), { tuned_label }, answer);
  // P's label words begin with a capital.
  const capitals: [string, number][] = [["True", 1], ["false", 1], ["Truest", 0]];
  for (const [answer, tuned_label] of capitals) {
    assertEquals(scoreTunedLabel(["True", "False"], answer), { tuned_label }, answer);
  }
});

Deno.test("The rate is the share of such answers in percent", () => {
  assertEquals(
    tunedLabelRate.aggregate([{ tuned_label: 1 }, { tuned_label: 0 }, { tuned_label: 0 }, { tuned_label: 0 }]),
    25,
  );
  assertEquals(tunedLabelRate.value({ tuned_label: 1 }), 100);
});
