import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { hashWeights, loadCheckpoint, resolveModel, saveCheckpoint } from "../../models/checkpoint.ts";
import { parameterShapes } from "../../models/config.ts";
import { openSafetensors, writeSafetensors } from "../../models/safetensors.ts";
import { testWithSharedData } from "../shared_data.ts";
import { tinyConfig, tinyTensors, tinyTokenizer, writeTinyModel } from "./tiny_model.ts";

const INDEX = "model.safetensors.index.json";

async function withFolder(directory: string, test: (directory: string) => Promise<void>): Promise<void> {
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Cuts a folder's weight file in two shards by an index, which `change` may alter before it is written. */
function shard(directory: string, change: (map: Record<string, string>) => void = () => {}): void {
  const path = `${directory}/model.safetensors`;
  const file = openSafetensors(path);
  const tensors = Array.from(file.tensors, ([name, { shape }]) => ({ name, shape, data: file.read(name) }));
  writeSafetensors(`${directory}/one.safetensors`, tensors.slice(0, 5));
  writeSafetensors(`${directory}/two.safetensors`, tensors.slice(5));
  const map = Object.fromEntries(tensors.map(({ name }, i) => [name, i < 5 ? "one.safetensors" : "two.safetensors"]));
  change(map);
  Deno.writeTextFileSync(`${directory}/${INDEX}`, JSON.stringify({ metadata: {}, weight_map: map }));
  Deno.removeSync(path);
}

Deno.test("a folder is loaded: its name, configuration, tokenizer and tensors, until it is closed", async () => {
  await withFolder(writeTinyModel(), async (directory) => {
    const checkpoint = await loadCheckpoint(`${directory}/`);
    assertEquals(checkpoint.name, directory.split("/").pop());
    assertEquals(checkpoint.config.hiddenSize, 8);
    assertEquals(checkpoint.tokenizer.encode("ab"), [6]);
    for (const [name, { data }] of tinyTensors(tinyConfig())) assertEquals(checkpoint.tensor(name), data);
    assertThrows(() => checkpoint.tensor("x"), Error, "the model has no tensor x");
    checkpoint.close();
    assertThrows(() => checkpoint.tensor("lm_head.weight"), Error, "is closed; tensor lm_head.weight cannot be read");
  });
});

Deno.test("shards give the model and the hash that one file gives, and one changed bit gives another", async () => {
  await withFolder(writeTinyModel(), async (directory) => {
    const whole = await loadCheckpoint(directory);
    shard(directory);
    const sharded = await loadCheckpoint(directory);
    assertEquals(sharded.hashes, whole.hashes);
    const shapes = parameterShapes(sharded.config);
    assertEquals(await hashWeights(shapes, sharded.tensor), whole.hashes.weightsSha256);
    const changed = await hashWeights(shapes, (name) => {
      const values = sharded.tensor(name);
      if (name === "model.norm.weight") values[7] = -values[7];
      return Promise.resolve(values);
    });
    assertNotEquals(changed, whole.hashes.weightsSha256);
  });
});

Deno.test("the hash of the weights is the one that was promised", async () => {
  // printf '["a",[2]]\n\0\0\x80\x3f\0\0\0\xc0["b",[1]]\n\0\0\0\x3f' | sha256sum
  const shapes = [{ name: "a", shape: [2] }, { name: "b", shape: [1] }] as const;
  const values = new Map([["a", Float32Array.of(1, -2)], ["b", Float32Array.of(0.5)]]);
  assertEquals(
    await hashWeights(shapes, (name) => values.get(name)!),
    "cb6511772b1b7d3e128ae42ebed206d6e6ab3ab4c72f6116cb14e88f7296be59",
  );
});

Deno.test("what changes nothing is accepted: other fields, rotary tables, an equal head beside a tied embedding, no tokenizer_config", async () => {
  const tied = tinyConfig({ tie_word_embeddings: true });
  const tensors = tinyTensors(tied);
  tensors.set("lm_head.weight", tensors.get("model.embed_tokens.weight")!);
  tensors.set("model.layers.0.self_attn.rotary_emb.inv_freq", { shape: [2], data: Float32Array.of(1, 0.01) });
  await withFolder(writeTinyModel(tied), async (plain) => {
    await withFolder(
      writeTinyModel({ ...tied, use_cache: false, torch_dtype: "float16" }, tensors),
      async (directory) => {
        await Deno.remove(`${directory}/tokenizer_config.json`);
        const hashes = (await loadCheckpoint(directory)).hashes;
        const expected = (await loadCheckpoint(plain)).hashes;
        assertEquals([hashes.weightsSha256, hashes.configSha256], [expected.weightsSha256, expected.configSha256]);
      },
    );
  });
});

Deno.test("a saved model loads as the same model, in each element type, and its bytes depend on nothing else", async () => {
  await withFolder(writeTinyModel(), async (directory) => {
    const model = await loadCheckpoint(directory);
    const tensors = tinyTensors(tinyConfig());
    const content = {
      config: model.config,
      tensor: (name: string) => tensors.get(name)!.data,
      tokenizerJson: await Deno.readTextFile(`${directory}/tokenizer.json`),
      tokenizerConfigJson: { bos_token: "<s>", eos_token: "</s>" },
    };
    // An index from before would hide the new weights.
    await Deno.writeTextFile(`${directory}/${INDEX}`, "{}");
    for (const dtype of ["F32", "F16", "BF16"] as const) {
      await saveCheckpoint(directory, content, { dtype });
      const names = (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort();
      assertEquals(names, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
      assertEquals(openSafetensors(`${directory}/model.safetensors`).tensors.get("lm_head.weight")!.dtype, dtype);
      assertEquals((await loadCheckpoint(directory)).hashes, model.hashes);
      await withFolder(await Deno.makeTempDir(), async (other) => {
        await saveCheckpoint(`${other}/new/folder`, content, { dtype });
        for (const name of names) {
          assertEquals(await Deno.readFile(`${other}/new/folder/${name}`), await Deno.readFile(`${directory}/${name}`));
        }
      });
    }
    const file = `${directory}/config.json/model`;
    const error = await assertRejects(() => saveCheckpoint(file, content, { dtype: "F32" }), Error);
    assert(error.message.startsWith(`${file}: the folder cannot be made (`), error.message);
  });
});

const write = (name: string, text: string) => (directory: string) =>
  Deno.writeTextFileSync(`${directory}/${name}`, text);
const remove = (name: string) => (directory: string) => Deno.removeSync(`${directory}/${name}`);
const config = (changes: Record<string, unknown>) => write("config.json", JSON.stringify(tinyConfig(changes)));
/** Writes the weights again, with `change` made to the tensors. */
const weights = (change: (tensors: ReturnType<typeof tinyTensors>) => void) => (directory: string) => {
  const tensors = tinyTensors(tinyConfig());
  change(tensors);
  writeSafetensors(`${directory}/model.safetensors`, Array.from(tensors, ([name, tensor]) => ({ name, ...tensor })));
};
const HEAD = "lm_head.weight";
const NORM = "model.norm.weight";
const K = "model.layers.0.self_attn.k_proj.weight";

/** What is done to a good folder, and the exact message, with `D` for the folder. */
const BAD: [(directory: string) => void, string][] = [
  [remove("config.json"), "D/config.json: no such file"],
  [remove("tokenizer.json"), "D/tokenizer.json: no such file"],
  [remove("model.safetensors"), "D: has neither model.safetensors nor model.safetensors.index.json"],
  [
    (d) => {
      remove("model.safetensors")(d);
      write("pytorch_model.bin", "")(d);
    },
    "D: has neither model.safetensors nor model.safetensors.index.json; pytorch_model.bin must be converted to safetensors",
  ],
  [write("config.json", "[]"), "D/config.json: must be a JSON object"],
  [
    write("config.json", `{"vocab_size":8,"vocab_size":9}`),
    `D/config.json: key "vocab_size" appears twice; each key may appear once`,
  ],
  [config({ hidden_act: "gelu" }), `D/config.json: field hidden_act is "gelu"; only "silu" is supported`],
  [
    write("tokenizer.json", JSON.stringify(tinyTokenizer({ type: "WordLevel" }))),
    `D/tokenizer.json: field model.type is "WordLevel"; valid are BPE, Unigram, WordPiece`,
  ],
  [
    (d) => Deno.truncateSync(`${d}/model.safetensors`, 2000),
    "D/model.safetensors: tensor model.layers.0.mlp.down_proj.weight: data_offsets [544, 928] go beyond the 888 bytes of data in the file; it has been cut short",
  ],
  [
    config({ vocab_size: 16 }),
    "D/model.safetensors: tensor model.embed_tokens.weight has shape [8, 8]; config.json (vocab_size, hidden_size) asks for [16, 8]",
  ],
  [
    config({ hidden_size: 16, head_dim: 4 }),
    "D/model.safetensors: tensor model.embed_tokens.weight has shape [8, 8]; config.json (vocab_size, hidden_size) asks for [8, 16]",
  ],
  [
    config({ num_key_value_heads: 2 }),
    `D/model.safetensors: tensor ${K} has shape [4, 8]; config.json (num_key_value_heads * head_dim, hidden_size) asks for [8, 8]`,
  ],
  [
    config({ head_dim: 8, num_key_value_heads: 2 }),
    "D/model.safetensors: tensor model.layers.0.self_attn.q_proj.weight has shape [8, 8]; " +
    "config.json (num_attention_heads * head_dim, hidden_size) asks for [16, 8]",
  ],
  [
    config({ intermediate_size: 8 }),
    "D/model.safetensors: tensor model.layers.0.mlp.gate_proj.weight has shape [12, 8]; config.json (intermediate_size, hidden_size) asks for [8, 8]",
  ],
  [
    config({ num_hidden_layers: 2 }),
    "D: tensor model.layers.1.input_layernorm.weight is missing; config.json has num_hidden_layers 2, so it must be there",
  ],
  [
    config({ tie_word_embeddings: true }),
    `D/model.safetensors: tensor ${HEAD}: differs from model.embed_tokens.weight; config.json has tie_word_embeddings true, so they must be equal`,
  ],
  [
    weights((tensors) => tensors.delete(HEAD)),
    `D: tensor ${HEAD} is missing; config.json has tie_word_embeddings false, so the head must be there`,
  ],
  [
    weights((tensors) => tensors.set("model.layers.1.mlp.up_proj.weight", tensors.get(HEAD)!)),
    "D/model.safetensors: tensor model.layers.1.mlp.up_proj.weight is not part of the model that config.json describes " +
    "(num_hidden_layers 1, no biases)",
  ],
  [
    weights((tensors) => tensors.get(NORM)!.data[3] = NaN),
    `D/model.safetensors: tensor ${NORM}: element 3 is NaN; must be finite`,
  ],
  [
    (d) => shard(d, (map) => delete map[NORM]),
    `D/two.safetensors: tensor ${NORM}: the index does not say it is in this file`,
  ],
  [
    (d) => shard(d, (map) => map[NORM] = "one.safetensors"),
    `D/${INDEX}: tensor ${NORM}: is not in one.safetensors, which the index names`,
  ],
  [
    (d) => shard(d, (map) => map[NORM] = "three.safetensors"),
    `D/${INDEX}: tensor ${NORM}: there is no file three.safetensors`,
  ],
  [
    (d) => shard(d, (map) => map[NORM] = "../two.safetensors"),
    `D/${INDEX}: tensor ${NORM}: must name a .safetensors file in the same folder, not "../two.safetensors"`,
  ],
  [
    (d) => {
      shard(d);
      write(INDEX, "{}")(d);
    },
    `D/${INDEX}: field weight_map must be an object of tensor names and file names`,
  ],
];

Deno.test("a damaged or contradictory folder gives one line that names the file and the field or tensor", async () => {
  for (const [damage, message] of BAD) {
    await withFolder(writeTinyModel(), async (directory) => {
      damage(directory);
      const error = await assertRejects(() => loadCheckpoint(directory), Error, undefined, message);
      assertEquals(error.message, message.replace(/^D/, directory));
    });
  }
  const absent = await assertRejects(() => loadCheckpoint("/no/such/model"), Error);
  assertEquals(absent.message, "/no/such/model: no such folder; a model is a folder, or hf:ORG/NAME");
  await withFolder(writeTinyModel(), async (directory) => {
    const path = `${directory}/config.json`;
    const error = await assertRejects(() => loadCheckpoint(path), Error);
    assertEquals(error.message, `${path}: not a folder; a model is a folder, or hf:ORG/NAME`);
  });
});

Deno.test("a repository is found in the local cache, by the variables of the Hugging Face library, or the line to get it is given", async () => {
  const names = ["HF_HUB_CACHE", "HF_HOME", "HOME"];
  const before = names.map((name) => Deno.env.get(name));
  await withFolder(await Deno.makeTempDir(), async (home) => {
    try {
      names.forEach((name) => Deno.env.delete(name));
      for (
        const [variable, value, hub] of [["HOME", home, `${home}/.cache/huggingface/hub`], [
          "HF_HOME",
          `${home}/a`,
          `${home}/a/hub`,
        ], ["HF_HUB_CACHE", `${home}/b`, `${home}/b`]]
      ) {
        Deno.env.set(variable, value);
        const folder = `${hub}/models--some-org--Tiny.1`;
        assertEquals(
          assertThrows(() => resolveModel("hf:some-org/Tiny.1"), Error).message,
          `hf:some-org/Tiny.1: not in the local cache (${folder}); get it with: hf download some-org/Tiny.1`,
        );
        await Deno.mkdir(`${folder}/snapshots`, { recursive: true });
        await Deno.mkdir(`${folder}/refs`);
        await Deno.writeTextFile(`${folder}/refs/main`, "abc123\n");
        await Deno.rename(writeTinyModel(), `${folder}/snapshots/abc123`);
        const path = resolveModel("hf:some-org/Tiny.1");
        assertEquals(path, `${folder}/snapshots/abc123`);
        assertEquals((await loadCheckpoint(path)).name, "some-org/Tiny.1");
      }
    } finally {
      names.forEach((name, i) => before[i] === undefined ? Deno.env.delete(name) : Deno.env.set(name, before[i]));
    }
  });
  assertEquals(resolveModel("some/folder"), "some/folder");
  for (const spec of ["hf:", "hf:tiny", "hf:../x", "hf:a/b/c"]) {
    assertEquals(assertThrows(() => resolveModel(spec), Error).message, `${spec}: must be hf:ORG/NAME`);
  }
  assertEquals(assertThrows(() => resolveModel(""), Error).message, "model is empty; must be a folder or hf:ORG/NAME");
});

testWithSharedData(
  "a published model loads from F32, F16 and sharded BF16 files",
  "models/stories260K",
  async (path) => {
    const numbers = new Map<string, Float32Array>();
    for (const part of ["hf", "hf-f16", "hf-bf16-sharded"]) {
      await withFolder(await Deno.makeTempDir(), async (directory) => {
        for await (const { name } of Deno.readDir(`${path}/${part}`)) {
          await Deno.copyFile(`${path}/${part}/${name}`, `${directory}/${name}`);
        }
        // The smaller forms come without a tokenizer.
        for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
          await Deno.copyFile(`${path}/hf/${name}`, `${directory}/${name}`);
        }
        const model = await loadCheckpoint(directory);
        assertEquals(model.tokenizer.encode("Once upon a time", { bos: true }), [1, 403, 407, 261, 378]);
        numbers.set(part, model.tensor("model.layers.4.mlp.down_proj.weight"));
        if (part === "hf") {
          assertEquals(model.hashes.weightsSha256, "0f0055cd007b4f04e33d520a39bdc7c826949762b739181f650455fab452e229");
        }
      });
    }
    // Half an ulp of 11 and of 8 significant bits; F16 loses more below its normal range.
    for (
      const [part, relative, absolute] of [["hf-f16", 2 ** -11, 2 ** -25], ["hf-bf16-sharded", 2 ** -8, 0]] as const
    ) {
      const exact = numbers.get("hf")!;
      const far = numbers.get(part)!.findIndex((value, i) =>
        Math.abs(value - exact[i]) > Math.abs(exact[i]) * relative + absolute
      );
      assertEquals(far, -1);
    }
  },
);
