/** A random model of some ten thousand weights with a byte vocabulary: enough to train and decode in seconds. */
import { saveCheckpoint } from "../../models/checkpoint.ts";
import { parameterShapes, parseConfig } from "../../models/config.ts";
import { stream } from "../../training/random.ts";

/** The 256 characters by which byte-level vocabularies spell bytes, in byte order. */
function byteCharacters(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** Writes the model folder; the same bytes every time. */
export async function writeSmallModel(directory: string): Promise<void> {
  const config = parseConfig({
    model_type: "llama",
    vocab_size: 259,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
  }, "config.json");
  const special = ["<unk>", "<s>", "</s>"];
  const vocabulary = [...special, ...byteCharacters()];
  const sizes = new Map(
    parameterShapes(config).map(({ name, shape }) => [name, shape.reduce((a: number, b) => a * b, 1)]),
  );
  await saveCheckpoint(directory, {
    config,
    tensor: (name) => {
      const random = stream(1, "small model", name);
      const norm = name.includes("norm");
      return Float32Array.from({ length: sizes.get(name)! }, () => norm ? 1 : random.normal() * 0.1);
    },
    tokenizerJson: {
      added_tokens: special.map((content, id) => ({ id, content, special: true })),
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      post_processor: null,
      decoder: { type: "ByteLevel" },
      model: {
        type: "BPE",
        unk_token: "<unk>",
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
        merges: [],
      },
    },
    tokenizerConfigJson: { bos_token: "<s>", eos_token: "</s>" },
  }, { dtype: "F32" });
}
