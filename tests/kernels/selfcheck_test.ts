import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { selfcheck } from "../../kernels/selfcheck.ts";
import { gpuTest } from "./gpu.ts";

gpuTest("every numeric rule holds on this adapter, twice with the same signature", async (gpu) => {
  const { signature, rules, adapter } = await selfcheck(gpu);
  assertEquals(rules.filter(({ holds }) => !holds), []);
  assertEquals(new Set(rules.map(({ name }) => name)).size, rules.length);
  assertMatch(signature, /^[0-9a-f]{64}$/);
  assertEquals((await selfcheck(gpu)).signature, signature);
  assertEquals(adapter, gpu.adapter);
});

gpuTest("the rules in NUMERICS.md are those of the self-check", async (gpu) => {
  const { rules } = await selfcheck(gpu);
  const document = await Deno.readTextFile(new URL("../../kernels/NUMERICS.md", import.meta.url));
  const rows = [...document.matchAll(/^\| `([^`]+)` +\| (by construction|executed) +\|/gm)];
  assertEquals(rows.map(([, name, tier]) => `${name}: ${tier}`), rules.map(({ name, tier }) => `${name}: ${tier}`));
});

gpuTest("an adapter that breaks a rule is told apart", async (gpu) => {
  // A compiler whose products are slightly off, as a driver with another rounding would have them.
  const device = new Proxy(gpu.device, {
    get(target, name) {
      if (name === "createShaderModule") {
        return (descriptor: GPUShaderModuleDescriptor) =>
          target.createShaderModule({ ...descriptor, code: descriptor.code.replace("a * b)", "a * b * 1.0000001)") });
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const { signature, rules } = await selfcheck({ ...gpu, pipelines: new Map(), device });
  assertNotEquals(signature, (await selfcheck(gpu)).signature);
  assertEquals(rules.find(({ name }) => name === "product")?.holds, false);
  assertEquals(rules.find(({ name }) => name === "flush")?.holds, true);
});
