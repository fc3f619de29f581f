/**
 * Small files of datasets for tests.
 * @module
 */
import { assert } from "@std/assert";
import type { DatasetRow } from "../../tasks/mod.ts";
import { type Dataset, datasets, readDataset } from "../../tasks/datasets/list.ts";

/** The dataset of a name. */
export function dataset(name: string): Dataset {
  const found = datasets.find((each) => each.name === name);
  assert(found, `no dataset ${name}`);
  return found;
}

/** Runs a body on a temporary folder with the given files. */
export async function withFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      if (content instanceof Uint8Array) await Deno.writeFile(`${folder}/${name}`, content);
      else await Deno.writeTextFile(`${folder}/${name}`, content);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** All rows of files, and how many records were left out, by reason. */
export async function readAll(
  name: string,
  paths: readonly string[],
): Promise<{ rows: DatasetRow[]; leftOut: Record<string, number> }> {
  const rows: DatasetRow[] = [];
  const leftOut: Record<string, number> = {};
  for await (const entry of readDataset(dataset(name), paths)) {
    if (entry.row) rows.push(entry.row);
    else leftOut[entry.leftOut] = (leftOut[entry.leftOut] ?? 0) + 1;
  }
  return { rows, leftOut };
}
