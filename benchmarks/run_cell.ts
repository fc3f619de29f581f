/**
 * One cell from specification to files.
 * @module
 */
import { factorsOf, trainingId } from "./cell.ts";
import type { CellExecutor, CellOutcome, CellProgress } from "./executor.ts";
import { beginCell, finishCell, modelFolder, type Provenance, reasonOf, StoreError } from "./store.ts";
import type { CellResult, CellSpec } from "./types.ts";

/** How a cell ended. */
export interface CellEnd {
  readonly status: "ok" | "failed";
  readonly reason: string | null;
}

/**
 * Runs a cell and writes its files. An error of the cell becomes a result that says `failed` and why.
 *
 * @throws {StoreError} Where the files cannot be written.
 * @throws The signal's reason where it is aborted; no result is written then, and the checkpoint stays for the next run.
 */
export async function runCell(
  runDir: string,
  id: string,
  spec: CellSpec,
  executor: CellExecutor,
  signal: AbortSignal,
  report: (progress: CellProgress) => void,
): Promise<CellEnd> {
  signal.throwIfAborted();
  const begun = beginCell(runDir, id, spec, {
    started: new Date().toISOString(),
    host: `${Deno.build.target}, ${navigator.hardwareConcurrency} cores`,
    adapter: executor.adapter,
    commit: commitOf(new URL("../.git", import.meta.url)),
  });
  let outcome: CellOutcome | null = null;
  let reason: string | null = null;
  try {
    outcome = await executor.execute(spec, { modelFolder: modelFolder(runDir, trainingId(spec)), signal, report });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError) throw error;
    reason = reasonOf(error);
  }
  const result = resultOf(id, spec, executor.numericSignature, outcome, reason);
  const files = { result, trainSteps: outcome?.trainSteps ?? [], samples: outcome?.samples ?? [] };
  finishCell(runDir, id, files, ended(begun));
  return { status: result.status, reason };
}

function resultOf(
  id: string,
  spec: CellSpec,
  numericSignature: string,
  outcome: CellOutcome | null,
  reason: string | null,
): CellResult {
  return {
    schema: "tunemark.result/1",
    cell: id,
    status: outcome === null ? "failed" : "ok",
    reason,
    identity: {
      suite: spec.suite,
      kernels: spec.kernels,
      operands: spec.operands,
      modelWeights: spec.model.weightsSha256,
      modelConfig: spec.model.configSha256,
      tokenizer: spec.model.tokenizerSha256,
      numericSignature,
    },
    factors: factorsOf(spec),
    train: outcome?.train ?? null,
    evaluations: outcome?.evaluations ?? [],
    ...(outcome?.probes === undefined ? {} : { probes: outcome.probes }),
  };
}

function ended(begun: Provenance): Provenance {
  const now = new Date();
  return {
    ...begun,
    ended: now.toISOString(),
    seconds: (now.getTime() - new Date(begun.started).getTime()) / 1000,
    residentBytes: Deno.memoryUsage().rss,
  };
}

/** Commit that a `.git` folder stands at, or null where that cannot be read. */
function commitOf(git: URL): string | null {
  try {
    const head = Deno.readTextFileSync(new URL(`${git}/HEAD`)).trim();
    if (!head.startsWith("ref: ")) return head;
    return Deno.readTextFileSync(new URL(`${git}/${head.slice(5)}`)).trim();
  } catch {
    return null;
  }
}
