/**
 * What is needed to time one kernel.
 * @module
 */
import type { Kernel, Uniforms } from "../kernels/gpu/program.ts";
import type { Operands } from "../kernels/numerics.ts";
import type { LlamaConfig } from "../models/config.ts";
import { padded } from "../models/llama.ts";

/** One kernel to measure. */
export interface KernelCase {
  readonly kernel: Kernel;
  /** What it is used for. */
  readonly use: string;
  /** Its sizes in words. */
  readonly shape: string;
  readonly operands: Operands | null;
  /** Each binding: a number of floats, or its contents. */
  readonly bindings: Readonly<
    Record<
      string,
      number | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>
    >
  >;
  readonly uniforms: Uniforms;
  /** Multiplications and additions, for products; else null. */
  readonly operations: number | null;
  /** 4-byte elements read and written at least once. */
  readonly elements: number;
}

/** Where equal sequences of `length` tokens lie: first row, rows, start and row stride of their scores. */
export function places(
  config: LlamaConfig,
  count: number,
  length: number,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    Array.from({ length: count }, (_, s) => [
      s * length,
      length,
      s * config.heads * length * padded(length),
      padded(length),
    ]).flat(),
  );
}
