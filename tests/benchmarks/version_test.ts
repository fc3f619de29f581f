import { assertEquals } from "@std/assert";
import { suiteVersion } from "../../benchmarks/version.ts";

Deno.test("suiteVersion is deno.json's version", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assertEquals(/"version": "(.+)"/.exec(text)?.[1], suiteVersion);
});
