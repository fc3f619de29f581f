import { assertEquals } from "@std/assert";
import { scoreTunedLabel, tunedLabelRate, tunedLabelRateOf } from "../../benchmarks/tuned_labels.ts";
import { tasks } from "../../tasks/mod.ts";

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

Deno.test("A label that is a letter counts alone and as it is written, so that no article is taken for it", () => {
  const answers: [string, number][] = [
    ["A", 1],
    ["D\nQ: what is next?", 1],
    ["B) mirror", 1],
    ["C.", 1],
    ["A mirror", 0],
    ["a mirror", 0],
    ["a", 0],
    ["A's", 0],
    ["About", 0],
    ["E", 0],
    ["", 0],
  ];
  const { labels } = tasks.multiple_choice;
  for (const [answer, tuned_label] of answers) assertEquals(scoreTunedLabel(labels, answer), { tuned_label }, answer);
  const rate = tunedLabelRateOf(labels);
  assertEquals([rate.name, rate.signature === tunedLabelRate.signature], [tunedLabelRate.name, false]);
  for (const words of [tasks.sentiment.labels, tasks.word_sense.labels]) {
    assertEquals(tunedLabelRateOf(words), tunedLabelRate, "words are counted as before");
  }
});

Deno.test("The rate is the share of such answers in percent", () => {
  assertEquals(
    tunedLabelRate.aggregate([{ tuned_label: 1 }, { tuned_label: 0 }, { tuned_label: 0 }, { tuned_label: 0 }]),
    25,
  );
  assertEquals(tunedLabelRate.value({ tuned_label: 1 }), 100);
});
