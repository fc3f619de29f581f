/**
 * What a peer is asked, what it answers, and the windows it is timed in: the same for all that run in this language.
 * Peers run in a process of their own, with the packages of perf/deno.json.
 * @module
 */

/** Residual SwiGLU blocks `x + down(silu(gate x) * up x)`, loss `sum(y * g)` for a given g, gradient of every weight, SGD. */
export interface BlockStack {
  /** Rows of x. */
  readonly tokens: number;
  /** Columns of x. */
  readonly width: number;
  /** Columns of gate and up. */
  readonly inner: number;
  /** Number of blocks. */
  readonly blocks: number;
}

/** What to measure and for how long. */
export interface PeerRequest {
  /** Side of the square f32 matrices of the product. */
  readonly side: number;
  readonly stack: BlockStack;
  /** Timed windows of each measurement. */
  readonly windows: number;
  /** Shortest window in seconds. */
  readonly seconds: number;
}

/** What a peer answers; seconds of one repetition, one value a window, waiting for the GPU included. */
export interface PeerAnswer {
  /** Name and version of what ran. */
  readonly version: string;
  /** Where it ran, where that is its own choice. */
  readonly where?: string;
  readonly matmul: readonly number[];
  readonly stack: readonly number[];
  /** Seconds of a wait on an idle queue, included once in each window. */
  readonly syncFloor: number;
}

/** The request on the command line. */
export function peerRequest(): PeerRequest {
  return JSON.parse(Deno.args[0]) as PeerRequest;
}

/** Times `once` in windows of equal repetitions, each ended by `wait`; returns seconds a repetition, the wait's own floor taken off. */
export async function timeWindows(
  request: Pick<PeerRequest, "windows" | "seconds">,
  floor: number,
  once: () => void | Promise<void>,
  wait: () => Promise<void>,
): Promise<number[]> {
  const timed = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) await once();
    await wait();
    return Math.max(1e-9, (performance.now() - start) / 1000 - floor);
  };
  // Compilation first, then how many repetitions fill a window.
  await timed(1);
  const times = Math.max(1, Math.ceil(request.seconds / await timed(1)));
  const seconds: number[] = [];
  for (let window = 0; window < request.windows; window++) {
    seconds.push(await timed(times) / times);
  }
  return seconds;
}

/** Seconds that `wait` takes with nothing to wait for: median of five. */
export async function waitFloor(wait: () => Promise<void>): Promise<number> {
  const seconds: number[] = [];
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    await wait();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds.slice(1).sort((a, b) => a - b)[2];
}

/** Deterministic values about as large as a trained layer's: neither zeros nor anything that overflows when products are chained. */
export function values(
  length: number,
  scale: number,
): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 2 * scale;
  });
}

/** Ends the process at the first error of the device: a refused submission does no work, and would look fast. */
export function failOnDeviceErrors(device: GPUDevice): void {
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    const message = (event as GPUUncapturedErrorEvent).error.message.split("\n")[0];
    Deno.stderr.writeSync(new TextEncoder().encode(`error: ${message}\n`));
    Deno.exit(1);
  });
}

/** Ends the process where the first element of a peer's product is not the sum it should be: wrong work must not be timed. */
export function checkProduct(
  first: number,
  a: Float32Array,
  b: Float32Array,
  side: number,
): void {
  let sum = 0;
  for (let k = 0; k < side; k++) sum += a[k] * b[k * side];
  if (Math.abs(first - sum) > 1e-3) {
    throw new Error(
      `the product's first element is ${first}; it should be ${sum}`,
    );
  }
}

/** Prints the answer. */
export function answer(result: PeerAnswer): void {
  Deno.stdout.writeSync(
    new TextEncoder().encode(`${JSON.stringify(result)}\n`),
  );
}
