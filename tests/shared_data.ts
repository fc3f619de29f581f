/**
 * Real data that lies beside the checkout on some machines: published checkpoints, datasets, reference vectors.
 * @module
 */

const root = new URL("../../shared/data/", import.meta.url);

/**
 * Path of a file or folder under `../shared/data/` (beside the project root), or null where it is absent.
 * @param relative Path within the data folder, such as `models/stories260K/hf`.
 */
export function sharedData(relative: string): string | null {
  const url = new URL(relative, root);
  try {
    Deno.statSync(url);
    return decodeURIComponent(url.pathname);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Registers a test that needs real data; where it is absent the test is ignored and one line says so.
 * @param name Sentence that the test shows to be true.
 * @param relative Path within the data folder.
 * @param body Test, given the path.
 */
export function testWithSharedData(name: string, relative: string, body: (path: string) => void | Promise<void>): void {
  const path = sharedData(relative);
  if (path === null) {
    Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${name} (no ../shared/data/${relative})\n`));
  }
  Deno.test({ name, ignore: path === null, fn: () => body(path!) });
}
