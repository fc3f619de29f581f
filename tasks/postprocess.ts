/**
 * From generated text to the answer that is scored.
 * @module
 */

// What Python's str.strip() takes for white space. JavaScript's trim() lacks U+001C-1F and U+0085 and adds U+FEFF.
const pythonSpace = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const leading = new RegExp(`^${pythonSpace}`);
const trailing = new RegExp(`${pythonSpace}$`);

/** Removes white space at both ends, as Python's `str.strip()` does. */
export function strip(text: string): string {
  return text.replace(leading, "").replace(trailing, "");
}

/**
 * The answer in a generation, as U's `indicator_cross.py` takes it: white space stripped, then the text before the
 * first blank line (`\n\n`), where a model that saw demonstrations goes on to write the next one. Applying it twice
 * changes nothing more.
 */
export function postprocess(generated: string): string {
  return strip(strip(generated).split("\n\n", 1)[0]);
}
