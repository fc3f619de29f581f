/**
 * The report as text: Markdown tables, so that it reads on a terminal and pastes into a document.
 * @module
 */
import type { KernelRow, PerfReport } from "./types.ts";

/** A Markdown table; columns of numbers are right-aligned. */
export function table(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const numeric = headers.map((_, column) => rows.every((row) => /^[-+]?[\d.,]*( ?%)?$/.test(row[column])));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join(" | ")} |`;
  const rule = widths.map((width, i) => numeric[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width));
  return [line(headers), `| ${rule.join(" | ")} |`, ...rows.map(line)].join(
    "\n",
  );
}

const milliseconds = (seconds: number) => (seconds * 1000).toFixed(seconds < 0.01 ? 3 : 1);
const percent = (share: number) => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
const rate = (value: number) => value >= 100 ? value.toFixed(0) : value.toFixed(1);
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

function kernelTable(rows: readonly KernelRow[]): string {
  return table(
    [
      "model",
      "batch",
      "kernel",
      "use",
      "shape",
      "operands",
      "ms",
      "GFLOP/s",
      "GB/s",
      "of limit",
    ],
    rows.map((row) => [
      row.model,
      row.batch,
      row.kernel,
      row.use,
      row.shape,
      row.operands ?? "",
      milliseconds(row.seconds.median),
      row.gigaflops === null ? "" : row.gigaflops.toFixed(1),
      row.gigabytes.toFixed(2),
      percent(row.share),
    ]),
  );
}

function stepText(report: PerfReport): string[] {
  if (report.steps.length === 0) return [];
  const steps = table(
    [
      "model",
      "batch",
      "operands",
      "ms",
      "quartiles",
      "tokens/s",
      "GFLOP/s",
      "outside device",
      "own code",
      "dispatches",
      "allocated after",
    ],
    report.steps.map((step) => [
      step.model,
      step.batch,
      step.operands,
      milliseconds(step.wall.median),
      `${milliseconds(step.wall.low)} to ${milliseconds(step.wall.high)}`,
      rate(step.tokensPerSecond),
      step.gigaflops.toFixed(1),
      percent(step.outsideDevice),
      percent(step.host.median / step.wall.median),
      String(step.dispatches),
      String(step.allocatedBytes),
    ]),
  );
  const [first] = report.steps;
  const ops = table(
    ["op", "dispatches", "ms", "share"],
    first.ops.map((
      op,
    ) => [
      op.op,
      String(op.dispatches),
      milliseconds(op.seconds),
      percent(op.share),
    ]),
  );
  return [
    "## Training steps",
    "",
    steps,
    "",
    "GFLOP/s: of a step's products over its wall clock. Outside device: wall clock less time in compute passes (host,",
    "uploads, copies, gaps). Own code: this process's share of the wall clock before it submits. Allocated after: bytes more",
    "in buffers at the last step than after the first.",
    "",
    ...(first.ops.length > 0
      ? [
        `Device time by op, ${first.batch}, ${first.operands} operands, one dispatch at a time:`,
        "",
        ops,
        "",
      ]
      : []),
  ];
}

function answerText(report: PerfReport): string[] {
  if (report.answers.length === 0) return [];
  const rows = table(
    ["what", "batch", "prompt tokens", "shared", "new tokens", "call ms", "a second"],
    report.answers.map((row) => [
      row.kind === "decoding" ? "decoding, tokens" : "label scoring, examples",
      String(row.batch),
      String(row.promptTokens),
      String(row.sharedTokens),
      String(row.newTokens),
      milliseconds(row.wall.median),
      rate(row.rate),
    ]),
  );
  return [
    "## Decoding and label scoring, embedded model's shape",
    "",
    rows,
    "",
  ];
}

function peerText(report: PerfReport): string[] {
  if (report.peers.length === 0) return [];
  const batches = Object.keys(report.peers[0].stepTokensPerSecond);
  const rows = table(
    [
      "program",
      "runs",
      "where",
      "product GFLOP/s",
      "stack tokens/s",
      ...batches.map((batch) => `step ${batch} tokens/s`),
    ],
    report.peers.map((peer) => [
      peer.name,
      peer.version,
      peer.where,
      peer.matmulGigaflops.toFixed(1),
      rate(peer.stackTokensPerSecond),
      ...batches.map((batch) => {
        const value = peer.stepTokensPerSecond[batch];
        return value === undefined ? "" : rate(value);
      }),
    ]),
  );
  const compared = table(
    ["ours over", "at", "ratio"],
    report.ratios.map((
      { peer, what, ratio },
    ) => [peer, what, ratio.toFixed(2)]),
  );
  return [
    "## Peers, f32, wall clock",
    "",
    rows,
    "",
    `Product: ${
      Array(3).fill(report.side).join(" x ")
    }. Stack: 4 residual SwiGLU blocks of width 128 and 352 inside, 2048 rows, loss sum(y * g), all`,
    "weights' gradients, plain gradient descent. Step: the embedded model's shape, AdamW and clipping; PyTorch eager.",
    "",
    compared,
    "",
  ];
}

function scalingText(report: PerfReport): string[] {
  if (report.scaling.length === 0) return [];
  const rows = table(
    [
      "axis",
      "value",
      "parameters",
      "tokens",
      "step ms",
      "tokens/s",
      "MiB",
      "estimate MiB",
      "error",
      "resident MiB",
    ],
    report.scaling.map((point) => [
      point.axis,
      String(point.value),
      String(point.parameters),
      String(point.tokens),
      milliseconds(point.seconds.median),
      rate(point.tokensPerSecond),
      mebibytes(point.allocatedBytes),
      mebibytes(point.estimatedBytes),
      `${point.estimateErrorPercent.toFixed(1)} %`,
      mebibytes(point.residentBytes),
    ]),
  );
  return [
    "## Scaling",
    "",
    rows,
    "",
    `Resident before the first point: ${
      mebibytes(report.residentBefore ?? 0)
    } MiB; it keeps compiled kernels and what the`,
    "allocator holds from earlier points.",
    "",
  ];
}

/** The whole report. */
export function reportText(report: PerfReport): string {
  const { limits } = report;
  return [
    `# Speed on ${report.adapter.description || report.adapter.vendor}`,
    "",
    `${report.host.cores} cores, ${report.host.os}, Deno ${report.host.deno}. Medians of ${report.syncFloor.windows} or more ` +
    `windows; waiting for an idle queue costs ${milliseconds(report.syncFloor.median)} ms, taken off each window once.`,
    "",
    ...(limits
      ? [
        `Limits measured in this run: ${limits.arithmetic.toFixed(1)} GFLOP/s multiply-adds in registers, ` +
        `${limits.bestProduct.toFixed(1)} GFLOP/s best product, ${limits.copy.toFixed(2)} GB/s vec4 copy.`,
        "",
      ]
      : []),
    ...(report.kernels.length > 0 ? ["## Kernels, device time", "", kernelTable(report.kernels), ""] : []),
    ...stepText(report),
    ...answerText(report),
    ...peerText(report),
    ...scalingText(report),
    ...(report.skipped.length > 0 ? [...report.skipped.map(({ what, why }) => `- skipped: ${what}: ${why}`), ""] : []),
    `Repeat with: ${report.repeat}`,
    "",
  ].join("\n");
}
