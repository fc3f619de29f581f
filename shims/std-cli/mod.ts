/**
 * The part of `@std/cli` that this project uses, for machines that cannot reach JSR.
 * @module
 */
export * from "./parse_args.ts";
