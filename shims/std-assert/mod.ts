/**
 * The part of `@std/assert` that this project's tests use, for machines that cannot reach JSR.
 * @module
 */
export * from "./equal.ts";
export * from "./assertions.ts";
export * from "./throws.ts";
