import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { NUMBER_BITS, type NumberFormat } from './number-format.js';
import { readPlainNumbers } from './plain-numbers.js';
import { parseStrictJson, type StrictJson } from './strict-json.js';
import type { Tensor, WeightFile } from './weight-file.js';

/** Longest header, in bytes, as the reference has it. */
export const MAX_SAFETENSORS_HEADER = 100_000_000;

const MAX_DIMENSIONS = 64;

/**
 * Opens a safetensors file by the rules of the reference (`safetensors/src/tensor.rs`): a header of at most 100 MB; tensors that
 * tile the rest of the file without hole or overlap, each as long as its shape and format say; nothing after them.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openSafetensors(source: ByteSource): Promise<WeightFile> {
  const { header, start } = await readHeader(source);
  const tensors = new Map<string, Tensor>();
  const metadata = new Map<string, string>();
  for (const [name, value] of header)
    if (name === '__metadata__') readMetadata(value, metadata);
    else tensors.set(name, readTensor(name, value, source, start));
  checkTiling(tensors, start, source.sizeBytes);
  return {
    container: 'safetensors',
    tensors,
    metadata,
    get bytesRead() {
      return source.bytesRead;
    },
    readNumbers: readPlainNumbers,
    close: () => source.close(),
  };
}

async function readHeader(
  source: ByteSource,
): Promise<{ header: ReadonlyMap<string, StrictJson>; start: number }> {
  requireFormat(source.sizeBytes >= 8, 'a file of less than 8 bytes');
  const size = new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true);
  requireWithin(size <= BigInt(MAX_SAFETENSORS_HEADER), `a header of ${size} bytes`);
  const length = Number(size);
  requireFormat(8 + length <= source.sizeBytes, 'the header is longer than the file');
  const header = parseStrictJson(decodeUtf8(await source.read(8, length)));
  if (!(header instanceof Map)) return refuse('WEIGHTS_FORMAT', 'the header is no object');
  return { header, start: 8 + length };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return refuse('WEIGHTS_FORMAT', 'the header is not UTF-8', cause);
  }
}

function readMetadata(value: StrictJson, into: Map<string, string>): void {
  requireFormat(value instanceof Map, '__metadata__ is no object');
  for (const [key, text] of value) {
    requireFormat(typeof text === 'string', '__metadata__ holds something other than text');
    into.set(key, text);
  }
}

function readTensor(name: string, value: StrictJson, source: ByteSource, start: number): Tensor {
  if (!(value instanceof Map)) return refuse('WEIGHTS_FORMAT', `tensor ${quote(name)} is no object`);
  const {
    dtype,
    shape,
    data_offsets: offsets,
    ...others
  } = Object.fromEntries(value) as Record<string, StrictJson>;
  requireFormat(Object.keys(others).length === 0, `tensor ${quote(name)} has members that no tensor has`);
  if (typeof dtype !== 'string' || !Object.hasOwn(NUMBER_BITS, dtype))
    return refuse('WEIGHTS_FORMAT', `tensor ${quote(name)} is of no known format`);
  const sizes = readSizes(shape, name);
  const range = readSizes(offsets, name);
  requireFormat(range.length === 2 && range[0]! <= range[1]!, `tensor ${quote(name)} has no range`);
  const bits = multiply([...sizes, NUMBER_BITS[dtype as NumberFormat]], name);
  requireFormat(bits % 8 === 0, `tensor ${quote(name)} ends within a byte`);
  const sizeBytes = range[1]! - range[0]!;
  requireFormat(bits / 8 === sizeBytes, `tensor ${quote(name)} is not as long as its shape says`);
  return { name, format: dtype, shape: sizes, source, offset: start + range[0]!, sizeBytes };
}

function readSizes(value: StrictJson | undefined, name: string): number[] {
  if (!Array.isArray(value)) return refuse('WEIGHTS_FORMAT', `tensor ${quote(name)} lacks a list of numbers`);
  requireWithin(value.length <= MAX_DIMENSIONS, `tensor ${quote(name)} has ${value.length} dimensions`);
  return value.map((size) => {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      return refuse('WEIGHTS_FORMAT', `tensor ${quote(name)} has a size that is no count`);
    return size;
  });
}

/** Product of sizes; one that is not exact is refused even where a later zero would hide it, as the reference does. */
function multiply(sizes: readonly number[], name: string): number {
  let product = 1;
  for (const size of sizes) {
    product *= size;
    requireFormat(Number.isSafeInteger(product), `the size of tensor ${quote(name)} overflows`);
  }
  return product;
}

function checkTiling(tensors: ReadonlyMap<string, Tensor>, start: number, end: number): void {
  let at = start;
  for (const { name, offset, sizeBytes } of [...tensors.values()].sort(
    (a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes,
  )) {
    requireFormat(offset === at, `tensor ${quote(name)} leaves a hole or lies over another`);
    at += sizeBytes;
  }
  requireFormat(at === end, 'the file goes on after its tensors, or ends before');
}

/** A stranger's name, short enough for a message. */
function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
