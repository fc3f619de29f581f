import { assert, assertEquals } from "@std/assert";
import type { Kernel } from "../../kernels/gpu/program.ts";
import { type Contest, openTuning, tune } from "../../kernels/gpu/tuner.ts";
import { gpuTest } from "./gpu.ts";

/** Adds `rounds` ones, one after the other. */
function adding(rounds: number): Kernel {
  return {
    name: `adding_${rounds}`,
    body: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      var sum = y[id.x];
      for (var i = 0u; i < params.rounds * ${rounds}u; i++) { sum = add(sum, 1.0); }
      y[id.x] = sum;
    }`,
    inputs: {},
    outputs: { y: "array<f32>" },
    uniforms: { rounds: "u32" },
    grid: () => [16],
  };
}

const contest = (key: string, ...rounds: number[]): Contest => ({
  key,
  variants: rounds.map((count) => [`${count} rounds`, adding(count)]),
  lengths: { y: 1024 },
  uniforms: { rounds: 1 },
});

gpuTest(
  "the tuner keeps a clearly faster variant, for later processes too, and measures nothing without budget",
  async (gpu) => {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/cache/tuning.json`;
    try {
      await tune(gpu, [contest("untuned", 1, 2)]);
      assertEquals(gpu.tuning, null);

      await openTuning(gpu, file, 0);
      await tune(gpu, [contest("no budget", 1, 2)]);
      assertEquals(gpu.tuning!.choices.size, 0);

      await openTuning(gpu, file, 60_000);
      if (!gpu.timestamps) return;
      await tune(gpu, [contest("clear", 100_000, 1), contest("one variant", 1), contest("rules win", 1, 100_000)]);
      const expected = [["clear", "1 rounds"], ["rules win", "1 rounds"]];
      assertEquals([...gpu.tuning!.choices], expected);
      assert(gpu.tuning!.budget < 60_000);

      await openTuning(gpu, file, 0);
      assertEquals([...gpu.tuning!.choices], expected);
      const kept = JSON.parse(await Deno.readTextFile(file));
      assertEquals(Object.keys(kept).length, 1);
      const files = await Array.fromAsync(Deno.readDir(`${folder}/cache`), ({ name }) => name);
      assertEquals(files, ["tuning.json"]);

      await Deno.writeTextFile(file, "not JSON");
      await openTuning(gpu, file, 0);
      assertEquals(gpu.tuning!.choices.size, 0);
    } finally {
      gpu.tuning = null;
      await Deno.remove(folder, { recursive: true });
    }
  },
);
