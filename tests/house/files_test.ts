/** Rules of the house that no tool checks. */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);
const most = 500;

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    if (entry.name.startsWith(".") || entry.name === "runs" || entry.name === "coverage") continue;
    if (entry.isDirectory) yield* sources(`${folder}${entry.name}/`);
    else if (/\.(ts|wgsl)$/.test(entry.name)) yield `${folder}${entry.name}`;
  }
}

Deno.test("source files are named in snake_case and hold at most 500 lines", () => {
  const bad: string[] = [];
  for (const path of sources("./")) {
    const name = path.split("/").at(-1)!;
    if (!/^[a-z0-9]+(_[a-z0-9]+)*\.(ts|wgsl)$/.test(name)) bad.push(`${path}: not snake_case`);
    const lines = Deno.readTextFileSync(new URL(path, root)).split("\n").length - 1;
    if (lines > most) bad.push(`${path}: ${lines} lines`);
  }
  assertEquals(bad, []);
});

Deno.test("random numbers come from named streams alone", () => {
  const bad = [...sources("./")].filter((path) =>
    !path.startsWith("./tests/") && /\bMath\.random\(/.test(Deno.readTextFileSync(new URL(path, root)))
  );
  assertEquals(bad, []);
});
