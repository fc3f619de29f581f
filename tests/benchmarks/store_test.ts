import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  beginCell,
  cellFolder,
  finishCell,
  readResult,
  StoreError,
  takeRun,
  writePlan,
  writeWhole,
} from "../../benchmarks/store.ts";
import type { CellResult, CellSpec, Plan } from "../../benchmarks/types.ts";

const now = { started: "2026-01-01T00:00:00.000Z", host: "h", adapter: null, commit: null };
const result = { schema: "tunemark.result/1", cell: "a", status: "ok", reason: null, train: null } as CellResult;
const files = { result, trainSteps: [], samples: [] };
const fullDisk = () => {
  throw new Error("No space left on device (os error 28)");
};

async function inFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("A full disk gives one error that names the path, and leaves the earlier file as it was", () =>
  inFolder((folder) => {
    const path = `${folder}/result.json`;
    writeWhole(path, "before");
    const halfWritten = (file: Deno.FsFile, bytes: Uint8Array) => {
      file.writeSync(bytes.subarray(0, 2));
      fullDisk();
    };
    const error = assertThrows(() => writeWhole(path, "after", halfWritten), StoreError);
    assert(error.message.includes(path) && error.message.includes("No space left on device"), error.message);
    assertEquals(Deno.readTextFileSync(path), "before");
    assertEquals(names(folder), ["result.json"]);
  }));

Deno.test("A disk that fills while a cell is finished leaves no result", () =>
  inFolder((folder) => {
    const begun = beginCell(folder, "a", {} as CellSpec, now);
    let writes = 0;
    const third = (file: Deno.FsFile, bytes: Uint8Array) => ++writes < 3 ? void file.writeSync(bytes) : fullDisk();
    assertThrows(() => finishCell(folder, "a", files, begun, third), StoreError, "result.json");
    assertEquals(readResult(folder, "a"), null);
    assertEquals(names(cellFolder(folder, "a")), ["provenance.json", "samples.jsonl", "spec.json"]);
  }));

Deno.test("A run folder that cannot be made or written is one error that names it", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertThrows(() => takeRun(`${folder}/file/run`), StoreError, `cannot make the folder ${folder}/file/run/cells`);
    assertThrows(() => writePlan(`${folder}/nowhere`, {} as Plan), StoreError, `${folder}/nowhere/plan.json`);
  }));

Deno.test("A finished cell has its files, and its result can be read", () =>
  inFolder((folder) => {
    const begun = beginCell(folder, "a", {} as CellSpec, now);
    finishCell(folder, "a", files, { ...begun, ended: "later" });
    assertEquals(names(cellFolder(folder, "a")), ["provenance.json", "result.json", "samples.jsonl", "spec.json"]);
    assertEquals(readResult(folder, "a")?.status, "ok");
  }));

Deno.test("Provenance counts the times a cell was begun and not finished; stray temporary files go", () =>
  inFolder((folder) => {
    assertEquals(beginCell(folder, "a", {} as CellSpec, now).restarts, 0);
    Deno.writeTextFileSync(`${cellFolder(folder, "a")}/result.json.77.tmp`, "{");
    assertEquals(beginCell(folder, "a", {} as CellSpec, now).restarts, 1);
    assertEquals(beginCell(folder, "a", {} as CellSpec, now).restarts, 2);
    assertEquals(names(cellFolder(folder, "a")), ["provenance.json", "spec.json"]);
  }));

Deno.test("A result file that is damaged or foreign is an error that names it", () =>
  inFolder((folder) => {
    beginCell(folder, "a", {} as CellSpec, now);
    const path = `${cellFolder(folder, "a")}/result.json`;
    const cases: [string, string][] = [
      ["{", `${path} is not JSON`],
      ['{"schema":"tunemark.result/2"}', 'schema is "tunemark.result/2", this version reads "tunemark.result/1"'],
      ['{"schema":"tunemark.result/1","cell":"b"}', `${path} is the result of cell b`],
    ];
    for (const [text, message] of cases) {
      Deno.writeTextFileSync(path, text);
      assertThrows(() => readResult(folder, "a"), StoreError, message);
    }
  }));

Deno.test("A run folder is for one process at a time, and free again when that one is gone", () =>
  inFolder(async (folder) => {
    const giveBack = takeRun(folder);
    assertThrows(() => takeRun(folder), StoreError, `${folder} is in use by another process`);
    giveBack();
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { takeRun } from "${import.meta.resolve("../../benchmarks/store.ts")}";
        takeRun(${JSON.stringify(folder)}); console.log("taken"); setTimeout(() => {}, 60_000);`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read();
    await assertRejects(() => Promise.try(() => takeRun(folder)), StoreError, "in use");
    holder.kill("SIGKILL");
    await holder.status;
    await reader.cancel();
    takeRun(folder)();
  }));
