/** The start script for fresh machines, with every program it calls replaced by one that writes down its arguments. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Finished, root, spawn } from "./spawn.ts";

const apt = "apt-get install -y mesa-vulkan-drivers libvulkan1";

/** Shell bodies of the stand-ins. */
const machine: Record<string, string> = {
  deno: 'if [ "$1" = --version ]; then echo "deno 2.9.6 (stable)"; else echo "deno $*"; fi',
  uname: "echo Linux",
  id: "echo 0",
  ldconfig: ":",
  "apt-get": 'echo "called apt-get $*"',
  sudo: 'echo "called sudo $*"',
};

/** Runs the script on a machine made of the stand-ins; null takes a program away by making it fail to answer. */
async function run(
  args: string[],
  programs: Record<string, string> = {},
  env: Record<string, string> = {},
): Promise<Finished> {
  const bin = await Deno.makeTempDir();
  try {
    for (const [name, body] of Object.entries({ ...machine, ...programs })) {
      await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    const script = `PATH="${bin}:$PATH" VK_DRIVER_FILES= VK_ICD_FILENAMES= HOME="${bin}" ./tunemark "$@"`;
    return await spawn("sh", ["-c", script, "sh", ...args], { TUNEMARK_NO_INSTALL: "", ...env });
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

Deno.test("the start script is valid shell", async () => {
  assertEquals(await spawn("sh", ["-n", "tunemark"]), { code: 0, stdout: "", stderr: "" });
});

Deno.test("the start script prints its usage without arguments", async () => {
  const { code, stdout } = await run([]);
  assertEquals(code, 3);
  assertMatch(stdout, /^usage: \.\/tunemark bench\|/);
});

Deno.test("the start script passes the task and its arguments on", async () => {
  const { code, stdout } = await run(["report", "runs/a b", "--x"]);
  assertEquals({ code, stdout }, { code: 0, stdout: "deno task report runs/a b --x\n" });
});

Deno.test("as root it installs the software driver, and says so", async () => {
  const { stdout, stderr } = await run(["bench"]);
  assertStringIncludes(stderr, `tunemark: no Vulkan driver found; installing the software one: ${apt}\n`);
  assertStringIncludes(stderr, "called apt-get update -q\n");
  assertStringIncludes(stderr, "called apt-get install -y -q --no-install-recommends mesa-vulkan-drivers libvulkan1\n");
  assertEquals(stdout, "deno task bench\n");
});

Deno.test("as another user it installs through sudo", async () => {
  const { stderr } = await run(["bench"], { id: "echo 1000" });
  assertStringIncludes(stderr, `installing the software one: sudo ${apt}\n`);
  assertStringIncludes(stderr, "called sudo apt-get update -q\n");
  assertStringIncludes(stderr, "called sudo env DEBIAN_FRONTEND=noninteractive apt-get install");
});

Deno.test("TUNEMARK_NO_INSTALL=1 only prints the line", async () => {
  const { stdout, stderr } = await run(["test"], {}, { TUNEMARK_NO_INSTALL: "1" });
  assertEquals(stderr, `tunemark: no Vulkan driver found; install the software one with: ${apt}\n`);
  assertEquals(stdout, "deno task test\n");
});

const echoesWidth = {
  deno: '[ "$1" != --version ] || echo "deno 2.9.6"; echo "width ${LP_NATIVE_VECTOR_WIDTH:-unset}"',
};

Deno.test("the software driver gets vectors of 512 bits on processors that have them", async () => {
  const width = async (hasThem: boolean, asked = "") => {
    const grep = `case "$*" in *avx512f*) exit ${hasThem ? 0 : 1};; *) exit 1;; esac`;
    const { stdout } = await run(["test"], { ...echoesWidth, grep }, { LP_NATIVE_VECTOR_WIDTH: asked });
    return stdout.trim().split("\n").at(-1);
  };
  assertEquals(await width(true), "width 512");
  assertEquals(await width(false), "width unset");
  assertEquals(await width(true, "256"), "width 256");
});

Deno.test("the software driver gets two threads a processor, where there are a few processors", async () => {
  const deno = '[ "$1" != --version ] || echo "deno 2.9.6"; echo "threads ${LP_NUM_THREADS:-unset}"';
  const threads = async (processors: number, asked = "") => {
    const { stdout } = await run(["test"], { deno, getconf: `echo ${processors}` }, { LP_NUM_THREADS: asked });
    return stdout.trim().split("\n").at(-1);
  };
  assertEquals(await threads(2), "threads 4");
  assertEquals(await threads(1), "threads unset");
  assertEquals(await threads(64), "threads unset");
  assertEquals(await threads(2, "2"), "threads 2");
});

Deno.test("it installs no driver on macOS, nor for a task that needs none", async () => {
  assertEquals((await run(["bench"], { uname: "echo Darwin" })).stderr, "");
  assertEquals((await run(["diff", "a", "b"])).stderr, "");
});

Deno.test("a driver that cannot be installed is an error", async () => {
  const { code, stdout } = await run(["bench"], { "apt-get": "echo 'E: no network' >&2; exit 100" });
  assertEquals({ code, stdout }, { code: 100, stdout: "" });
});

Deno.test("another Deno on the path is passed over for the pinned one through npx", async () => {
  const other = 'if [ "$1" = --version ]; then echo "deno 1.46.3"; else echo "wrong deno"; fi';
  const pinned = `${root}tests/cli/no_such_folder/deno`;
  const npx = `echo "npx $*" >&2; echo ${pinned}`;
  const { code, stderr } = await run(["report", "x"], { deno: other, npx });
  assertStringIncludes(stderr, "tunemark: Deno 2.9.6 is not on PATH; running it through npx");
  assertStringIncludes(stderr, "npx --yes --prefer-offline deno@2.9.6 eval --no-config console.log(Deno.execPath())");
  assertStringIncludes(stderr, pinned);
  assertEquals(code, 127);
});

Deno.test("without Deno and npx it says what it needs", async () => {
  const bare =
    `PATH=; for tool in "$@"; do eval "$tool() { :; }"; done; HOME=/nonexistent; DENO_INSTALL=; set -- bench; . ./tunemark`;
  const { code, stderr } = await spawn("sh", ["-c", bare, "./tunemark", "dirname", "sed"]);
  assertEquals(stderr, "tunemark: error: needs Deno 2.9.6, or Node.js with npx to run it; found neither\n");
  assertEquals(code, 1);
});
