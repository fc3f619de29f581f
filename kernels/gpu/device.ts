/**
 * Opens the GPU. Deno's WebGPU stays silent on many mistakes (bad WGSL, dispatches over the limits, a lost device), so everything that
 * goes wrong on the device is collected in `failure` and poisons the run: `check()` throws it at the next synchronisation.
 * @module
 */
import type { Tuning } from "./tuner.ts";

/** No usable adapter; `main.ts` prints the message and exits with 3. */
export class NoAdapterError extends Error {
  /** Name of the class, for those who cannot import it. */
  override name = "NoAdapterError";
}

/** What is known of the adapter; goes into provenance and `selfcheck`. */
export interface AdapterDescription {
  /** Vendor, as the driver names it. */
  readonly vendor: string;
  /** Architecture; empty where the driver does not tell. */
  readonly architecture: string;
  /** Device number or name. */
  readonly device: string;
  /** Driver and version in words. */
  readonly description: string;
  /** Whether the processor does the work. */
  readonly software: boolean;
}

/** An open device with what the rooms above need to know of it. */
export interface Gpu {
  /** The WebGPU device. */
  readonly device: GPUDevice;
  /** What it runs on. */
  readonly adapter: AdapterDescription;
  /** Its limits: the adapter's own. */
  readonly limits: GPUSupportedLimits;
  /** Timestamp queries are there, so ops can be timed on the device. */
  readonly timestamps: boolean;
  /** Lanes of a subgroup where the feature is there and the size is fixed; else 0. Chooses kernel variants, never results. */
  readonly subgroupSize: number;
  /** Compiled pipelines by WGSL source and entry point. */
  readonly pipelines: Map<string, GPUComputePipeline>;
  /** Variants chosen by measurement; null leaves the choice to rules. */
  tuning: Tuning | null;
  /** First thing that went wrong on the device, or null. */
  failure: string | null;
  /** Error scopes still open; `settle` waits for them. */
  readonly pending: Promise<void>[];
  /** Bytes in live buffers made through `createBuffer`. */
  allocated: number;
}

const installHelp = [
  "no GPU adapter found (looked for Vulkan, Metal and Direct3D 12). Install a driver:",
  "  Debian, Ubuntu: sudo apt-get install -y mesa-vulkan-drivers libvulkan1   (software Vulkan; a GPU's own driver is faster)",
  "  Fedora:         sudo dnf install -y mesa-vulkan-drivers vulkan-loader",
  "  macOS:          Metal is built in; run on macOS 12 or later, outside a virtual machine without GPU access",
  "  Windows:        Direct3D 12 is built in; update the graphics driver",
].join("\n");

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Asks for subgroups first: some adapters grant the feature without listing it. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const name of wantedLimits) requiredLimits[name] = adapter.limits[name];
  const timestamps: GPUFeatureName[] = adapter.features.has("timestamp-query") ? ["timestamp-query"] : [];
  const subgroups = "subgroups" as GPUFeatureName;
  try {
    return await adapter.requestDevice({ requiredFeatures: [...timestamps, subgroups], requiredLimits });
  } catch {
    return await adapter.requestDevice({ requiredFeatures: timestamps, requiredLimits });
  }
}

/** The default adapter. */
async function findAdapter(): Promise<GPUAdapter> {
  // Without this Deno may fall back to OpenGL, whose results and limits differ, without a word.
  Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan,metal,dx12");
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new NoAdapterError(installHelp);
  return adapter;
}

/**
 * Whether the processor does the work of the default adapter; opens no device.
 * @throws NoAdapterError where there is none, saying what to install.
 */
export async function isSoftwareAdapter(): Promise<boolean> {
  return (await findAdapter()).info.isFallbackAdapter;
}

/**
 * Opens the default adapter with its real limits.
 * @throws NoAdapterError where there is none, saying what to install.
 */
export async function openGpu(): Promise<Gpu> {
  const adapter = await findAdapter();
  const device = await requestDevice(adapter);
  const info = adapter.info;
  const fixedSubgroup = device.features.has("subgroups" as GPUFeatureName) &&
    info.subgroupMinSize === info.subgroupMaxSize;
  const gpu: Gpu = {
    device,
    adapter: {
      vendor: info.vendor,
      architecture: info.architecture,
      device: info.device,
      description: info.description,
      software: info.isFallbackAdapter,
    },
    limits: device.limits,
    timestamps: device.features.has("timestamp-query"),
    subgroupSize: fixedSubgroup ? info.subgroupMinSize : 0,
    pipelines: new Map(),
    tuning: null,
    failure: null,
    pending: [],
    allocated: 0,
  };
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    gpu.failure ??= `the GPU reported: ${(event as GPUUncapturedErrorEvent).error.message}`;
  });
  device.lost.then((lost) => {
    if (lost.reason !== "destroyed") gpu.failure ??= `the GPU device was lost: ${lost.message}`;
  });
  return gpu;
}

/** Throws the first failure of the device, if there was one. */
export function checkGpu(gpu: Gpu): void {
  if (gpu.failure !== null) throw new Error(gpu.failure);
}

/** Runs `create` inside a validation and an out-of-memory scope; what they catch poisons the run under `label`. */
export function scoped<T>(gpu: Gpu, label: string, create: () => T): T {
  gpu.device.pushErrorScope("out-of-memory");
  gpu.device.pushErrorScope("validation");
  const made = create();
  for (let scope = 0; scope < 2; scope++) {
    gpu.pending.push(
      gpu.device.popErrorScope().then((error) => {
        if (error) gpu.failure ??= `${label}: ${error.message}`;
      }),
    );
  }
  return made;
}

/** Waits for all open error scopes, then throws if anything failed. */
export async function settle(gpu: Gpu): Promise<void> {
  await Promise.all(gpu.pending.splice(0));
  checkGpu(gpu);
}

/** Waits until the queue is idle, then throws if anything failed. Costs at least 10 ms in Deno: never in a loop. */
export async function synchronize(gpu: Gpu): Promise<void> {
  await gpu.device.queue.onSubmittedWorkDone();
  await settle(gpu);
}

/** Gives the device back. */
export function closeGpu(gpu: Gpu): void {
  gpu.device.destroy();
}
