/** The program as a process: exit codes, what goes to which stream, and an interrupt in the middle of a cell. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { root, spawn, taskArguments, tunemark } from "./spawn.ts";

/** Calls that end in one line on standard error, before any GPU is opened. */
const refused: [string[], number, RegExp][] = [
  [[], 3, /^error: no command; one of bench, /],
  [["bench", "--sede", "3"], 3, /^error: unknown flag --sede for bench \(closest: --seeds\)\n$/],
  [["bench", "--seeds", "two"], 3, /^error: --seeds is "two"; it must be an integer from 1 to 100\n$/],
  [["bench", "--out"], 3, /^error: --out needs a value: a folder\n$/],
  [["bench", "--only", "taks=summary"], 3, /^error: --only taks: no such key \(closest: task; all: task, .*\)\n$/],
  [["bench", "in_domian"], 3, /^error: unknown setting "in_domian" \(closest: in_domain; all: in_domain, .*\)\n$/],
  [
    ["bench", "--only", "colour=red"],
    3,
    /^error: --only colour: no such key \(closest: .*; all: task, set, method, size, seed, shots\)\n$/,
  ],
  [["bench", "--model", "/nonexistent/model"], 1, /^error: [^\n]*\/nonexistent\/model[^\n]*\n$/],
  [["bench", "--model", "hf:no/such"], 1, /^error: [^\n]*no\/such[^\n]*hf download[^\n]*\n$/],
  [["bench", "--data", "/nonexistent/data"], 1, /^error: [^\n]*\/nonexistent\/data[^\n]*\n$/],
  [["bench", "--profile", "smoke", "--out", "LICENSE/run"], 1, /^error: [^\n]*LICENSE\/run[^\n]*\n$/],
  [["report", "/nonexistent/run"], 1, /^error: [^\n]*\/nonexistent\/run[^\n]*\n$/],
  [["diff", "/nonexistent/a", "/nonexistent/b"], 3, /^error: [^\n]*\/nonexistent\/a[^\n]*\n$/],
];

for (const [args, code, message] of refused) {
  Deno.test(`"${args.join(" ")}" ends with code ${code} and one line`, async () => {
    const finished = await tunemark(args, { HF_HOME: "/nonexistent/hf" });
    assertMatch(finished.stderr, message);
    assertEquals({ code: finished.code, stdout: finished.stdout }, { code, stdout: "" });
  });
}

Deno.test("help goes to standard output, with code 0", async () => {
  const { code, stdout, stderr } = await tunemark(["bench", "--help"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "--seeds N                      how many seeds, from 1 on (1 to 100) [1]\n");
});

Deno.test("without an adapter settings are listed with figure and cells, and why without times", async () => {
  const { code, stdout } = await tunemark(["bench", "--list", "in_domain"], { VK_DRIVER_FILES: "/nonexistent" });
  assertEquals(code, 0);
  assertMatch(stdout, /^in_domain +U Figure 1( +20 cells){3}$/m);
  assertMatch(stdout, /^Cells are of 1 seed, model embedded and data embedded; /m);
  assertMatch(stdout, /^No times, since they could not be measured: no GPU adapter found /m);
});

Deno.test("with an adapter settings are listed with times, which are measured once, saying so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // Deno's own cache and the driver's lie in the same folder, where they are not told otherwise.
    const { denoDir } = JSON.parse((await spawn(Deno.execPath(), ["info", "--json"])).stdout);
    const env = { XDG_CACHE_HOME: folder, DENO_DIR: denoDir, MESA_SHADER_CACHE_DIR: `${Deno.env.get("HOME")}/.cache` };
    const list = () => tunemark(["bench", "--list", "training_loss", "--seeds", "2"], env);
    const [first, second] = [await list(), await list()];
    assertMatch(first.stderr, /^measuring how fast .*\n$/);
    assertEquals({ ...second, stderr: first.stderr }, first);
    assertEquals(second.stderr, "");
    assertMatch(first.stdout, /^training_loss +U section 5\.4 +20 cells, \d+ .* 30 cells, \d+ .* 30 cells, \d+ /m);
    assertMatch(first.stdout, /^Cells are of 2 seeds, /m);
    assertStringIncludes(first.stdout, `kept in ${folder}/tunemark/rates.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without an adapter it says what to install, with code 3", async () => {
  const { code, stdout, stderr } = await tunemark(["selfcheck"], { VK_DRIVER_FILES: "/nonexistent" });
  assertEquals({ code, stdout }, { code: 3, stdout: "" });
  assertMatch(stderr, /^error: no GPU adapter found .*Debian, Ubuntu: .*Fedora: .*macOS: .*Windows: /s);
});

/** Every file under a folder. */
function* files(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* files(`${folder}/${entry.name}`);
    else yield `${folder}/${entry.name}`;
  }
}

/** Everything a stream says, handed over as it comes. */
async function listen(stream: ReadableStream<Uint8Array>, heard: (all: string) => void): Promise<string> {
  let all = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) heard(all += chunk);
  return all;
}

Deno.test("an interrupt ends a run with code 130 and leaves nothing half written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...taskArguments("bench"), "--profile", "smoke", "--out", `${folder}/run`],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let interrupted = false;
    const said = await listen(child.stderr, (all) => {
      if (interrupted || !all.includes("cell 1/")) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    assertMatch(said, /interrupted; run the same command again to go on\n$/);
    assertEquals((await child.status).code, 130);
    for (const path of files(`${folder}/run`)) {
      assertEquals(path.endsWith(".tmp"), false, path);
      if (path.endsWith(".json")) JSON.parse(await Deno.readTextFile(path));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
