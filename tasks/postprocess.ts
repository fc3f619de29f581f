/**
 * From generated text to the answer that is scored.
 * @module
 */
import { strip } from "./white_space.ts";

/**
 * The answer in a generation, as U's `indicator_cross.py` takes it: white space stripped, then the text before the
 * first blank line (`\n\n`), where a model that saw demonstrations goes on to write the next one. Applying it twice
 * changes nothing more. P's tasks are cut here too; P itself cuts where the prompt's first words come again.
 */
export function postprocess(generated: string): string {
  return strip(strip(generated).split("\n\n", 1)[0]);
}
