/**
 * White space as Python takes it, so that texts are cut just where the papers' code cuts them. JavaScript's `\s` and
 * `trim()` lack U+001C-1F and U+0085 and have U+FEFF.
 * @module
 */

const pythonSpaces = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const pythonSpace = `[${pythonSpaces}]+`;
const leading = new RegExp(`^${pythonSpace}`);
const trailing = new RegExp(`${pythonSpace}$`);
const runs = new RegExp(pythonSpace);
const words = new RegExp(`[^${pythonSpaces}]+`, "g");

/** Removes white space at both ends, as Python's `str.strip()` does. */
export function strip(text: string): string {
  return stripEnd(text.replace(leading, ""));
}

/** Removes white space at the end, as Python's `str.rstrip()` does. */
export function stripEnd(text: string): string {
  return text.replace(trailing, "");
}

/** The words between runs of white space, as Python's `str.split()` gives them; none of them is empty. */
export function splitWords(text: string): string[] {
  return text.split(runs).filter((word) => word !== "");
}

/** A text up to the end of its word of that number, from 1, with the white space between; a text of no more words as it is. */
export function firstWords(text: string, count: number): string {
  let kept = 0;
  let end = 0;
  for (const { index, 0: word } of text.matchAll(words)) {
    if (kept === count) return text.slice(0, end);
    kept++;
    end = index + word.length;
  }
  return text;
}
