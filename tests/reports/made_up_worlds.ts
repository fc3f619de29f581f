/** Made-up results of planned cells, by what a world says of their means. */
import { profiles } from "../../benchmarks/profiles.ts";
import type { CellSpec, FindingPlan, ValueReference } from "../../benchmarks/types.ts";
import type { Find, Found } from "../../reports/contrasts.ts";
import { reportFindings } from "../../reports/findings.ts";
import type { ReportFinding } from "../../reports/model.ts";
import { setMeanItems } from "../../reports/set_mean.ts";
import { stream } from "../../training/random.ts";

/** What a value is of. */
export interface At {
  readonly spec: CellSpec;
  readonly method: string;
  /** Set trained on. */
  readonly from: string | null;
  /** Rank of the training size, 1 to 3. */
  readonly rank: number;
  readonly set: string;
  readonly format: 1 | 2;
  readonly shots: number;
  /** Metric's name; `distance`, `loss`, `cosine`. */
  readonly what: string;
}

/** Means of made-up results. */
export type World = (at: At) => number;

/** Statements with the cells they are about. */
export interface Stated {
  readonly findings: readonly FindingPlan[];
  readonly specs: ReadonlyMap<string, CellSpec>;
}

type Single = Extract<ValueReference, { cell: string }>;

function whatOf(reference: Single): string {
  if ("metric" in reference) return reference.metric;
  return "distance" in reference ? "distance" : "probe" in reference ? "cosine" : "loss";
}

/** Values around a world's means; `noise` is how far items and seeds lie apart. */
function finder(specs: Stated["specs"], world: World, noise: number): Find {
  const items = (reference: Single): number[] => {
    const spec = specs.get(reference.cell)!;
    const what = whatOf(reference);
    const { set = "", format = 1, shots = 0 } = "set" in reference ? reference : {};
    const rank = spec.train === null ? 0 : profiles.smoke.sizes.indexOf(spec.train.size) + 1;
    const from = spec.train?.set ?? null;
    const mean = world({ spec, method: spec.method.name, from, rank, set, format, shots, what });
    const random = stream(1, JSON.stringify(reference));
    if (what === "distance") return [mean * (1 + noise * random.normal())];
    if (what === "cosine") return [mean + noise * random.normal()];
    const count = what === "loss" ? 10 : 30;
    if (what === "tuned_label_rate") {
      return Array.from({ length: count }, () => 100 * random.uniform() < mean ? 100 : 0);
    }
    const scale = what === "loss" ? noise : 100 * noise;
    return Array.from({ length: count }, () => mean + scale * random.normal());
  };
  return (reference): Promise<Found | null> => {
    if ("constant" in reference) {
      return Promise.resolve({ kind: "metric", items: [reference.constant], proportion: reference.constant === 50 });
    }
    if ("mean" in reference) {
      return Promise.resolve({ kind: "metric", items: setMeanItems(reference.mean.map(items)), proportion: false });
    }
    if (!("cell" in reference)) throw new Error("no statement is about such a value");
    const what = whatOf(reference);
    const kind = what === "distance" || what === "cosine" || what === "loss" ? what : "metric";
    const proportion = "metric" in reference && reference.metric === "tuned_label_rate";
    return Promise.resolve({ kind, items: items(reference), proportion });
  };
}

/** A statement put to a world. */
export async function findingIn(stated: Stated, id: string, world: World, noise: number): Promise<ReportFinding> {
  const findings = stated.findings.filter((finding) => finding.id === id);
  const [report] = await reportFindings(findings, finder(stated.specs, world, noise));
  return report;
}
