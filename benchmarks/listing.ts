/**
 * The settings as `--list` shows them: which figure or table each is, how many cells a run of it has at each profile, and about how long
 * that takes.
 * @module
 */
import { type Work, workUnits } from "./work.ts";

/** What a run of one or several settings amounts to at a profile; the reason in its place where it cannot be planned. */
export type Amount = { readonly cells: number; readonly work: Work } | { readonly reason: string };

/** A line of the list. */
export interface ListedRun {
  /** What is typed after `bench`. */
  readonly name: string;
  /** Such as `U Figure 1`; empty where it is no setting. */
  readonly source: string;
  /** One sentence. */
  readonly description: string;
  /** By profile, in order. */
  readonly amounts: Readonly<Record<string, Amount>>;
}

/** Everything a list is made of. */
export interface Listing {
  readonly runs: readonly ListedRun[];
  /** Seconds for one of each unit of work; null where there is no adapter to measure on. */
  readonly rates: Work | null;
  /** What the numbers are for, in whole lines. */
  readonly about: readonly string[];
}

/** Seconds that an amount of work takes at some rates. */
export function secondsFor(work: Work, rates: Work): number {
  return workUnits.reduce((sum, unit) => sum + work[unit] * rates[unit], 0);
}

/** A duration in its largest units, no finer than an estimate is: `40 s`, `7 min`, `2 h 10 min`, `3 days`. */
export function roughly(seconds: number): string {
  if (seconds < 55) return `${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 600) return `${Math.floor(minutes / 60)} h ${10 * Math.floor(minutes % 60 / 10)} min`;
  const hours = Math.round(seconds / 3600);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** The list as text: two lines a run, what the numbers are for, and why something cannot run. */
export function listingText({ runs, rates, about }: Listing): string {
  const profiles = Object.keys(runs[0].amounts);
  const header = ["setting", "source", ...profiles];
  const rows = runs.map(({ name, source, amounts }) => [
    name,
    source,
    ...profiles.map((profile) => amountText(amounts[profile], rates)),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) => row.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd();
  const reasons = runs.flatMap(({ name, amounts }) =>
    Object.entries(amounts).flatMap(([profile, amount]) =>
      "reason" in amount ? [`${name} at profile ${profile} cannot run: ${amount.reason}`] : []
    )
  );
  return [
    line(header),
    ...rows.flatMap((row, i) => [line(row), `    ${runs[i].description}`]),
    "",
    ...about,
    ...new Set(reasons),
  ].map((text) => text + "\n").join("");
}

function amountText(amount: Amount, rates: Work | null): string {
  if ("reason" in amount) return "cannot run";
  if (amount.cells === 0) return "no cells";
  const cells = amount.cells === 1 ? "1 cell" : `${amount.cells} cells`;
  return rates === null ? cells : `${cells}, ${roughly(secondsFor(amount.work, rates))}`;
}
