/** Runs `bench` in a process of its own, for tests that kill it: options as JSON in the first argument. */
import { bench } from "../../benchmarks/mod.ts";

await bench(JSON.parse(Deno.args[0]));
