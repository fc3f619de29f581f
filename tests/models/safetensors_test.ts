import { assert, assertEquals, assertThrows } from "@std/assert";
import { writeAtomically } from "../../models/atomic_file.ts";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "../../models/safetensors.ts";
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "../../models/half.ts";
import { stream } from "../../training/random.ts";
import { testWithSharedData } from "../shared_data.ts";

/** Gives `test` a folder that is removed afterwards. */
function withFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The bytes of a file with this header and so many bytes of data. */
function fileOf(header: string | Uint8Array<ArrayBuffer>, dataSize: number, length?: bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataSize);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });
const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name);

Deno.test("tensors of every type and shape are read back as they were written, whatever their order", () => {
  withFolder((folder) => {
    const random = stream(1, "safetensors");
    for (let round = 0; round < 20; round++) {
      const tensors: (TensorToWrite & { data: Float32Array<ArrayBuffer> })[] = Array.from({
        length: 1 + random.below(6),
      }, (_, t) => {
        const shape = Array.from({ length: random.below(4) }, () => random.below(5));
        const size = shape.reduce((product, n) => product * n, 1);
        // Eighths up to 16 in size: exact in every type.
        const data = Float32Array.from({ length: size }, () => (random.below(256) - 128) / 8);
        return {
          name: random.pick(["a", "b.é", 'c"\n', "7", "__proto__"]) + t,
          shape,
          data,
          dtype: random.pick(["F32", "F16", "BF16"]),
        };
      });
      writeSafetensors(`${folder}/a`, tensors, { z: "1", format: "pt" });
      writeSafetensors(`${folder}/b`, random.shuffle(tensors), { format: "pt", z: "1" });
      assertEquals(Deno.readFileSync(`${folder}/a`), Deno.readFileSync(`${folder}/b`));
      const file = openSafetensors(`${folder}/a`);
      assertEquals(file.metadata, { format: "pt", z: "1" });
      assertEquals(file.tensors.size, tensors.length);
      for (const { name, shape, data, dtype } of tensors) {
        const info = file.tensors.get(name)!;
        assertEquals([info.dtype, info.shape], [dtype, shape]);
        assertEquals(info.start % (dtype === "F32" ? 4 : 2), 0);
        assertEquals(file.read(name), data);
        assertEquals(file.rawBytes(name).length, info.end - info.start);
      }
    }
  });
});

Deno.test("a tensor longer than the reader's chunk is widened whole", () => {
  withFolder((folder) => {
    const data = Float32Array.from({ length: (1 << 20) + 5 }, (_, i) => i % 251);
    writeSafetensors(`${folder}/a`, [{ name: "x", shape: [data.length], data, dtype: "BF16" }]);
    assertEquals(openSafetensors(`${folder}/a`).read("x").every((value, i) => value === data[i]), true);
  });
});

Deno.test("every 16-bit pattern survives widening and narrowing", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = new Float32Array(65536);
  for (const [widen, narrow] of [[widenBfloat16, narrowBfloat16], [widenFloat16, narrowFloat16]] as const) {
    widen(all, wide);
    const back = narrow(wide);
    for (let i = 0; i < 65536; i++) {
      if (Number.isNaN(wide[i])) assert(Number.isNaN(wideOf(widen, back[i])));
      else assertEquals(back[i], i);
    }
  }
});

function wideOf(widen: typeof widenBfloat16, bits: number): number {
  const out = new Float32Array(1);
  widen(Uint16Array.of(bits), out);
  return out[0];
}

Deno.test("narrowing rounds to the nearest number, ties to even", () => {
  // 1 + 2^-8 lies halfway between the bfloat16 numbers 1 and 1 + 2^-7; 1 + 3 * 2^-8 between 1 + 2^-7 and 1 + 2^-6.
  const cases = [1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 3 * 2 ** -8, -(1 + 2 ** -8), 2 ** -133, 2 ** -134, Infinity];
  assertEquals([...narrowBfloat16(Float32Array.from(cases))], [0x3f80, 0x3f81, 0x3f82, 0xbf80, 1, 0, 0x7f80]);
  const half = [1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 1 + 3 * 2 ** -11, 2 ** -24, 2 ** -25, 65504];
  assertEquals([...narrowFloat16(Float32Array.from(half))], [0x3c00, 0x3c01, 0x3c02, 1, 0, 0x7bff]);
});

/** Files that must be refused: their bytes (null: none), and the exact message after the path. */
const BAD: [string, Uint8Array<ArrayBuffer> | null, string][] = [
  ["missing", null, ": no such file"],
  ["empty", new Uint8Array(), ": has 0 bytes; a safetensors file begins with 8 bytes of header length"],
  [
    "header beyond the file",
    fileOf("{}", 0, 100n),
    ": header length 100 goes beyond the file's 10 bytes; truncated, or not a safetensors file",
  ],
  [
    "huge header",
    fileOf("{}", 0, 2n ** 64n - 1n),
    ": header length 18446744073709551615 goes beyond the file's 10 bytes; truncated, or not a safetensors file",
  ],
  ["not UTF-8", fileOf(Uint8Array.of(0x7b, 0xff, 0x7d), 0), ": header is not UTF-8 text; not a safetensors file"],
  ["a list", fileOf("[]", 0), ": header: must be a JSON object"],
  [
    "twice",
    fileOf(`{"a":${tensor("F32", [1], [0, 4])},"a":${tensor("F32", [1], [0, 4])}}`, 4),
    `: header: key "a" appears twice; each key may appear once`,
  ],
  ["metadata", fileOf(`{"__metadata__":{"a":1}}`, 0), ": __metadata__ must be an object of strings"],
  ["no tensor", fileOf(`{"a":3}`, 0), ": tensor a: must be an object with dtype, shape and data_offsets"],
  ["I64", fileOf(`{"a":${tensor("I64", [1], [0, 8])}}`, 8), ": tensor a: dtype I64; valid are F32, F16, BF16"],
  ["F8", fileOf(`{"a":${tensor("F8_E4M3", [1], [0, 1])}}`, 1), ": tensor a: dtype F8_E4M3; valid are F32, F16, BF16"],
  [
    "shape",
    fileOf(`{"a":${tensor("F32", [-1], [0, 4])}}`, 4),
    ": tensor a: shape must be a list of whole numbers from 0",
  ],
  [
    "no offsets",
    fileOf(`{"a":{"dtype":"F32","shape":[1]}}`, 4),
    ": tensor a: data_offsets must be two whole numbers, start and end",
  ],
  [
    "unknown field",
    fileOf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"device":"cpu"}}`, 4),
    ": tensor a: unknown field device; valid are dtype, shape, data_offsets",
  ],
  [
    "start > end",
    fileOf(`{"a":${tensor("F32", [1], [4, 0])}}`, 4),
    ": tensor a: data_offsets [4, 0] start after they end",
  ],
  [
    "beyond the file",
    fileOf(`{"a":${tensor("F32", [2], [0, 8])}}`, 4),
    ": tensor a: data_offsets [0, 8] go beyond the 4 bytes of data in the file; it has been cut short",
  ],
  [
    "size",
    fileOf(`{"a":${tensor("BF16", [2, 3], [0, 8])}}`, 8),
    ": tensor a: data_offsets span 8 bytes, but shape [2,3] of BF16 takes 12",
  ],
  [
    "overlap",
    fileOf(`{"a":${tensor("F32", [2], [0, 8])},"b":${tensor("F32", [2], [4, 12])}}`, 12),
    ": tensors a and b overlap by 4 bytes",
  ],
  [
    "hole",
    fileOf(`{"a":${tensor("F32", [1], [0, 4])},"b":${tensor("F32", [1], [8, 12])}}`, 12),
    ": hole of 4 bytes between a and tensor b",
  ],
  [
    "hole at the start",
    fileOf(`{"a":${tensor("F32", [1], [4, 8])}}`, 8),
    ": hole of 4 bytes between the header and tensor a",
  ],
  [
    "bytes left over",
    fileOf(`{"a":${tensor("F32", [1], [0, 4])}}`, 6),
    ": 2 bytes after the last tensor belong to none",
  ],
];

Deno.test("a damaged file gives one line that names the file, the tensor and what is wrong", () => {
  withFolder((folder) => {
    for (const [name, bytes, message] of BAD) {
      const path = `${folder}/${name}.safetensors`;
      if (bytes !== null) Deno.writeFileSync(path, bytes);
      assertEquals(assertThrows(() => openSafetensors(path), Error).message, path + message);
    }
    const path = `${folder}/text`;
    Deno.writeFileSync(path, fileOf("{nonsense", 0));
    const { message } = assertThrows(() => openSafetensors(path), Error);
    assert(message.startsWith(`${path}: header: not valid JSON (`), message);
    assertEquals(assertThrows(() => openSafetensors(folder), Error).message, `${folder}: not a file`);
  });
});

Deno.test("a file that changed after it was opened, and an unknown tensor, are errors", () => {
  withFolder((folder) => {
    const path = `${folder}/a`;
    writeSafetensors(path, [{ name: "x", shape: [4], data: new Float32Array(4) }]);
    const file = openSafetensors(path);
    assertEquals(assertThrows(() => file.read("y"), Error).message, `${path}: no tensor y`);
    Deno.truncateSync(path, file.tensors.get("x")!.end - 3);
    assertEquals(
      assertThrows(() => file.read("x"), Error).message,
      `${path}: has changed since it was opened`,
    );
  });
});

Deno.test("a write that fails says why, leaves no temporary file and spares the file that was there", () => {
  withFolder((folder) => {
    const path = `${folder}/a`;
    const data = new Float32Array(4);
    writeSafetensors(path, [{ name: "x", shape: [4], data }]);
    const before = Deno.readFileSync(path);
    const huge = Float32Array.of(1, 70000);
    const cases: [TensorToWrite[], string][] = [
      [
        [{ name: "x", shape: [2], data: huge, dtype: "F16" }],
        `${path}: cannot be written (tensor x: element 1 is 70000, too large for F16; F32 or BF16 can hold it)`,
      ],
      [[{ name: "x", shape: [5], data }], `${path}: cannot be written (tensor x: 4 numbers, but shape [5] takes 5)`],
      [
        [{ name: "x", shape: [4], data }, { name: "x", shape: [4], data }],
        `${path}: two tensors named x; names must differ`,
      ],
    ];
    for (const [tensors, message] of cases) {
      assertEquals(assertThrows(() => writeSafetensors(path, tensors), Error).message, message);
    }
    const full = () => {
      throw new Error("No space left on device (os error 28)");
    };
    assertEquals(
      assertThrows(() => writeAtomically(path, full), Error).message,
      `${path}: cannot be written (No space left on device (os error 28))`,
    );
    assertEquals(names(folder), ["a"]);
    assertEquals(Deno.readFileSync(path), before);

    const absent = `${folder}/none/b`;
    const { message } = assertThrows(() => writeSafetensors(absent, []), Error);
    assert(message.startsWith(`${absent}: cannot be written (No such file or directory`), message);
    // A folder in the file's place: the rename fails after all was written.
    Deno.mkdirSync(`${folder}/c`);
    assertThrows(() => writeSafetensors(`${folder}/c`, []), Error, "c: cannot be written (");
    assertEquals(names(folder).sort(), ["a", "c"]);
  });
});

testWithSharedData("a published file is written again to the same bytes", "models/stories260K", (path) => {
  withFolder((folder) => {
    for (const part of ["hf/model", "hf-f16/model", "hf-bf16-sharded/model-00002-of-00003"]) {
      const file = openSafetensors(`${path}/${part}.safetensors`);
      const tensors = Array.from(
        file.tensors,
        ([name, { shape, dtype }]) => ({ name, shape, dtype, data: () => file.read(name) }),
      );
      writeSafetensors(`${folder}/out`, tensors.reverse(), file.metadata);
      assertEquals(Deno.readFileSync(`${folder}/out`), Deno.readFileSync(file.path));
    }
  });
});
