/**
 * Peer: TensorFlow.js on its WebGPU backend, eager, gradients by its tape.
 * @module
 */
import { answer, checkProduct, failOnDeviceErrors, peerRequest, timeWindows, values, waitFloor } from "./request.ts";

/** The part of TensorFlow.js that is used. */
interface Tensor {
  add(other: Tensor): Tensor;
  sub(other: Tensor): Tensor;
  mul(other: Tensor | number): Tensor;
  sum(): Tensor;
  data(): Promise<Float32Array>;
  sigmoid(): Tensor;
  matMul(other: Tensor): Tensor;
  dispose(): void;
}

interface Variable extends Tensor {
  readonly name: string;
  assign(value: Tensor): void;
}

interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  getBackend(): string;
  backend(): {
    device: GPUDevice;
    commandEncoder: GPUCommandEncoder | null;
    endComputePassEncoder(): void;
    submitQueue(): void;
  };
  tensor2d(data: Float32Array, shape: [number, number]): Tensor;
  variable(initial: Tensor): Variable;
  variableGrads(
    loss: () => Tensor,
    over: Variable[],
  ): { value: Tensor; grads: Record<string, Tensor> };
  tidy<T>(body: () => T): T;
}

// Computed names: the packages are in this folder's configuration, not in the project's. The whole package brings the gradients.
const [library, webgpu] = [
  "@tensorflow/tfjs",
  "@tensorflow/tfjs-backend-webgpu",
];
const tf = await import(library) as TensorFlow;
await import(webgpu);
if (!await tf.setBackend("webgpu")) {
  throw new Error("TensorFlow.js found no WebGPU adapter");
}
await tf.ready();

failOnDeviceErrors(tf.backend().device);

const request = peerRequest();
const { side } = request;
const { tokens, width, inner, blocks } = request.stack;
const matrix = (rows: number, columns: number, scale: number) =>
  tf.tensor2d(values(rows * columns, scale), [rows, columns]);
const wait = async () => {
  const backend = tf.backend();
  // It gathers dispatches; with none gathered it cannot submit, and with a pass open a submission does nothing.
  backend.endComputePassEncoder();
  if (backend.commandEncoder !== null) backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
};
const syncFloor = await waitFloor(wait);

const [first, second] = [1, 1 / Math.sqrt(side)].map((scale) => values(side * side, scale));
const b = tf.tensor2d(second, [side, side]);
let c = tf.tensor2d(first, [side, side]);
checkProduct((await c.matMul(b).data())[0], first, second, side);
const matmul = await timeWindows(request, syncFloor, () => {
  const next = c.matMul(b);
  c.dispose();
  c = next;
}, wait);

const weights = Array.from({ length: blocks }, () => [
  tf.variable(matrix(width, inner, 1 / Math.sqrt(width))),
  tf.variable(matrix(width, inner, 1 / Math.sqrt(width))),
  tf.variable(matrix(inner, width, 1 / Math.sqrt(inner))),
]).flat();
const x = matrix(tokens, width, 1);
const g = matrix(tokens, width, 1);
const loss = () => {
  let y = x;
  for (let block = 0; block < blocks; block++) {
    const [gate, up, down] = weights.slice(block * 3, block * 3 + 3);
    const gates = y.matMul(gate);
    y = y.add(gates.mul(gates.sigmoid()).mul(y.matMul(up)).matMul(down));
  }
  return y.mul(g).sum();
};
const stack = await timeWindows(request, syncFloor, () =>
  tf.tidy(() => {
    const { grads } = tf.variableGrads(loss, weights);
    for (const weight of weights) {
      weight.assign(weight.sub(grads[weight.name].mul(1e-5)));
    }
  }), wait);

answer({
  version: `TensorFlow.js 4.22.0, ${tf.getBackend()}`,
  matmul,
  stack,
  syncFloor,
});
Deno.exit(0);
