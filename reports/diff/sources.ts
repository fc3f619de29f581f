/**
 * Finds what an argument of `diff` names: a run's folder, a report file, or a git revision.
 * @module
 */
import { buildReport } from "../build.ts";
import type { Report } from "../model.ts";
import { readRun } from "../read_run.ts";
import { report as reportShape } from "../schemas.ts";
import { parse } from "../shape.ts";
import { message } from "../text.ts";

/** Where committed golden reports lie, from the repository's root. */
const GOLDEN = "reports/golden/";

/** A report to compare, and the run's folder behind it where there is one. */
export interface Source {
  /** The argument, with the file for a revision's golden report. */
  readonly name: string;
  readonly report: Report;
  /** For samples and training steps; null for report files and revisions. */
  readonly directory: string | null;
}

/** An argument that names nothing to compare. */
export class UsageError extends Error {
  /** What the command line tells usage errors by. */
  override name = "UsageError";
}

/** Parses the text of a `report.json`; `file` names it in errors. */
export function parseReport(source: string, file: string): Report {
  return parse<Report>(source, file, "tunemark.report/1", reportShape);
}

async function fileInfo(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return null;
    throw new UsageError(`cannot read ${path}: ${message(cause)}`);
  }
}

/** Runs git in a folder: its output, or null where it fails. */
async function git(repository: string, ...args: readonly string[]): Promise<string | null> {
  try {
    const command = new Deno.Command("git", { args: ["-C", repository, ...args], stdout: "piped", stderr: "null" });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw cause;
  }
}

async function goldenReports(revision: string, repository: string): Promise<Source[]> {
  const listed = await git(repository, "ls-tree", "--full-tree", "--name-only", revision, GOLDEN) ?? "";
  const files = listed.split("\n").filter((name) => name.endsWith(".json")).sort();
  if (files.length === 0) throw new UsageError(`revision ${revision} has no golden report: no ${GOLDEN}*.json`);
  const reports: Source[] = [];
  for (const file of files) reports.push(await reportAt(revision, file, repository));
  return reports;
}

async function reportAt(revision: string, file: string, repository: string): Promise<Source> {
  const name = `${revision}:${file}`;
  const source = await git(repository, "show", name);
  if (source === null) throw new UsageError(`revision ${revision} has no file ${file}`);
  return { name, report: parseReport(source, name), directory: null };
}

/**
 * The reports an argument may mean, one or more. In this order: a folder with `plan.json` is a run (its report is made anew from its result
 * files); a file is a `report.json`; `REV:PATH` is that file at a git revision; `REV` is the golden reports committed at that revision,
 * one for each numeric signature.
 * @param repository Folder that git is asked in.
 * @throws {UsageError} where it is none of these, saying what would be
 */
export async function findSources(argument: string, repository: string): Promise<Source[]> {
  const info = argument === "" ? null : await fileInfo(argument);
  if (info?.isDirectory) {
    if (await fileInfo(`${argument}/plan.json`) === null) {
      throw new UsageError(`${argument} is no run's folder: it has no plan.json`);
    }
    return [{ name: argument, report: await buildReport(await readRun(argument)), directory: argument }];
  }
  if (info !== null) {
    return [{ name: argument, report: parseReport(await Deno.readTextFile(argument), argument), directory: null }];
  }
  const [revision, ...path] = argument.split(":");
  const isName = revision !== "" && !revision.startsWith("-");
  if (isName && await git(repository, "rev-parse", "--verify", "--quiet", `${revision}^{commit}`) !== null) {
    return path.length > 0
      ? [await reportAt(revision, path.join(":"), repository)]
      : await goldenReports(revision, repository);
  }
  throw new UsageError(`"${argument}" is no run's folder, report file or git revision (REV or REV:PATH)`);
}

/** The pair to compare: the first with a numeric signature in common, else the first of each side. */
export function choosePair(a: readonly Source[], b: readonly Source[]): [Source, Source] {
  for (const first of a) {
    const second = b.find(({ report }) =>
      report.numericSignatures.some((signature) => first.report.numericSignatures.includes(signature))
    );
    if (second !== undefined) return [first, second];
  }
  return [a[0], b[0]];
}
