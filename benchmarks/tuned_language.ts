/**
 * How often a model that was tuned on a generation task answers other tasks in the language of the one tuned on.
 * @module
 */
import type { ItemStatistics, Metric } from "../tasks/mod.ts";

/**
 * Share of answers with more words out of the targets that the model was tuned on than out of the tested set's own references. Statistics:
 * `tuned_language`. It takes no list of languages: what both vocabularies have, such as names, counts for neither side, and an answer with as
 * many words of either does not count.
 */
export const tunedLanguageRate: Metric = {
  name: "tuned_language_rate",
  signature: "tuned_language_rate|words:training-targets-over-references|case:lower|version:1",
  better: "lower",
  value: ({ tuned_language }) => 100 * tuned_language,
  aggregate: (items) => 100 * items.reduce((sum, { tuned_language }) => sum + tuned_language, 0) / items.length,
};

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** The different words of some texts, in lower case: runs of letters, marks and digits. */
export function vocabularyOf(texts: Iterable<string>): ReadonlySet<string> {
  return new Set([...texts].flatMap(words));
}

/**
 * Statistics of one answer.
 *
 * @param tuned Words of the targets tuned on.
 * @param own Words of the tested set's references.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreTunedLanguage, vocabularyOf } from "./tuned_language.ts";
 *
 * const [french, german] = [["le chat dort", "un chat"], ["die Katze schläft"]].map(vocabularyOf);
 * assertEquals(scoreTunedLanguage(french, german, "Le chat."), { tuned_language: 1 });
 * assertEquals(scoreTunedLanguage(french, german, "die Katze"), { tuned_language: 0 });
 * assertEquals(scoreTunedLanguage(french, german, "something else"), { tuned_language: 0 });
 * ```
 */
export function scoreTunedLanguage(
  tuned: ReadonlySet<string>,
  own: ReadonlySet<string>,
  answer: string,
): ItemStatistics {
  const of = (vocabulary: ReadonlySet<string>) => words(answer).filter((word) => vocabulary.has(word)).length;
  return { tuned_language: of(tuned) > of(own) ? 1 : 0 };
}
