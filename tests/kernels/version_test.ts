import { assertEquals, assertMatch } from "@std/assert";
import { kernelSources, kernelVersion } from "../../kernels/version.ts";

const kernels = new URL("../../kernels/", import.meta.url);

function sourceFiles(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, kernels))].flatMap(({ name, isDirectory }) =>
    isDirectory ? sourceFiles(`${folder}${name}/`) : [`${folder}${name}`]
  );
}

Deno.test("the kernel version covers every file that decides bits", async () => {
  const deciding = sourceFiles("./").map((path) => path.slice(2)).filter((path) =>
    /\.(wgsl|ts)$/.test(path) && !path.startsWith("gpu/") && !path.endsWith("oracle.ts") &&
    !["version.ts", "selfcheck.ts"].includes(path)
  );
  assertEquals(Object.keys(kernelSources), deciding.sort());
  for (const [path, text] of Object.entries(kernelSources)) {
    assertEquals(text, await Deno.readTextFile(new URL(path, kernels)), path);
  }
});

Deno.test("the kernel version is a SHA-256, the same at every call", async () => {
  assertMatch(await kernelVersion(), /^[0-9a-f]{64}$/);
  assertEquals(await kernelVersion(), await kernelVersion());
});
