/**
 * Where a model lies: a folder, or a repository in the local Hugging Face cache. Nothing is fetched.
 * @module
 */

/** What a repository's name may be: `ORG/NAME`. */
const REPOSITORY = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;
/** A snapshot folder of the cache. */
const SNAPSHOT = /models--([^/\\]+)--([^/\\]+)[/\\]snapshots[/\\][^/\\]+[/\\]?$/;

/** The cache folder as the `huggingface_hub` library finds it: `HF_HUB_CACHE`, else within `HF_HOME`, else within the home folder. */
function cacheFolder(): string {
  const hub = Deno.env.get("HF_HUB_CACHE");
  if (hub) return hub;
  return `${Deno.env.get("HF_HOME") || `${Deno.env.get("HOME") ?? "~"}/.cache/huggingface`}/hub`;
}

/**
 * The folder of a model given as a folder, or as `hf:ORG/NAME`: then the snapshot that `main` stood for when it was last downloaded.
 * Throws a line with the command that downloads it where the cache lacks it.
 */
export function resolveModel(spec: string): string {
  if (!spec.startsWith("hf:")) {
    if (spec === "") throw new Error("model is empty; must be a folder or hf:ORG/NAME");
    return spec;
  }
  const repository = spec.slice(3);
  if (!REPOSITORY.test(repository)) throw new Error(`${spec}: must be hf:ORG/NAME`);
  const folder = `${cacheFolder()}/models--${repository.replace("/", "--")}`;
  try {
    const commit = Deno.readTextFileSync(`${folder}/refs/main`).trim();
    const snapshot = `${folder}/snapshots/${commit}`;
    if (Deno.statSync(snapshot).isDirectory) return snapshot;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new Error(`${spec}: not in the local cache (${folder}); get it with: hf download ${repository}`);
}

/** A name for the model in a folder that does not depend on where the folder lies: `ORG/NAME` in the cache, else the folder's own name. */
export function modelName(directory: string): string {
  const path = Deno.realPathSync(directory);
  const snapshot = path.match(SNAPSHOT);
  return snapshot === null
    ? path.split(/[/\\]/).filter((part) => part !== "").pop() ?? path
    : `${snapshot[1]}/${snapshot[2]}`;
}
