import { readFile, stat } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import {
  type BenchmarkIndex,
  decodeBenchmarkIndex,
  MAX_BENCHMARK_HASHES,
  mergeBenchmarkIndexes,
} from '@phalanx/sketch';

/**
 * Reads index files and merges them.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX`, naming the file, for one that is no index; without a name when there
 *   are more than 2^24 hashes in all. The file system's own error.
 */
export async function readBenchmarkFiles(paths: readonly string[]): Promise<BenchmarkIndex> {
  let merged = mergeBenchmarkIndexes([]);
  for (const path of paths) merged = mergeBenchmarkIndexes([merged, await readBenchmarkFile(path)]);
  return merged;
}

async function readBenchmarkFile(path: string): Promise<BenchmarkIndex> {
  try {
    // A log named by mistake is refused by its size before its gigabytes are in memory.
    if ((await stat(path)).size > 8 * (MAX_BENCHMARK_HASHES + 1))
      return decodeBenchmarkIndex(new Uint8Array(0));
    return decodeBenchmarkIndex(await readFile(path));
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    throw new PhalanxError(error.code, `${path}: ${error.message}`, {
      cause: error,
      advice: 'Name a file that `phalanx benchmark build` has written, or build this one again.',
    });
  }
}
