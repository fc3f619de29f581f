import { assert, assertEquals } from "@std/assert";
import { planSmoke, withData } from "./world.ts";

Deno.test("Findings contrast planned evaluations: best over shot counts, a reference per seed", () =>
  withData(async (_, dataDir) => {
    const { plan, specs } = await planSmoke(dataDir, { seeds: [1, 2] });
    const findings = plan.settings.flatMap((setting) => setting.findings ?? []);
    assertEquals(findings.map(({ name, contrasts }) => [name, contrasts.map(({ label }) => label)]), [
      ["in-domain gain", ["summary/xsum"]],
      ["demonstrations after FT", ["summary/xsum", "sentiment/amazon"]],
      ["out-of-domain loss, generation", ["summary/pdfs", "summary/cnn"]],
      ["FTICL out of domain, generation", ["summary/pdfs, 1 shown", "summary/cnn, 1 shown"]],
      ["FTICL in domain, classification", ["sentiment/amazon, 2 shown"]],
      ["FTICL nearer to the base", ["summary, 1 shown", "sentiment, 2 shown"]],
    ]);
    const [gain, demonstrations] = findings;
    const shots = (side: readonly (readonly object[])[]) => side.map(([first]) => "shots" in first && first.shots);
    assertEquals([shots(gain.contrasts[0].greater), shots(gain.contrasts[0].less)], [[0], [0, 1]]);
    assertEquals(gain.contrasts[0].greater[0].length, 2);
    assertEquals(gain.contrasts[0].less[0].length, 1);
    assertEquals(shots(demonstrations.contrasts[1].less), [2]);
    for (const { greater, less } of findings.flatMap(({ contrasts }) => contrasts)) {
      for (const reference of [...greater, ...less].flat()) {
        const spec = specs.get(reference.cell)!;
        if ("distance" in reference) assert(spec.train !== null);
        else assert(spec.evaluations.some(({ set, shots }) => set === reference.set && shots === reference.shots));
      }
    }
  }));

Deno.test("A finding whose sides --only leaves out is not stated", () =>
  withData(async (_, dataDir) => {
    const { plan } = await planSmoke(dataDir, { run: { only: { method: "ft" } } });
    assertEquals(plan.settings.flatMap((setting) => setting.findings?.map(({ name }) => name) ?? []), [
      "demonstrations after FT",
    ]);
  }));
