/**
 * The Porter stemmer in NLTK's extended form, which `rouge_score` uses. It differs from Porter's paper of 1980: a list
 * of irregular words, `ies` and `ied` of short words, a wider condition on final `y`, and more suffixes in step 2.
 * Source: M. F. Porter, "An algorithm for suffix stripping" (1980), and `nltk/stem/porter.py` in its mode
 * `NLTK_EXTENSIONS`.
 * @module
 */

/**
 * A suffix, what replaces it, and the condition on the stem before it. The first rule whose suffix fits decides, met or
 * not.
 */
type Rule = readonly [suffix: string, replacement: string, condition?: (stem: string) => boolean];

const irregular = new Map<string, string>([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["innings", "inning"],
  ["inning", "inning"],
  ["outings", "outing"],
  ["outing", "outing"],
  ["cannings", "canning"],
  ["canning", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
]);

/** The stem of one word of lower-case letters and digits: `relational` gives `relat`. */
export function porterStem(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (word.length <= 2) return word;
  return [step1a, step1b, step1c, step2, step3, step4, step5a, step5b].reduce((w, step) => step(w), word);
}

function isConsonant(word: string, i: number): boolean {
  if ("aeiou".includes(word[i])) return false;
  return word[i] !== "y" || i === 0 || !isConsonant(word, i - 1);
}

/** Porter's m: how often a vowel is followed by a consonant. */
function measure(stem: string): number {
  let count = 0;
  for (let i = 1; i < stem.length; i++) if (isConsonant(stem, i) && !isConsonant(stem, i - 1)) count++;
  return count;
}

const some = (stem: string): boolean => measure(stem) > 0;
const several = (stem: string): boolean => measure(stem) > 1;

function hasVowel(stem: string): boolean {
  for (let i = 0; i < stem.length; i++) if (!isConsonant(stem, i)) return true;
  return false;
}

function endsDoubleConsonant(word: string): boolean {
  const n = word.length;
  return n >= 2 && word[n - 1] === word[n - 2] && isConsonant(word, n - 1);
}

/** Consonant, vowel, consonant other than w, x, y at the end; or a word of just a vowel and a consonant. */
function endsCvc(word: string): boolean {
  const n = word.length;
  if (n === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  return n >= 3 && isConsonant(word, n - 3) && !isConsonant(word, n - 2) && isConsonant(word, n - 1) &&
    !"wxy".includes(word[n - 1]);
}

function applyRules(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, condition] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return condition === undefined || condition(stem) ? stem + replacement : word;
  }
  return word;
}

function step1a(word: string): string {
  if (word.endsWith("ies") && word.length === 4) return word.slice(0, -1);
  return applyRules(word, [["sses", "ss"], ["ies", "i"], ["ss", "ss"], ["s", ""]]);
}

function step1b(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return applyRules(word, [["eed", "ee", some]]);
  const suffix = ["ed", "ing"].find((end) => word.endsWith(end) && hasVowel(word.slice(0, -end.length)));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (/(at|bl|iz)$/.test(stem)) return stem + "e";
  if (endsDoubleConsonant(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsCvc(stem) ? stem + "e" : stem;
}

function step1c(word: string): string {
  return applyRules(word, [["y", "i", (stem) => stem.length > 1 && isConsonant(stem, stem.length - 1)]]);
}

const step2Rules: readonly Rule[] = [
  ["ational", "ate", some],
  ["tional", "tion", some],
  ["enci", "ence", some],
  ["anci", "ance", some],
  ["izer", "ize", some],
  ["bli", "ble", some],
  ["alli", "al", some],
  ["entli", "ent", some],
  ["eli", "e", some],
  ["ousli", "ous", some],
  ["ization", "ize", some],
  ["ation", "ate", some],
  ["ator", "ate", some],
  ["alism", "al", some],
  ["iveness", "ive", some],
  ["fulness", "ful", some],
  ["ousness", "ous", some],
  ["aliti", "al", some],
  ["iviti", "ive", some],
  ["biliti", "ble", some],
  ["fulli", "ful", some],
  // The condition counts the l as part of the stem.
  ["logi", "log", (stem) => some(stem + "l")],
];

function step2(word: string): string {
  // What is left after "alli" may take another rule of this step.
  if (word.endsWith("alli") && some(word.slice(0, -4))) return step2(word.slice(0, -2));
  return applyRules(word, step2Rules);
}

const step3Rules: readonly Rule[] = [
  ["icate", "ic", some],
  ["ative", "", some],
  ["alize", "al", some],
  ["iciti", "ic", some],
  ["ical", "ic", some],
  ["ful", "", some],
  ["ness", "", some],
];

function step3(word: string): string {
  return applyRules(word, step3Rules);
}

const step4Rules: readonly Rule[] = [
  ["al", "", several],
  ["ance", "", several],
  ["ence", "", several],
  ["er", "", several],
  ["ic", "", several],
  ["able", "", several],
  ["ible", "", several],
  ["ant", "", several],
  ["ement", "", several],
  ["ment", "", several],
  ["ent", "", several],
  ["ion", "", (stem) => several(stem) && /[st]$/.test(stem)],
  ["ou", "", several],
  ["ism", "", several],
  ["ate", "", several],
  ["iti", "", several],
  ["ous", "", several],
  ["ive", "", several],
  ["ize", "", several],
];

function step4(word: string): string {
  return applyRules(word, step4Rules);
}

function step5a(word: string): string {
  return applyRules(word, [["e", "", (stem) => several(stem) || (measure(stem) === 1 && !endsCvc(stem))]]);
}

function step5b(word: string): string {
  return applyRules(word, [["ll", "l", (stem) => several(stem + "l")]]);
}
