/**
 * Text of reports: fixed decimals, canonical JSON, hashes, and files that are there whole or not at all.
 * @module
 */

/** A fixed-decimal string: same digits on every engine, never a locale's, never `-0.00`. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** Three significant decimals in scientific notation, such as `8.540e-5`; for weight distances, which span orders of magnitude. */
export function scientific(value: number): string {
  return value === 0 ? "0" : value.toExponential(3);
}

/** Pretty JSON (2 spaces) with keys in UTF-16 order, LF and a final newline; the order in which objects were built does not show. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value), null, 2) + "\n";
}

function sortKeys(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`JSON has no number ${value}`);
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

/** Whether two plain values are equal, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sortKeys(a)) === JSON.stringify(sortKeys(b));
}

/** SHA-256 of a text's UTF-8 bytes, in hex. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first 16 hex digits of a hash, without a `sha256:` before it: enough to tell two apart, short enough for a file name. */
export function shortHash(hash: string): string {
  return hash.replace(/^sha256:/, "").slice(0, 16);
}

/**
 * Writes a file under a temporary name beside it, then renames it, so that nobody finds half of it.
 * @throws naming the path, where it cannot be written (no permission, disk full)
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`cannot write ${path}: ${message(cause)}`, { cause });
  }
}

/** The one-line message of whatever was thrown. */
export function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
