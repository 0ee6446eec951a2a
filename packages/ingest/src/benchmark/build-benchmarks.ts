import type { Readable } from 'node:stream';
import { type BenchmarkIndex, openBenchmarkBuilder } from '@phalanx/sketch';
import { RejectedFile, rejectedPath } from '../rejected-file.js';
import { openSource } from '../source.js';
import { readPassages } from './passages.js';

export interface BenchmarkBuildOptions {
  /** The member or column that holds the passage; default: the first of text, prompt, question and input. */
  readonly field?: string;
  /** Directory for `.rejected` files; default: beside each source. */
  readonly rejectedDir?: string;
  /** What the file name "-" reads; default: standard input. */
  readonly stdin?: Readable;
}

/** An index and what it came from. */
export interface BenchmarkBuild {
  readonly index: BenchmarkIndex;
  readonly passages: number;
  /** Passages that leave no hash, because they are under 8 words or none of their shingles is sampled. */
  readonly unrecognisable: number;
  readonly rejected: number;
  readonly rejectedFiles: readonly string[];
}

const FIELDS = ['text', 'prompt', 'question', 'input'];
const PLAIN_TEXT = /\.txt(?:\.gz|\.zst)?$/i;

/**
 * Indexes the passages of public benchmarks. Files are read as `ingestFiles` reads them (JSONL, JSON, CSV, Parquet,
 * gzip, zstd; "-" is standard input), and plain text, one passage a line, where the name ends in .txt: by its bytes it is
 * not told from CSV. Equal passages give an equal index, whatever their order and packing. Rows without a passage go to
 * `<file>.rejected`. Memory: one chunk and 8 to 24 bytes a hash.
 *
 * @throws PhalanxError `INGEST_FORMAT_UNKNOWN` when no row at a file's begin has the field; `INGEST_CONTAINER` or
 *   `INGEST_LIMIT` for a file that breaks off, since half of a benchmark would pass for the whole;
 *   `INGEST_REJECTED_FILE`; `SKETCH_BENCHMARK_INDEX` beyond 2^24 hashes; the file system's own error.
 */
export async function buildBenchmarks(
  files: readonly string[],
  options: BenchmarkBuildOptions = {},
): Promise<BenchmarkBuild> {
  const fields = options.field === undefined ? FIELDS : [options.field];
  const builder = openBenchmarkBuilder();
  const tally = { passages: 0, unrecognisable: 0, rejected: 0, rejectedFiles: [] as string[] };
  for (const path of files) {
    const source = await openSource(path, options.stdin ?? process.stdin, PLAIN_TEXT.test(path));
    try {
      const rejectedFile = new RejectedFile(rejectedPath(path, options.rejectedDir), path);
      await rejectedFile.rewind(0);
      let rejected = 0;
      for await (const batch of readPassages(source, fields)) {
        for (const passage of batch.passages) if (builder.add(passage) === 0) tally.unrecognisable++;
        tally.passages += batch.passages.length;
        rejected += batch.rejected.length;
        await rejectedFile.append(batch.rejected);
      }
      tally.rejected += rejected;
      if (rejected > 0) tally.rejectedFiles.push(rejectedFile.path);
    } finally {
      source.close();
    }
  }
  return { index: builder.build(), ...tally };
}
