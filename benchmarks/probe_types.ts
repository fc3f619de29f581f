/**
 * Probes of a cell's model: measurements that are not scores. Deterministic text, as in all files of a run.
 * @module
 */
import type { InputHashes, Relation } from "./types.ts";

/**
 * What can be measured of a model beside scores. `gradient_alignment`: cosine of its gradient on training rows and on the same inputs with
 * shuffled targets. `forward_kl`: how far it is from the base model along reference answers.
 */
export type ProbeName = "gradient_alignment" | "forward_kl";

/** One probe of a cell: rows in a prompt format at a shot count, as in an evaluation. */
export interface ProbeSpec {
  /** What is measured. */
  readonly probe: ProbeName;
  /** Task's name. */
  readonly task: string;
  /** Name of the set the rows are of. */
  readonly set: string;
  /** How the set relates to the cell's training set; `training`: the first rows of a training file. */
  readonly relation: Relation | "training";
  /** Nominal size of the training file, for `training`; absent elsewhere. */
  readonly size?: number;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt. */
  readonly shots: number;
  /** Number of rows. */
  readonly rows: number;
  /** The prompt format itself, with its placeholders. */
  readonly prompt: string;
  /** SHA-256 of the canonical JSON of the rows, in file order. */
  readonly rowsSha256: string;
  /** SHA-256 of the canonical JSON of the demonstrations, in order. */
  readonly demonstrationsSha256: string;
}

/** Result of one probe. */
export interface ProbeResult extends Pick<ProbeSpec, "probe" | "task" | "set" | "relation" | "format" | "shots"> {
  /** Rows measured. */
  readonly n: number;
  /** What went in, as SHA-256. */
  readonly hashes: InputHashes;
  /** Rows that did not fit the context and lost tokens. */
  readonly truncated: number;
  /**
   * What was measured, by name, as shortest round-trip text of the f32; null where it does not exist.
   *
   * `forward_kl` has `divergence`: forward KL of the model from the base in nats, mean over rows of the mean over the answer's positions.
   *
   * `gradient_alignment` has for all weights (`overall`), each kind of module over all layers (`query`, `key`, `value`, `output`, `mlp`, `gate`,
   * `up`, `down`, `norms`, `embedding`, `head`), each layer (`layers.0`) and each kind of module in it (`layers.0.mlp`) the `.cosine` of the
   * two gradients, the `.norm` of that on true targets and the `.shuffledNorm` of that on shuffled ones; and `loss`, `shuffledLoss`, the mean
   * cross-entropies per target token in nats.
   */
  readonly values: Readonly<Record<string, string | null>>;
  /** Where a value is a mean over rows: its name, and each row's in the rows' order. Absent elsewhere. */
  readonly items?: { readonly of: string; readonly values: readonly string[] };
}

/** Where a table entry finds a value of a probe. */
export interface ProbeReference {
  /** The cell's id. */
  readonly cell: string;
  /** What was measured. */
  readonly probe: ProbeName;
  /** Name of the set the rows are of. */
  readonly set: string;
  /** Prompt format. */
  readonly format: 1 | 2;
  /** Demonstrations before the prompt. */
  readonly shots: number;
  /** Name of the value: see {@linkcode ProbeResult}. */
  readonly value: string;
}
