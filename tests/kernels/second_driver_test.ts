/** A second Vulkan driver, of other makers and another instruction selection, gives the same bits. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { gpuTest } from "./gpu.ts";

/** SwiftShader, as Chromium and Chrome bring it, or as `.ci/run` unpacks it. */
const drivers = [
  decodeURIComponent(new URL("../../runs/.drivers/usr/lib/chromium/vk_swiftshader_icd.json", import.meta.url).pathname),
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
];

function installed(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function fingerprint(env: Record<string, string>): Promise<string> {
  const script = decodeURIComponent(new URL("./fingerprint.ts", import.meta.url).pathname);
  const allowed = ["--allow-read", "--allow-sys=systemMemoryInfo", "--allow-env=DENO_WEBGPU_BACKEND"];
  const args = ["run", "--no-prompt", ...allowed, script];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const driver = drivers.find(installed);
const name = "training, decoding and every numeric rule give the same bits on a second driver";
if (driver === undefined) {
  Deno.stderr.writeSync(
    new TextEncoder().encode(`skipped: ${name} (no SwiftShader: looked for ${drivers.join(", ")})\n`),
  );
} else {
  gpuTest(name, async () => {
    const here = await fingerprint({});
    assertNotEquals(here, "");
    assertEquals(await fingerprint({ VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver }), here);
  });
}
