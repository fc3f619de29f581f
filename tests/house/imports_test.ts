/** Holds every import between rooms to the table of who may import whom. */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** Rooms of ours that a room may import; a path names a single file. */
const mayImport: Record<string, readonly string[]> = {
  kernels: [],
  models: ["kernels"],
  training: ["models", "kernels"],
  tasks: [],
  fixtures: ["tasks", "training", "models"],
  benchmarks: ["kernels", "models", "training", "tasks", "fixtures"],
  reports: ["benchmarks/types.ts"],
  perf: ["kernels", "models", "training", "fixtures", "benchmarks/version.ts"],
  shims: [],
};

/** Packages, and the only place that may import each. */
const packages: Record<string, (path: string) => boolean> = {
  "@std/assert": (path) => path.startsWith("tests/"),
  "@std/cli/parse-args": (path) => path === "command_line.ts" || path.startsWith("tests/shims/"),
  "@huggingface/tokenizers": (path) => path === "models/tokenizer.ts",
  "hyparquet": (path) => path === "tasks/datasets/parquet_source.ts",
  "hyparquet-compressors": (path) => path === "tasks/datasets/parquet_source.ts",
  "mathjs/number": (path) => path.startsWith("reports/"),
};

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) yield* sources(`${folder}${entry.name}/`);
    else if (entry.name.endsWith(".ts")) yield `${folder}${entry.name}`;
  }
}

/** Specifiers that a module imports or re-exports, statically, dynamically, or as a worker; comments do not count. */
function specifiers(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const patterns = [
    /(?:^|[;}\s])(?:import|export)\s[^'";]*?\bfrom\s*["']([^"']+)["']/g,
    /(?:^|[;}\s])import\s*["']([^"']+)["']/g,
    /\bimport\(\s*["']([^"']+)["']/g,
    /new URL\(\s*["']([^"']+\.ts)["']/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

/** The complaint about one import, or null. */
function complaint(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) {
    const allowed = specifier.startsWith("node:") || packages[specifier]?.(from);
    return allowed ? null : `${from} imports the package ${specifier}`;
  }
  const target = new URL(specifier, new URL(from, root)).href.slice(root.href.length);
  const room = from.split("/")[0]!;
  const targetRoom = target.split("/")[0]!;
  const allowed = mayImport[room];
  if (allowed === undefined || room === targetRoom) return null;
  if (allowed.includes(targetRoom) || allowed.includes(target)) return null;
  return `${from} imports ${target}; ${room} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing of ours"}`;
}

Deno.test("every import between rooms goes the way the table allows", () => {
  const complaints: string[] = [];
  for (const room of Object.keys(mayImport)) {
    for (const path of sources(`${room}/`)) {
      for (const specifier of specifiers(Deno.readTextFileSync(new URL(path, root)))) {
        const found = complaint(path, specifier);
        if (found !== null) complaints.push(found);
      }
    }
  }
  assertEquals(complaints, []);
});

Deno.test("the table is checked in both directions", () => {
  assertEquals(complaint("models/llama.ts", "../kernels/gpu/device.ts"), null);
  assertEquals(complaint("reports/build.ts", "../benchmarks/types.ts"), null);
  assertEquals(
    complaint("reports/build.ts", "../benchmarks/store.ts"),
    "reports/build.ts imports benchmarks/store.ts; reports may import benchmarks/types.ts",
  );
  assertEquals(
    complaint("kernels/gpu/device.ts", "../../models/config.ts"),
    "kernels/gpu/device.ts imports models/config.ts; kernels may import nothing of ours",
  );
  assertEquals(complaint("reports/html.ts", "npm:left-pad"), "reports/html.ts imports the package npm:left-pad");
});

Deno.test("imports are found in every form they can take", () => {
  const text = [
    `import { a,\n  b } from "./one.ts";`,
    `import type { C } from "./two.ts";`,
    `export * from './three.ts';`,
    `import "./four.ts";`,
    `const five = await import("./five.ts");`,
    `new Worker(new URL("./six.ts", import.meta.url), { type: "module" });`,
    ` * import { x } from "@std/assert";`,
  ].join("\n").replace(/^ \*.*$/m, '/** import { x } from "./seven.ts"; */');
  assertEquals(specifiers(text).sort(), ["./five.ts", "./four.ts", "./one.ts", "./six.ts", "./three.ts", "./two.ts"]);
});
