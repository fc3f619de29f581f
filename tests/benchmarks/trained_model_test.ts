import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StoreError } from "../../benchmarks/store.ts";
import {
  checkpointFolder,
  keepTraining,
  readTrainedWeights,
  readTraining,
  type Training,
} from "../../benchmarks/trained_model.ts";
import { hashWeights } from "../../models/checkpoint.ts";

const shapes = [{ name: "model.norm.weight", shape: [3] }] as const;
const values = new Float32Array([1, 0.1, -2]);

async function withTraining(test: (folder: string, training: Training) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tunemark-" });
  try {
    const weightsSha256 = await hashWeights(shapes, () => values);
    const training = { result: { weightsSha256, finalLoss: "0.5" }, steps: [] } as unknown as Training;
    await Deno.mkdir(checkpointFolder(`${folder}/m`), { recursive: true });
    keepTraining(`${folder}/m`, training, "signature", { shapes, tensor: () => values });
    await test(`${folder}/m`, training);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("A kept training comes back with its weights, and its checkpoint is gone", () =>
  withTraining(async (folder, training) => {
    assertEquals(readTraining(folder, "signature"), training);
    assertEquals((await readTrainedWeights(folder, shapes, training))("model.norm.weight"), values);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), [
      "training.json",
      "weights.safetensors",
    ]);
  }));

Deno.test("A training of another numeric signature, or none, counts as absent", () =>
  withTraining((folder) => {
    assertEquals(readTraining(folder, "another"), null);
    assertEquals(readTraining(`${folder}/nowhere`, "signature"), null);
  }));

Deno.test("Damaged files are one error that names the file and the folder to remove", () =>
  withTraining(async (folder, training) => {
    const other = { ...training, result: { ...training.result, weightsSha256: "00" } };
    const error = await assertRejects(() => readTrainedWeights(folder, shapes, other), StoreError);
    assertEquals(
      error.message,
      `${folder}/weights.safetensors: are not the weights that training wrote; remove ${folder} to train again`,
    );
    await Deno.remove(`${folder}/weights.safetensors`);
    const gone = await assertRejects(() => readTrainedWeights(folder, shapes, training), StoreError);
    assert(gone.message.startsWith(`${folder}/weights.safetensors: no such file`), gone.message);
    await Deno.writeTextFile(`${folder}/training.json`, "{");
    assertThrows(() => readTraining(folder, "signature"), StoreError, `remove ${folder} to train again`);
    await Deno.writeTextFile(`${folder}/training.json`, '{"schema":"tunemark.training/2"}');
    assertThrows(() => readTraining(folder, "signature"), StoreError, 'this version reads "tunemark.training/1"');
  }));
