import { assertEquals } from "@std/assert";
import {
  exactMatch,
  normalizeAnswer,
  plainExactMatch,
  scoreExactMatch,
  scorePlainExactMatch,
} from "../../tasks/metrics/exact_match.ts";

Deno.test("answers are compared as TriviaQA's script does", () => {
  const cases: [string, string][] = [
    ["The  Beatles!", "beatles"],
    ["a U.S. state", "u s state"],
    ["New_York", "new york"],
    ["‘Tess’ of the d'Urbervilles", "tess of d urbervilles"],
    ["theatre, another plan", "theatre another plan"],
    // An accented letter does not end a word.
    ["à la thé", "à la thé"],
    ["aé the", "aé"],
    ["The A", ""],
    ["\x85 Big\u3000Ben\n", "big ben"],
    ["42%", "42"],
  ];
  for (const [answer, expected] of cases) {
    assertEquals(normalizeAnswer(answer), expected);
    assertEquals(normalizeAnswer(expected), expected);
  }
});

Deno.test("exact match is met after normalisation, plain exact match letter for letter", () => {
  const cases: [string, string, number, number][] = [
    ["Paris", "Paris", 100, 100],
    ["paris.", "Paris", 100, 0],
    ["Paris ", "Paris", 100, 100],
    ["Paris, France", "Paris", 0, 0],
    ["", "Paris", 0, 0],
  ];
  for (const [answer, reference, normalized, plain] of cases) {
    assertEquals(exactMatch.value(scoreExactMatch(answer, reference)), normalized);
    assertEquals(plainExactMatch.value(scorePlainExactMatch(answer, reference)), plain);
  }
});
