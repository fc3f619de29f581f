/**
 * Version of the suite: part of every cell's identity.
 * @module
 */

/** Version of the suite, equal to `version` in deno.json (a test checks it). */
export const suiteVersion = "0.1.0";
