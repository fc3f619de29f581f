/**
 * White space as Python takes it, so that texts are cut just where the papers' code cuts them. JavaScript's `\s` and
 * `trim()` lack U+001C-1F and U+0085 and have U+FEFF.
 * @module
 */

const pythonSpace = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const leading = new RegExp(`^${pythonSpace}`);
const trailing = new RegExp(`${pythonSpace}$`);
const runs = new RegExp(pythonSpace);

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
