/**
 * An executor without a GPU: what it gives depends on the specification only, and it keeps trained models as the real one does. Files in the run folder steer it:
 * `fail-<method>` makes cells of a method fail, `hold-<cell>` keeps a cell at its first step until it is aborted, `log` collects what
 * was run, and `train` for each training.
 */
import { cellId } from "../../benchmarks/cell.ts";
import { tunedLabelRate } from "../../benchmarks/tuned_labels.ts";
import { checkpointFolder, keepTraining, readTraining, type Training } from "../../benchmarks/trained_model.ts";
import type { CellContext, CellExecutor, CellOutcome, ExecutorOptions } from "../../benchmarks/executor.ts";
import { shortestF32 } from "../../benchmarks/numbers.ts";
import type { CellSpec } from "../../benchmarks/types.ts";
import { findTask, metricsOf } from "../../tasks/mod.ts";

const distance = { parameters: 4, meanAbsolute: "0.001", l2: "0.002", relativeL2: "0.01", max: "0.004" };

function outcomeOf(spec: CellSpec, training: Training | null): CellOutcome {
  const evaluations = spec.evaluations.map((e) => ({
    task: e.task,
    set: e.set,
    relation: e.relation,
    format: e.format,
    shots: e.shots,
    n: e.rows,
    hashes: { prompt: "p", rows: e.rowsSha256, demonstrations: e.demonstrationsSha256, inputTokens: "t" },
    truncated: 0,
    metrics: [...metricsOf(findTask(e.task)), ...(e.tunedLabels ? [tunedLabelRate] : [])].map((
      { name, signature, better },
    ) => ({
      name,
      signature,
      better,
      statistics: { correct: e.rows },
      value: "100.0000",
    })),
  }));
  return { train: training?.result ?? null, trainSteps: training?.steps ?? [], evaluations, samples: [] };
}

function trainingOf(spec: CellSpec): Training {
  return {
    result: {
      steps: 2,
      examples: spec.train!.size,
      tokens: 10,
      targetTokens: 4,
      truncated: 0,
      firstLoss: "2",
      finalLoss: shortestF32(1 / spec.seed),
      lastFifthLoss: "1",
      weightsSha256: "w",
      weightDistance: {
        overall: distance,
        groups: { embedding: distance, attention: distance, mlp: distance, norms: distance, head: null },
        layers: [distance],
        tensors: { "model.norm.weight": distance },
      },
    },
    steps: [{ step: 1, loss: "2", gradientNorm: "1", learningRate: "0.001", tokens: 10 }],
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

export function openExecutor(options: ExecutorOptions): Promise<CellExecutor> {
  // The tests put the steering files where the model would be.
  const steering = options.modelDir;
  return Promise.resolve({
    numericSignature: "fake",
    adapter: { description: "fake" },
    async execute(spec: CellSpec, context: CellContext): Promise<CellOutcome> {
      Deno.writeTextFileSync(`${steering}/log`, `${spec.method.name}\n`, { append: true });
      const kept = spec.train === null ? null : readTraining(context.modelFolder, "fake");
      if (spec.train !== null && kept === null) {
        Deno.writeTextFileSync(`${steering}/log`, "train\n", { append: true });
        Deno.mkdirSync(checkpointFolder(context.modelFolder), { recursive: true });
      }
      if (exists(`${steering}/fail-${spec.method.name}`)) throw new Error("loss is not finite at step 3");
      for (let step = 1; step <= 2; step++) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        context.report({ stage: "train", step, steps: 2, loss: null });
        context.signal.throwIfAborted();
        while (exists(`${steering}/hold-${cellId(spec)}`)) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          context.signal.throwIfAborted();
        }
      }
      const training = spec.train === null ? null : kept ?? trainingOf(spec);
      if (training !== null && kept === null) {
        keepTraining(context.modelFolder, training, "fake", { shapes: [], tensor: () => new Float32Array() });
      }
      return outcomeOf(spec, training);
    },
    close() {},
  });
}
