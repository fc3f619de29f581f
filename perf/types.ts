/**
 * The report of `deno task perf`: its JSON is this, schema `tunemark.perf/1`. Times are seconds, memory is bytes, rates are a second.
 * @module
 */
import type { Summary } from "./statistics.ts";

/** One kernel in one shape. */
export interface KernelRow {
  /** Whose layers have this shape: `embedded`, `135M`, `1.1B`, `7B`, or `square`. */
  readonly model: string;
  /** Tokens of the batch, as sequences x length; empty where the op has none. */
  readonly batch: string;
  /** Name of the kernel. */
  readonly kernel: string;
  /** What it is used for. */
  readonly use: string;
  /** Its sizes in words. */
  readonly shape: string;
  /** How operands of products are rounded; null where there are none. */
  readonly operands: string | null;
  /** Device time of one dispatch, by timestamp queries. */
  readonly seconds: Summary;
  /** Multiplications and additions that the definition needs, in 1e9 a second; null where bytes rule. */
  readonly gigaflops: number | null;
  /** Bytes that must be read and written at least once, in 1e9 a second. */
  readonly gigabytes: number;
  /** Rate over the limit measured in this run: best product for products, vec4 copy for the rest. */
  readonly share: number;
}

/** What was left out, and why. */
export interface Skipped {
  readonly what: string;
  readonly why: string;
}

/** Limits measured in the same run. */
export interface Limits {
  /** Independent vec4 multiply-add chains in registers, GFLOP/s. */
  readonly arithmetic: number;
  /** Fastest matrix product of this run, GFLOP/s. */
  readonly bestProduct: number;
  /** vec4 copy, bytes read plus written, GB/s. */
  readonly copy: number;
}

/** Device time of one op of a step. */
export interface OpShare {
  readonly op: string;
  readonly dispatches: number;
  readonly seconds: number;
  readonly share: number;
}

/** A training step. */
export interface StepRow {
  /** Whose shape it has: `embedded` or `1.1B`. */
  readonly model: string;
  readonly batch: string;
  readonly tokens: number;
  readonly operands: string;
  /** Wall clock of a step, one wait a window, its floor taken off. */
  readonly wall: Summary;
  /** Time in compute passes of a step, by timestamps in the same windows. */
  readonly device: Summary;
  /** Time in this process's own code of a step, tables, uniforms and encoding, without the submission itself. */
  readonly host: Summary;
  readonly tokensPerSecond: number;
  /** Multiplications and additions of its products, in 1e9 a second of wall clock. */
  readonly gigaflops: number;
  /** Share of the wall clock outside compute passes: host, copies, clears, gaps. */
  readonly outsideDevice: number;
  readonly dispatches: number;
  /** Change of `gpu.allocated` from the first step to the last. */
  readonly allocatedBytes: number;
  /** Buffers created in the windows; the read-back of losses every eight steps needs one. */
  readonly buffersCreated: number;
  readonly stepsTimed: number;
  readonly ops: readonly OpShare[];
}

/** Greedy decoding or label scoring at one batch size. */
export interface AnswerRow {
  readonly kind: "decoding" | "scoring";
  readonly batch: number;
  readonly promptTokens: number;
  /** Of these, leading tokens that all prompts of the call have in common. */
  readonly sharedTokens: number;
  readonly newTokens: number;
  readonly prompts: number;
  /** Wall clock of a whole call: recording, prompts, generation, read-back. */
  readonly wall: Summary;
  /** Decoding: tokens a second after the first token. Scoring: examples a second. */
  readonly rate: number;
}

/** One program on the same tasks; the first is ours. */
export interface PeerRow {
  readonly name: string;
  readonly version: string;
  /** `this adapter`, `CPU` or `card`. */
  readonly where: string;
  /** f32 product of two square matrices, GFLOP/s by wall clock. */
  readonly matmulGigaflops: number;
  /** Steps of the block stack: tokens a second by wall clock. */
  readonly stackTokensPerSecond: number;
  /** Steps of the embedded model's shape, by batch: tokens a second; only where the peer has it. */
  readonly stepTokensPerSecond: Readonly<Record<string, number>>;
  readonly syncFloor: number;
}

/** Ours over a peer's: above 1 ours is faster. */
export interface Ratio {
  readonly what: string;
  readonly peer: string;
  readonly ratio: number;
}

/** One point of the scaling study. */
export interface ScalingPoint {
  /** What varies: width, layers, sequence length, sequences. */
  readonly axis: "width" | "layers" | "length" | "sequences";
  readonly value: number;
  readonly parameters: number;
  readonly tokens: number;
  readonly seconds: Summary;
  readonly tokensPerSecond: number;
  /** Bytes in buffers: model and session. */
  readonly allocatedBytes: number;
  /** What `trainingBytes` says, plus weights and rotary tables. */
  readonly estimatedBytes: number;
  /** (estimated - allocated) / allocated, in percent. */
  readonly estimateErrorPercent: number;
  /** Resident memory of the process after its steps: runtime, compiled kernels, and on software adapters the buffers. */
  readonly residentBytes: number;
}

/** The whole report. */
export interface PerfReport {
  readonly schema: "tunemark.perf/1";
  readonly version: string;
  /** The command that repeats it. */
  readonly repeat: string;
  readonly adapter: {
    readonly vendor: string;
    readonly description: string;
    readonly software: boolean;
  };
  readonly host: {
    readonly os: string;
    readonly cores: number;
    readonly deno: string;
  };
  /** Seconds of a wait on an idle queue; taken off each window of wall clock. */
  readonly syncFloor: Summary;
  /** Side of the square products; null where none were measured. */
  readonly side: number | null;
  readonly limits: Limits | null;
  readonly kernels: readonly KernelRow[];
  readonly steps: readonly StepRow[];
  readonly answers: readonly AnswerRow[];
  readonly peers: readonly PeerRow[];
  readonly ratios: readonly Ratio[];
  readonly scaling: readonly ScalingPoint[];
  /** Resident memory of the process before the scaling study; null without one. */
  readonly residentBefore: number | null;
  readonly skipped: readonly Skipped[];
}
