/**
 * Runs the peers, each in a process of its own, and compares. A peer that cannot be had is left out with one line that says why.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Gpu } from "../kernels/gpu/device.ts";
import { embedded, embeddedBatches } from "./shapes.ts";
import { squareSeconds, stackSeconds } from "./stack.ts";
import { summarize } from "./statistics.ts";
import type { Effort } from "./timing.ts";
import type { BlockStack, PeerAnswer, PeerRequest } from "./peers/request.ts";
import type { PeerRow, Ratio, Skipped, StepRow } from "./types.ts";

/** The stack of blocks all programs train: as many products as the embedded model's layers have outside attention. */
export const blockStack: BlockStack = {
  tokens: 2048,
  width: embedded.hiddenSize,
  inner: embedded.intermediateSize,
  blocks: embedded.layers,
};

/** A program to start. */
interface Peer {
  readonly name: string;
  readonly where: PeerRow["where"];
  readonly program: string;
  readonly args: readonly string[];
}

/** Longest time a peer may take, in seconds. */
const patience = 300;

function ownPath(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** The peers known, and how each is started. */
function peers(): Peer[] {
  const script = (file: string) => [
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-read",
    "--allow-env",
    "--config",
    ownPath("deno.json"),
    ownPath(`peers/${file}`),
  ];
  return [
    {
      name: "jax-js",
      where: "this adapter",
      program: Deno.execPath(),
      args: script("jax_js.ts"),
    },
    {
      name: "TensorFlow.js",
      where: "this adapter",
      program: Deno.execPath(),
      args: script("tfjs.ts"),
    },
    {
      name: "PyTorch",
      where: "CPU",
      program: Deno.env.get("TUNEMARK_PYTHON") ?? "python3",
      args: [ownPath("peers/torch_peer.py")],
    },
  ];
}

/** The line of an error output that tells most: the first that names an error, or the last. */
export function reason(stderr: string): string {
  // deno-lint-ignore no-control-regex
  const lines = stderr.replaceAll(/\x1b\[[0-9;]*m/g, "").split("\n").map((
    line,
  ) => line.trim())
    .filter((line) => line !== "" && !line.includes("XDG_RUNTIME_DIR"));
  const named = lines.find((line) => /^(error|\w*Error)\b/i.test(line));
  return (named ?? lines.at(-1) ?? "it said nothing").slice(0, 160);
}

/** Starts one peer and reads its answer. @throws with one line that says why there is none */
async function ask(
  peer: Peer,
  request: Record<string, unknown>,
): Promise<PeerAnswer & { steps?: number[][] }> {
  const command = new Deno.Command(peer.program, {
    args: [...peer.args, JSON.stringify(request)],
    env: { DENO_WEBGPU_BACKEND: "vulkan,metal,dx12", NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(patience * 1000),
  });
  const { success, signal, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  if (signal === "SIGTERM") throw new Error(`no answer within ${patience} s`);
  if (!success) throw new Error(reason(text.decode(stderr)));
  return JSON.parse(text.decode(stdout).trim().split("\n").at(-1)!);
}

/** A row of one program's times. */
function rowOf(
  program: Pick<PeerRow, "name" | "version" | "where" | "syncFloor">,
  request: PeerRequest,
  times: { matmul: readonly number[]; stack: readonly number[] },
  steps: Readonly<Record<string, number>>,
): PeerRow {
  return {
    ...program,
    matmulGigaflops: 2 * request.side ** 3 / summarize(times.matmul).median /
      1e9,
    stackTokensPerSecond: request.stack.tokens / summarize(times.stack).median,
    stepTokensPerSecond: steps,
  };
}

/** Ours over each peer's, for all that both have. */
export function ratios(rows: readonly PeerRow[]): Ratio[] {
  const [ours, ...others] = rows;
  return others.flatMap((peer) => [
    {
      what: "f32 product",
      peer: peer.name,
      ratio: ours.matmulGigaflops / peer.matmulGigaflops,
    },
    {
      what: "f32 block stack",
      peer: peer.name,
      ratio: ours.stackTokensPerSecond / peer.stackTokensPerSecond,
    },
    ...Object.entries(peer.stepTokensPerSecond)
      .filter(([batch]) => ours.stepTokensPerSecond[batch] !== undefined)
      .map(([batch, rate]) => ({
        what: `training step ${batch}`,
        peer: peer.name,
        ratio: ours.stepTokensPerSecond[batch] / rate,
      })),
  ]);
}

/** Measures ours as the peers are measured, then every peer that can be had. */
export async function measurePeers(
  gpu: Gpu,
  request: PeerRequest,
  steps: readonly StepRow[],
  floor: number,
  effort: Effort,
  log: (line: string) => void,
): Promise<{ rows: PeerRow[]; skipped: Skipped[] }> {
  const matmul = await squareSeconds(gpu, request.side, "f32", floor, effort);
  const stack = await stackSeconds(gpu, request.stack, "f32", floor, effort);
  const f32Steps = steps.filter(({ model, operands }) => model === "embedded" && operands === "f32");
  const rows = [
    rowOf(
      {
        name: "Tunemark",
        version: "f32 operands",
        where: "this adapter",
        syncFloor: floor,
      },
      request,
      { matmul, stack },
      Object.fromEntries(
        f32Steps.map(({ batch, tokensPerSecond }) => [batch, tokensPerSecond]),
      ),
    ),
  ];
  const skipped: Skipped[] = [];
  const batches = embeddedBatches.filter((batch) => f32Steps.some((step) => step.batch === batch.join(" x ")));
  for (const peer of peers()) {
    log(`peer ${peer.name}`);
    try {
      const asked = {
        ...request,
        threads: navigator.hardwareConcurrency,
        card: !gpu.adapter.software,
        batches,
        model: embedded,
      };
      const answer = await ask(peer, asked);
      const trained = (answer.steps ?? []).map(
        (seconds, i): [string, number] => {
          const [count, length] = batches[i];
          return [
            `${count} x ${length}`,
            count * length / summarize(seconds).median,
          ];
        },
      );
      const { version, syncFloor, where = peer.where } = answer;
      rows.push(
        rowOf(
          { name: peer.name, where, version, syncFloor },
          request,
          answer,
          Object.fromEntries(trained),
        ),
      );
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      skipped.push({
        what: `peer ${peer.name}`,
        why: error.message.split("\n")[0],
      });
    }
  }
  return { rows, skipped };
}
