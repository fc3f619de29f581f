import { assertEquals } from "@std/assert";
import { scoreTunedLanguage, tunedLanguageRate, vocabularyOf } from "../../benchmarks/tuned_language.ts";

Deno.test("An answer counts where more of its words are of the targets tuned on than of the set's references", () => {
  const tuned = vocabularyOf(["le garçon voit Paris", "il voit 3 chats"]);
  const own = vocabularyOf(["der Junge sieht Paris", "er sieht 3 Katzen"]);
  const answers: [string, number][] = [
    ["Le garçon.", 1],
    ["der Junge", 0],
    ["Paris, 3", 0],
    ["le Junge", 0],
    ["le garçon Junge", 1],
    ["Le, le, le; der Junge", 1],
    ["the boy sees", 0],
    ["gar", 0],
    ["", 0],
  ];
  for (const [answer, tuned_language] of answers) {
    assertEquals(scoreTunedLanguage(tuned, own, answer), { tuned_language }, answer);
  }
});

Deno.test("The rate of the language tuned on is the share of such answers in percent", () => {
  assertEquals(tunedLanguageRate.aggregate([1, 0, 1, 1].map((tuned_language) => ({ tuned_language }))), 75);
  assertEquals(tunedLanguageRate.value({ tuned_language: 1 }), 100);
});
