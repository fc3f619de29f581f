/**
 * Where cells run: in this thread, or in workers that each have a GPU device of their own.
 * @module
 */
import { isSoftwareAdapter } from "../kernels/gpu/device.ts";
import type { CellProgress, ExecutorModule, ExecutorOptions } from "./executor.ts";
import { type CellEnd, runCell } from "./run_cell.ts";
import { StoreError } from "./store.ts";
import type { CellSpec } from "./types.ts";

/** Runs one cell after another. */
export interface Lane {
  run(id: string, spec: CellSpec, report: (progress: CellProgress) => void): Promise<CellEnd>;
  close(): void;
}

/** How a lane gets its executor and where it writes. */
export interface LaneSetup {
  readonly runDir: string;
  /** URL of an {@linkcode ExecutorModule}. */
  readonly executorModule: string;
  readonly options: ExecutorOptions;
}

/** What is said to a worker. */
export type ToWorker =
  | { readonly kind: "open"; readonly setup: LaneSetup }
  | { readonly kind: "cell"; readonly id: string; readonly spec: CellSpec }
  | { readonly kind: "abort" };

/** What a worker says. */
export type FromWorker =
  | { readonly kind: "opened" }
  | { readonly kind: "progress"; readonly progress: CellProgress }
  | { readonly kind: "ended"; readonly end: CellEnd }
  | { readonly kind: "error"; readonly name: string; readonly message: string };

/**
 * Bytes that training takes for each parameter, beside what grows with a batch, rounded up: weights, their copies in images, gradients and two
 * moments on the device, weights and moments again while a checkpoint is written.
 */
const bytesOfParameter = 40;

/**
 * Lanes where no number is asked for. One lane leaves a quarter of a software adapter's processors idle, between dispatches and while it
 * renders prompts; a second fills these gaps. A card has nothing to gain, and may lack the memory; so may this machine with a large model.
 * @param parameters of the model that each lane trains
 * @throws NoAdapterError where there is no adapter.
 */
export async function defaultLanes(parameters: number): Promise<number> {
  if (!await isSoftwareAdapter() || navigator.hardwareConcurrency === 1) return 1;
  return 2 * bytesOfParameter * parameters < Deno.systemMemoryInfo().available / 2 ? 2 : 1;
}

/** A lane in this thread. */
export async function openLane(setup: LaneSetup, signal: AbortSignal): Promise<Lane> {
  const module: ExecutorModule = await import(setup.executorModule);
  const executor = await module.openExecutor(setup.options);
  return {
    run: (id, spec, report) => runCell(setup.runDir, id, spec, executor, signal, report),
    close: () => executor.close(),
  };
}

/** A lane in a worker. */
export async function openWorkerLane(setup: LaneSetup, signal: AbortSignal): Promise<Lane> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const say = (message: ToWorker) => worker.postMessage(message);
  signal.addEventListener("abort", () => say({ kind: "abort" }), { once: true });
  const ask = (question: ToWorker, report: (progress: CellProgress) => void) =>
    new Promise<FromWorker>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "progress") report(data.progress);
        else if (data.kind === "error") reject(signal.aborted ? signal.reason : errorNamed(data.name, data.message));
        else resolve(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`a worker ended: ${event.message}`));
      };
      say(question);
    });
  try {
    await ask({ kind: "open", setup }, () => {});
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    run: async (id, spec, report) => {
      signal.throwIfAborted();
      const answer = await ask({ kind: "cell", id, spec }, report);
      return (answer as Extract<FromWorker, { kind: "ended" }>).end;
    },
    close: () => worker.terminate(),
  };
}

/** Only name and message of an error pass between threads; the caller tells errors apart by these. */
function errorNamed(name: string, message: string): Error {
  if (name === "StoreError") return new StoreError(message);
  const error = new Error(message);
  error.name = name;
  return error;
}
