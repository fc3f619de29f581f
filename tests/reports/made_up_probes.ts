/** Made-up results of probes, for plans that are run without a GPU. */
import type { ProbeResult, ProbeSpec } from "../../benchmarks/types.ts";
import { moduleKinds } from "../../training/gradient_alignment.ts";

/** A result with every value that a probe of a model of two layers has. */
export function madeUpProbe(
  { probe, task, set, relation, format, shots, rows, rowsSha256, demonstrationsSha256 }: ProbeSpec,
): ProbeResult {
  const common = {
    probe,
    task,
    set,
    relation,
    format,
    shots,
    n: rows,
    hashes: { prompt: "p", rows: rowsSha256, demonstrations: demonstrationsSha256, inputTokens: "t" },
    truncated: 0,
  };
  if (probe === "forward_kl") {
    const values = Array.from({ length: rows }, (_, i) => 0.25 * (i + 1));
    const mean = values.reduce((a, b) => a + b, 0) / rows;
    return { ...common, values: { divergence: String(mean) }, items: { of: "divergence", values: values.map(String) } };
  }
  const places = ["", "layers.0.", "layers.1."].flatMap((layer) => moduleKinds.map((kind) => layer + kind));
  const parts = ["overall", "layers.0", "layers.1", ...places];
  const values = parts.flatMap((part) => [
    [`${part}.cosine`, "0.5"],
    [`${part}.norm`, "2"],
    [`${part}.shuffledNorm`, "1"],
  ]);
  return { ...common, values: { ...Object.fromEntries(values), loss: "1", shuffledLoss: "2" } };
}
