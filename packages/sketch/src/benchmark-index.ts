import { concatBytes, utf8 } from '@phalanx/core';
import { DistinctHashes } from './distinct-hashes.js';
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

/** Indexes passages one after the other; holds 8 to 24 bytes a hash and no text. */
export interface BenchmarkBuilder {
  /**
   * Adds a passage; of one longer than 64 KiB, head and tail. Returns how many of its shingles were sampled: a passage
   * with none (always so under 8 words) cannot be recognised.
   *
   * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` once there are more than 2^24 distinct hashes.
   */
  add(text: string): number;
  /** The index of all passages so far. @throws PhalanxError `SKETCH_BENCHMARK_INDEX` beyond 2^24 distinct hashes. */
  build(): BenchmarkIndex;
}

/**
 * Opens a builder, for passages that do not fit into memory together. One in eight shingles is kept, chosen by its own
 * hash, so a passage of 20 words is represented with probability 1 - (7/8)^13 = 0.82.
 */
export function openBenchmarkBuilder(): BenchmarkBuilder {
  const kernel = openKernel(PUBLIC_BENCHMARK_KEY);
  const found = new DistinctHashes(MAX_BENCHMARK_HASHES);
  return {
    add(text) {
      const count = kernel.exports.readBenchmark(kernel.writeText(text));
      const sampled = new BigUint64Array(kernel.bytes.buffer, kernel.exports.SHINGLES.value, count);
      if (!found.add(sampled)) throw tooMany();
      return count;
    },
    build: () => listHashes(found),
  };
}

/**
 * Indexes passages that are at hand; see `openBenchmarkBuilder`.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` beyond 2^24 hashes.
 */
export function buildBenchmarkIndex(texts: Iterable<string>): BenchmarkIndex {
  const builder = openBenchmarkBuilder();
  for (const text of texts) builder.add(text);
  return builder.build();
}

/**
 * One index of all that the given ones hold; the order does not matter.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` beyond 2^24 hashes.
 */
export function mergeBenchmarkIndexes(indexes: Iterable<BenchmarkIndex>): BenchmarkIndex {
  const found = new DistinctHashes(MAX_BENCHMARK_HASHES);
  for (const { hashes } of indexes) if (!found.add(hashes)) throw tooMany();
  return listHashes(found);
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
  if (count > MAX_BENCHMARK_HASHES) throw tooMany();
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
  if (hashes.length > MAX_BENCHMARK_HASHES) throw tooMany();
  let last = 0n;
  for (const hash of hashes) {
    if (hash <= last || (hash & 7n) !== 0n) throw refused('hashes are not sampled, distinct and ascending');
    last = hash;
  }
}

function listHashes(found: DistinctHashes): BenchmarkIndex {
  const hashes = found.list();
  if (hashes === null) throw tooMany();
  return { hashes };
}

function tooMany() {
  return sketchError(
    'SKETCH_BENCHMARK_INDEX',
    `a benchmark index holds at most ${MAX_BENCHMARK_HASHES} hashes`,
    {
      advice: 'Index fewer passages, or name fewer indexes.',
    },
  );
}

function refused(what: string) {
  return sketchError('SKETCH_BENCHMARK_INDEX', `not a benchmark index: ${what}`, {
    advice: 'Build it again.',
  });
}
