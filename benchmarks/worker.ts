/**
 * A lane's other end: runs whole cells in a worker, with its own executor and device.
 * @module
 */
import { type FromWorker, type Lane, openLane, type ToWorker } from "./lanes.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker): void;
}

const scope = self as unknown as WorkerScope;
const abort = new AbortController();
let lane: Lane | null = null;

scope.onmessage = async ({ data }) => {
  if (data.kind === "abort") {
    abort.abort();
    return;
  }
  try {
    if (data.kind === "open") {
      lane = await openLane(data.setup, abort.signal);
      scope.postMessage({ kind: "opened" });
    } else {
      const end = await lane!.run(data.id, data.spec, (progress) => scope.postMessage({ kind: "progress", progress }));
      scope.postMessage({ kind: "ended", end });
    }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    scope.postMessage({ kind: "error", name, message });
  }
};
