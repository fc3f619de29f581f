/**
 * Compares two reports: run folders, report files, or git revisions.
 * @module
 */
import { canonicalJson } from "../text.ts";
import { compare } from "./compare.ts";
import { diffMarkdown, diffText } from "./render.ts";
import { choosePair, findSources, UsageError } from "./sources.ts";

export { UsageError };

/** Options of {@linkcode diff}. */
export interface DiffOptions {
  /** `text` for a terminal, `md` for a review, `json` (schema `tunemark.diff/1`) for programs. */
  readonly format: "text" | "json" | "md";
  /** List the items that differ: with their texts where both sides are run folders. */
  readonly samples: boolean;
  /** What makes the exit code 1: a regression, or any difference. */
  readonly failOn: "regression" | "any";
  /** Folder that git is asked in; the working folder by default. */
  readonly repository?: string;
}

/** What the command line prints, and exits with: 0 no change (or no regression), 1 regression, 2 not comparable or incomplete. */
export interface DiffOutcome {
  /** The comparison in the format asked for; ends with a line end. */
  readonly text: string;
  /** 0, 1 or 2, as above; 1 comes before 2. */
  readonly exitCode: 0 | 1 | 2;
}

/**
 * Compares B with A.
 *
 * Each is a run's folder, a `report.json`, `REV:PATH` for such a file at a git revision, or `REV` for the golden reports committed at it (of
 * several, the one whose numeric signature the other side has too, else the first).
 *
 * Cells are matched by their factors, evaluations by task, set, format and shots. What has another base model, other data, another prompt or another
 * scorer is not compared. Cells with equal numeric signature, operands and hyper-parameters must be equal to the bit; others are
 * compared item by item with paired tests.
 *
 * @throws {UsageError} where an argument names nothing to compare
 * @throws {Error} naming file and field, where a file is not as it must be
 */
export async function diff(a: string, b: string, options: DiffOptions): Promise<DiffOutcome> {
  const repository = options.repository ?? ".";
  const pair = choosePair(await findSources(a, repository), await findSources(b, repository));
  const result = await compare(...pair, options);
  const render = { text: diffText, md: diffMarkdown, json: canonicalJson }[options.format];
  return { text: render(result), exitCode: result.exitCode };
}
