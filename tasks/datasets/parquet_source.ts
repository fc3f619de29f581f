/**
 * Parquet files as records, one row group in memory at a time.
 * @module
 */
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { oneLine } from "./rows.ts";
import type { Entry } from "./text_source.ts";

/** A file whose ranges are read as they are asked for. */
function ranges(file: Deno.FsFile, byteLength: number): AsyncBuffer {
  let turn: Promise<unknown> = Promise.resolve();
  async function slice(start: number, end: number): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    await file.seek(start, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) throw new Error("the file ends early");
      at += count;
    }
    return bytes.buffer;
  }
  return {
    byteLength,
    // One after another: they share the file's position.
    slice(start, end = byteLength) {
      const result = turn.then(() => slice(start, end));
      turn = result.catch(() => {});
      return result;
    },
  };
}

/**
 * Records of a Parquet file.
 *
 * @param choose given the names of the file's columns, those to read; what it throws is thrown on
 * @throws where the file is missing or no Parquet file.
 */
export async function* parquetRecords(
  path: string,
  choose: (columns: readonly string[]) => readonly string[],
): AsyncGenerator<Entry> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: no such file; valid: a file of the dataset`);
    throw new Error(`${path}: cannot be read (${oneLine(error)}); valid: a readable file of the dataset`);
  }
  const readable = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw new Error(`${path}: not a readable Parquet file (${oneLine(error)}); valid: a Parquet file`);
    });
  try {
    const buffer = ranges(file, (await file.stat()).size);
    const metadata = await readable(parquetMetadataAsync(buffer));
    const columns = [
      ...choose(childrenOf(metadata.schema.slice(1).map((element) => [element.name, element.num_children ?? 0]))),
    ];
    let index = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = index + Number(group.num_rows);
      const read = parquetReadObjects({ file: buffer, metadata, compressors, columns, rowStart: index, rowEnd });
      for (const value of await readable(read)) yield { where: `${path}: row ${index}`, index: index++, value };
    }
  } finally {
    file.close();
  }
}

/** Names of the top-level columns of a schema that is written depth first. */
function childrenOf(elements: readonly (readonly [string, number])[]): string[] {
  const names: string[] = [];
  for (let i = 0; i < elements.length;) {
    names.push(elements[i][0]);
    for (let open = 1; open > 0; i++) open += elements[i][1] - 1;
  }
  return names;
}
