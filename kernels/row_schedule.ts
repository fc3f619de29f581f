/**
 * Who goes over a row whose values are summed: one thread, which suits the vector registers of a processor, or a workgroup of 64, whose
 * neighbours read what lies next to each other, as a card wants it. The sums are the same 64 strided ones, so the bits are too.
 * @module
 */
import type { Gpu } from "./gpu/device.ts";
import { kernelSource } from "./gpu/program.ts";
import { threadGrid } from "./grid.ts";
import groupWgsl from "./row_group.wgsl" with { type: "text" };

/** See the module's description. */
export type RowSchedule = "thread" | "workgroup";

/** The schedule for this adapter. */
export function rowSchedule({ adapter: { software } }: Pick<Gpu, "adapter">): RowSchedule {
  return software ? "thread" : "workgroup";
}

/** WGSL of the kernel `name` of a file, or of `name_wide`, which a workgroup carries out. */
export function rowSource(file: string, name: string, schedule: RowSchedule): string {
  return schedule === "thread" ? kernelSource(file, name) : groupWgsl + kernelSource(file, `${name}_wide`);
}

/** WGSL type of a matrix in a kernel: a workgroup reads single columns. */
export function rowType(schedule: RowSchedule): string {
  return schedule === "thread" ? "array<vec4<f32>>" : "array<f32>";
}

/** Grid over `rows`, of which a workgroup of threads takes 16. */
export function rowGrid(rows: number, schedule: RowSchedule): readonly [number, number] {
  return threadGrid(rows, schedule === "thread" ? 16 : 1);
}
