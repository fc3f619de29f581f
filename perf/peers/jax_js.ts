/**
 * Peer: jax-js on WebGPU. One jitted function a step.
 * @module
 */
import { answer, checkProduct, failOnDeviceErrors, peerRequest, timeWindows, values, waitFloor } from "./request.ts";

/** The part of jax-js that is used. Arrays are counted: an operation consumes its operands, `ref` keeps one for another use. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: number[]): JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  data(): Promise<Float32Array>;
}

interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): void;
  getWebGPUDevice(): GPUDevice;
  jit<T>(body: T): T;
  grad(
    loss: (...args: never[]) => JaxArray,
  ): (...args: unknown[]) => JaxArray[];
  blockUntilReady(value: unknown): Promise<unknown>;
  numpy: {
    array(data: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
  nn: { silu(x: JaxArray): JaxArray };
}

// A computed name: the package is in this folder's configuration, not in the project's.
const name = "@jax-js/jax";
const jax = await import(name) as Jax;
await jax.init("webgpu");
jax.defaultDevice("webgpu");
const { numpy: np, nn } = jax;

const request = peerRequest();
const { side } = request;
const { tokens, width, inner, blocks } = request.stack;
const matrix = (rows: number, columns: number, scale: number) =>
  np.array(values(rows * columns, scale)).reshape([rows, columns]);
const device = jax.getWebGPUDevice();
failOnDeviceErrors(device);
const wait = () => device.queue.onSubmittedWorkDone();

const [first, second] = [1, 1 / Math.sqrt(side)].map((scale) => values(side * side, scale));
const b = np.array(second).reshape([side, side]);
let c = np.array(first).reshape([side, side]);
const syncFloor = await waitFloor(wait);
const product = jax.jit((a: JaxArray, b: JaxArray) => np.matmul(a, b));
checkProduct((await product(c.ref, b.ref).data())[0], first, second, side);
const matmul = await timeWindows(request, syncFloor, () => {
  c = product(c, b.ref);
}, async () => void await jax.blockUntilReady(c.ref));

const loss = (weights: JaxArray[], x: JaxArray, g: JaxArray): JaxArray => {
  let y = x;
  for (let block = 0; block < blocks; block++) {
    const [gate, up, down] = weights.slice(block * 3, block * 3 + 3);
    const gated = nn.silu(np.matmul(y.ref, gate)).mul(np.matmul(y.ref, up));
    y = y.add(np.matmul(gated, down));
  }
  return y.mul(g).sum();
};
const step = jax.jit(
  (weights: JaxArray[], x: JaxArray, g: JaxArray): JaxArray[] => {
    const gradients = jax.grad(loss)(weights.map((w) => w.ref), x, g);
    return weights.map((w, i) => w.sub(gradients[i].mul(1e-5)));
  },
);
let weights = Array.from({ length: blocks }, () => [
  matrix(width, inner, 1 / Math.sqrt(width)),
  matrix(width, inner, 1 / Math.sqrt(width)),
  matrix(inner, width, 1 / Math.sqrt(inner)),
]).flat();
const x = matrix(tokens, width, 1);
const g = matrix(tokens, width, 1);
const stack = await timeWindows(request, syncFloor, () => {
  weights = step(weights, x.ref, g.ref);
}, async () => void await jax.blockUntilReady(weights.map((w) => w.ref)));

answer({ version: "jax-js 0.1.25, WebGPU", matmul, stack, syncFloor });
Deno.exit(0);
