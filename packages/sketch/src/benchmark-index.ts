import { concatBytes, utf8 } from '@phalanx/core';
import { openKernel } from './kernel.js';
import { PUBLIC_BENCHMARK_KEY } from './key-schedule.js';
import { sketchError } from './sketch-error.js';

/**
 * Sampled hashes of the 8-word shingles of known benchmark passages, ascending and distinct. Unkeyed (the key is fixed
 * and public), so that an index can be built once and exchanged; it holds nothing of anyone's traffic.
 */
export interface BenchmarkIndex {
  readonly hashes: BigUint64Array;
}

/** Most hashes an index may hold: 2^24, 128 MiB as bytes. */
export const MAX_BENCHMARK_HASHES = 1 << 24;

const MAGIC = utf8('PHXBENC1');

/**
 * Indexes benchmark passages. One in eight shingles is kept, chosen by its own hash, so a passage of 20 words is
 * represented with probability 1 - (7/8)^13 = 0.82. Passages under 8 words have no shingle and cannot be recognised;
 * of one longer than 64 KiB, head and tail are indexed.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` beyond 2^24 hashes.
 */
export function buildBenchmarkIndex(texts: Iterable<string>): BenchmarkIndex {
  const kernel = openKernel(PUBLIC_BENCHMARK_KEY);
  const found = new Set<bigint>();
  const view = new DataView(kernel.bytes.buffer, kernel.exports.SHINGLES.value);
  for (const text of texts) {
    const count = kernel.exports.readBenchmark(kernel.writeText(text));
    for (let i = 0; i < count; i++) found.add(view.getBigUint64(i * 8, true));
    if (found.size > MAX_BENCHMARK_HASHES) throw refused(`more than ${MAX_BENCHMARK_HASHES} hashes`);
  }
  return { hashes: BigUint64Array.from(found).sort() };
}

/** Serialises an index: the ASCII bytes "PHXBENC1", then the hashes as little-endian u64, ascending. */
export function encodeBenchmarkIndex(index: BenchmarkIndex): Uint8Array {
  const body = new Uint8Array(index.hashes.length * 8);
  const view = new DataView(body.buffer);
  index.hashes.forEach((hash, i) => {
    view.setBigUint64(i * 8, hash, true);
  });
  return concatBytes([MAGIC, body]);
}

/** @throws PhalanxError `SKETCH_BENCHMARK_INDEX` unless the bytes are exactly what `encodeBenchmarkIndex` writes. */
export function decodeBenchmarkIndex(bytes: Uint8Array): BenchmarkIndex {
  if (bytes.length % 8 !== 0 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw refused('no index header');
  const count = bytes.length / 8 - 1;
  if (count > MAX_BENCHMARK_HASHES) throw refused(`more than ${MAX_BENCHMARK_HASHES} hashes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 8, count * 8);
  const hashes = new BigUint64Array(count);
  for (let i = 0; i < count; i++) hashes[i] = view.getBigUint64(i * 8, true);
  const index = { hashes };
  checkBenchmarkIndex(index);
  return index;
}

/**
 * A sampled hash is a multiple of 8 and not 0; zero marks an empty slot of the kernel's table.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` unless the hashes are sampled ones, strictly ascending.
 */
export function checkBenchmarkIndex({ hashes }: BenchmarkIndex): void {
  if (hashes.length > MAX_BENCHMARK_HASHES) throw refused(`more than ${MAX_BENCHMARK_HASHES} hashes`);
  let last = 0n;
  for (const hash of hashes) {
    if (hash <= last || (hash & 7n) !== 0n) throw refused('hashes are not sampled, distinct and ascending');
    last = hash;
  }
}

function refused(what: string) {
  return sketchError('SKETCH_BENCHMARK_INDEX', `not a benchmark index: ${what}`, {
    advice: 'Rebuild it with buildBenchmarkIndex.',
  });
}
