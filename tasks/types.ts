/**
 * The vocabulary of the tasks room: rows, tasks, and what a scorer returns.
 * @module
 */

/**
 * One dataset row. `fields` holds the task's input fields, named as in the U repository's JSON (`input`, `answer`,
 * `input_1`, `input_2`) or, for P's tasks, after the same manner (`source`, `word`, `a`).
 */
export interface DatasetRow {
  /** Stable within its file: the row's `idx` where it has one, else its position, as text. */
  readonly id: string;
  /** Input fields by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Reference output: free text, or a label word. */
  readonly output: string;
}

/** What kind of answer a task asks for. */
export type TaskKind = "generation" | "classification";

/**
 * How a task's answers are scored: `labels` for a classification, by label score and by free generation; for a
 * generation ROUGE, BLEU or exact match with the reference.
 */
export type Scorer = "labels" | "rouge" | "bleu" | "exact_match";

/** A paper the tasks come from: U is Yang et al. (NAACL 2024), P is Wang et al. (ICLR 2024). */
export type Paper = "U" | "P";

/** A prompt format of the U paper: 1 is used for training and testing, 2 for testing only. */
export type PromptFormat = 1 | 2;

/** One task: its prompts, label words, shot counts and decoding limits. */
export interface Task {
  /** The papers' name of the task, and of its folder in the data. */
  readonly name: string;
  /** Whose task it is: prompts, sets and shot counts are this paper's. */
  readonly paper: Paper;
  /** Free text or a label. */
  readonly kind: TaskKind;
  /** How its answers are scored. */
  readonly scorer: Scorer;
  /** Input field names a row must have. */
  readonly fields: readonly string[];
  /** Label words, in scoring order; empty for generation. */
  readonly labels: readonly string[];
  /**
   * Gold labels a data file may hold that are no label word, such as the `-` of MNLI's undecided rows: such an item is
   * always wrong.
   */
  readonly toleratedGold?: readonly string[];
  /** Prompt formats 1 and 2, with `{field}` placeholders; P's tasks have one format, which then stands twice. */
  readonly prompts: readonly [string, string];
  /** Shot counts the paper evaluates, ascending, zero first. */
  readonly shots: readonly number[];
  /** Demonstration counts the U paper trains FTICL with; none for P's tasks. */
  readonly fticlShots: readonly number[];
  /** Greedy tokens allowed for an answer. */
  readonly maxNewTokens: number;
  /** Dataset roles: the training set, and test sets by relation to it, in the paper's order. */
  readonly sets: {
    /** Trained on; null where the paper trains nothing on the task. */
    readonly train: string | null;
    /** Of the training set's domain; the training set's own test rows first. Empty where nothing is trained on. */
    readonly inDomain: readonly string[];
    /** Of other domains; all of them where nothing is trained on. */
    readonly outOfDomain: readonly string[];
  };
  /** Where its rows come from, where another task's folder holds them. */
  readonly reads?: {
    /** That task's name. */
    readonly task: string;
    /** This task's word for each of that one's outputs; rows with others are not this task's. All outputs as they are where absent. */
    readonly words?: Readonly<Record<string, string>>;
    /** Set whose training rows stand in where the data has none of the training set. */
    readonly standIn?: string;
  };
}

/** Sufficient statistics of one scored answer; integers wherever the metric allows. */
export type ItemStatistics = Readonly<Record<string, number>>;

/** One metric over a list of items. */
export interface Metric {
  /** Short name used in tables, such as `rougeL` or `accuracy`. */
  readonly name: string;
  /** What was done to get the number, in the manner of sacreBLEU's signatures. */
  readonly signature: string;
  /** Whether a higher or a lower value is the better. */
  readonly better: "higher" | "lower";
  /** Value of one item in 0..100, derived from its statistics. */
  value(statistics: ItemStatistics): number;
  /** Value of at least one item together, in 0..100: the items' mean for all metrics but corpus BLEU. */
  aggregate(items: readonly ItemStatistics[]): number;
}
