/**
 * Files that are either whole or absent: written under a temporary name in the same folder, flushed to the disk, then renamed.
 * @module
 */

/** Writes all of `bytes`, however many calls the system takes for it. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/**
 * Writes `path` by what `write` puts into the open file. Where anything fails (no such folder, no right to write, a full disk, an error of
 * `write`), the temporary file is removed, an earlier file at `path` is untouched, and the error names `path`.
 */
export function writeAtomically(path: string, write: (file: Deno.FsFile) => void): void {
  const temporary = `${path}.${Deno.pid}.tmp`;
  let created = false;
  try {
    const file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    created = true;
    try {
      write(file);
      file.syncSync();
    } finally {
      file.close();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    if (created) Deno.removeSync(temporary);
    throw new Error(`${path}: cannot be written (${error instanceof Error ? error.message : error})`);
  }
}
