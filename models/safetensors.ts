/**
 * The safetensors format: eight bytes of header length (little-endian), a JSON header, then the tensors' bytes end to end.
 * A file is checked wholly on opening, but its tensors are read one by one when they are asked for, so that a big checkpoint is never
 * in memory at once. Format: https://github.com/huggingface/safetensors.
 * @module
 */
import { bytesOf, type FloatType, narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "./half.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json_file.ts";
import { writeAll, writeAtomically } from "./atomic_file.ts";

/** Where a tensor lies and how it is stored. */
export interface TensorInfo {
  /** How its elements are stored. */
  readonly dtype: FloatType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly start: number;
  /** Byte after the last, counted from the start of the file. */
  readonly end: number;
}

/** An opened file. Nothing is held open; each read opens the file, reads its range and closes it. */
export interface SafetensorsFile {
  /** The path it was opened by. */
  readonly path: string;
  /** In the order of the file's bytes. */
  readonly tensors: Map<string, TensorInfo>;
  /** The header's free text fields, such as `format`. */
  readonly metadata: Record<string, string>;
  /** A tensor widened to f32, row-major. Throws where there is none of that name. */
  read(name: string): Float32Array<ArrayBuffer>;
  /** A tensor's bytes as stored. */
  rawBytes(name: string): Uint8Array<ArrayBuffer>;
}

/** A tensor to write. */
export interface TensorToWrite {
  /** Unique within the file. */
  readonly name: string;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The numbers, row-major; as a function they are made only when their turn comes. */
  readonly data: Float32Array | (() => Float32Array);
  /** Default F32. F16 and BF16 round to the nearest, ties to even. */
  readonly dtype?: FloatType;
}

/** The format's own limit on the header, which keeps a wrong length from taking all memory. */
const MAX_HEADER = 100_000_000;
/** Elements widened at a time. */
const CHUNK = 1 << 20;

/** Elements of a shape; 1 for a scalar. */
function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Opens `path`, hands the file to `use`, and closes it. */
function withFile<T>(path: string, use: (file: Deno.FsFile) => T): T {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: no such file`);
    throw new Error(`${path}: cannot be read (${error instanceof Error ? error.message : error})`);
  }
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/** Fills `into` from the file's current position. */
function readFully(file: Deno.FsFile, into: Uint8Array, path: string): void {
  for (let done = 0; done < into.length;) {
    const count = file.readSync(into.subarray(done));
    if (count === null) throw new Error(`${path}: ends ${into.length - done} bytes too early; it has been cut short`);
    done += count;
  }
}

/** What tells that a file is no longer the one that was opened. */
function stampOf({ size, mtime, ino }: Deno.FileInfo): string {
  return [size, mtime?.getTime(), ino].join();
}

/** The header's text, where the tensors' bytes begin, and which file it was. */
function readHeader(path: string): { text: string; dataStart: number; fileSize: number; stamp: string } {
  return withFile(path, (file) => {
    const info = file.statSync();
    if (!info.isFile) throw new Error(`${path}: not a file`);
    if (info.size < 8) {
      throw new Error(`${path}: has ${info.size} bytes; a safetensors file begins with 8 bytes of header length`);
    }
    const prefix = new Uint8Array(8);
    readFully(file, prefix, path);
    const length = new DataView(prefix.buffer).getBigUint64(0, true);
    if (length > BigInt(info.size - 8)) {
      throw new Error(
        `${path}: header length ${length} goes beyond the file's ${info.size} bytes; truncated, or not a safetensors file`,
      );
    }
    if (length > BigInt(MAX_HEADER)) {
      throw new Error(`${path}: header length ${length}; at most ${MAX_HEADER} is valid`);
    }
    const bytes = new Uint8Array(Number(length));
    readFully(file, bytes, path);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Error(`${path}: header is not UTF-8 text; not a safetensors file`);
    }
    return { text, dataStart: 8 + bytes.length, fileSize: info.size, stamp: stampOf(info) };
  });
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isJsonObject(value) || Object.values(value).some((v) => typeof v !== "string")) {
    throw new Error(`${path}: __metadata__ must be an object of strings`);
  }
  return value as Record<string, string>;
}

function parseTensor(name: string, value: unknown, path: string, dataStart: number, dataSize: number): TensorInfo {
  const where = `${path}: tensor ${name}`;
  if (!isJsonObject(value)) throw new Error(`${where}: must be an object with dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  const unknown = Object.keys(value).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknown !== undefined) {
    throw new Error(`${where}: unknown field ${unknown}; valid are dtype, shape, data_offsets`);
  }
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new Error(`${where}: dtype ${dtype}; valid are F32, F16, BF16`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new Error(`${where}: shape must be a list of whole numbers from 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new Error(`${where}: data_offsets must be two whole numbers, start and end`);
  }
  const [start, end] = offsets;
  if (start > end) throw new Error(`${where}: data_offsets [${start}, ${end}] start after they end`);
  if (end > dataSize) {
    throw new Error(
      `${where}: data_offsets [${start}, ${end}] go beyond the ${dataSize} bytes of data in the file; it has been cut short`,
    );
  }
  const expected = elements(shape) * bytesOf[dtype];
  if (end - start !== expected) {
    throw new Error(
      `${where}: data_offsets span ${end - start} bytes, but shape [${shape}] of ${dtype} takes ${expected}`,
    );
  }
  return { dtype, shape, start: dataStart + start, end: dataStart + end };
}

/** Checks that the tensors, in the order of their bytes, fill the data from its start to its end. */
function checkContiguous(sorted: [string, TensorInfo][], path: string, dataStart: number, fileSize: number): void {
  let at = dataStart;
  let before = "the header";
  for (const [name, { start, end }] of sorted) {
    if (start < at) throw new Error(`${path}: tensors ${before} and ${name} overlap by ${at - start} bytes`);
    if (start > at) throw new Error(`${path}: hole of ${start - at} bytes between ${before} and tensor ${name}`);
    at = end;
    before = name;
  }
  if (at < fileSize) throw new Error(`${path}: ${fileSize - at} bytes after the last tensor belong to none`);
}

function parseTensors(header: JsonObject, path: string, dataStart: number, fileSize: number): Map<string, TensorInfo> {
  const sorted: [string, TensorInfo][] = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => [name, parseTensor(name, value, path, dataStart, fileSize - dataStart)]);
  sorted.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  checkContiguous(sorted, path, dataStart, fileSize);
  return new Map(sorted);
}

/** Reads a tensor's elements from the file's current position and widens them, a chunk at a time. */
function readWidened(file: Deno.FsFile, { dtype, shape }: TensorInfo, path: string): Float32Array<ArrayBuffer> {
  const out = new Float32Array(elements(shape));
  if (dtype === "F32") {
    readFully(file, new Uint8Array(out.buffer), path);
    return out;
  }
  const widen = dtype === "BF16" ? widenBfloat16 : widenFloat16;
  const buffer = new Uint16Array(Math.min(CHUNK, out.length));
  for (let i = 0; i < out.length; i += CHUNK) {
    const target = out.subarray(i, i + CHUNK);
    const bits = buffer.subarray(0, target.length);
    readFully(file, new Uint8Array(bits.buffer, 0, bits.byteLength), path);
    widen(bits, target);
  }
  return out;
}

/**
 * Opens a safetensors file and checks all of its header: length, JSON, repeated names, dtypes (F32, F16, BF16), and that the tensors' ranges
 * match their shapes and fill the file without overlap or hole. Throws one line that names the file, the tensor and what would be valid.
 */
export function openSafetensors(path: string): SafetensorsFile {
  const { text, dataStart, fileSize, stamp } = readHeader(path);
  const header = parseJsonObject(text, `${path}: header`);
  const tensors = parseTensors(header, path, dataStart, fileSize);
  const at = <T>(name: string, read: (file: Deno.FsFile, info: TensorInfo) => T): T => {
    const info = tensors.get(name);
    if (info === undefined) throw new Error(`${path}: no tensor ${name}`);
    return withFile(path, (file) => {
      // A file that was replaced since would give other bytes in silence.
      if (stampOf(file.statSync()) !== stamp) throw new Error(`${path}: has changed since it was opened`);
      file.seekSync(info.start, Deno.SeekMode.Start);
      return read(file, info);
    });
  };
  return {
    path,
    tensors,
    metadata: parseMetadata(header.__metadata__, path),
    read: (name) => at(name, (file, info) => readWidened(file, info, path)),
    rawBytes: (name) =>
      at(name, (file, { start, end }) => {
        const bytes = new Uint8Array(end - start);
        readFully(file, bytes, path);
        return bytes;
      }),
  };
}

/** A tensor's bytes as they are to be stored. Throws where a finite number would become infinite. */
function encode(name: string, data: Float32Array, dtype: FloatType): Uint8Array {
  if (dtype === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bits = dtype === "BF16" ? narrowBfloat16(data) : narrowFloat16(data);
  const exponent = dtype === "BF16" ? 0x7f80 : 0x7c00;
  const lost = bits.findIndex((b, i) => (b & exponent) === exponent && Number.isFinite(data[i]));
  if (lost >= 0) {
    throw new Error(
      `tensor ${name}: element ${lost} is ${data[lost]}, too large for ${dtype}; F32${
        dtype === "F16" ? " or BF16" : ""
      } can hold it`,
    );
  }
  return new Uint8Array(bits.buffer);
}

const byCodeUnits = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;

/**
 * Writes a safetensors file that is the same for the same tensors in any order: wider types first (which keeps every tensor aligned), then by
 * name, metadata keys sorted, and the header padded with spaces to a multiple of 8 bytes, as the format's reference implementation does.
 * The file appears whole or not at all.
 */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const size = ({ dtype = "F32" }: TensorToWrite) => bytesOf[dtype];
  const sorted = [...tensors].sort((a, b) => size(b) - size(a) || byCodeUnits(a.name, b.name));
  // Entries, not an object: an object would move names that look like whole numbers to its front, and cannot hold `__proto__`.
  const entries: [string, unknown][] = [];
  const keys = Object.keys(metadata).sort(byCodeUnits);
  if (keys.length > 0) entries.push(["__metadata__", Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  let at = 0;
  const names = new Set(["__metadata__"]);
  for (const { name, shape, dtype = "F32" } of sorted) {
    if (names.has(name)) throw new Error(`${path}: two tensors named ${name}; names must differ`);
    names.add(name);
    const end = at + elements(shape) * bytesOf[dtype];
    entries.push([name, { dtype, shape, data_offsets: [at, end] }]);
    at = end;
  }
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(text, 8);
  writeAtomically(path, (file) => {
    writeAll(file, header);
    for (const { name, shape, data, dtype = "F32" } of sorted) {
      const values = typeof data === "function" ? data() : data;
      if (values.length !== elements(shape)) {
        throw new Error(`tensor ${name}: ${values.length} numbers, but shape [${shape}] takes ${elements(shape)}`);
      }
      writeAll(file, encode(name, values, dtype));
    }
  });
}
