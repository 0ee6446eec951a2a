import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { badArgument } from '../hydrabench/split.js';
import type { FuzzProgress, FuzzSetup } from './fuzz-worker.js';
import { SEEDS } from './seed-files.js';
import { measureWorstHeaders } from './worst-headers.js';

/** A thread that says nothing for so long hangs on a header: 2,000 of them take a second or less. */
const SILENCE_MS = 60_000;
const MAX_HEAP_MB = 256;

/**
 * Opens mutated headers of every format and reads numbers of what opens: bytes, lengths, offsets and names changed, parts repeated,
 * cut out or nested. Prints outcomes, rate, the slowest header and the largest heap; a crash, a hang, an error that is none of ours, a
 * heap of more than 256 MB or a file opened outside the folder ends with exit code 1. `--worst` opens first what costs most for its bytes.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function fuzzWeights(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      headers: { type: 'string', default: '20000' },
      formats: { type: 'string', default: Object.keys(SEEDS).join(',') },
      seed: { type: 'string', default: '1' },
      worst: { type: 'boolean', default: false },
      threads: { type: 'string', default: String(Math.min(2, cpus().length)) },
    },
  });
  const [headers, seed, threads] = [values.headers, values.seed, values.threads].map(Number) as [
    number,
    number,
    number,
  ];
  const formats = values.formats.split(',');
  const isCount = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (!isCount(headers, 1e9) || !isCount(seed, 1e9) || !isCount(threads, 64))
    throw badArgument('--headers, --seed and --threads are counts');
  for (const format of formats)
    if (!Object.hasOwn(SEEDS, format))
      throw badArgument(`no format ${format}; there are ${Object.keys(SEEDS).join(', ')}`);
  if (values.worst) {
    console.log('headers that cost most for their bytes:');
    await measureWorstHeaders();
  }
  for (const format of formats) if (!(await fuzzFormat(format, headers, seed, threads))) process.exitCode = 1;
  console.log(
    `largest resident set of the whole process: ${megabytes(process.resourceUsage().maxRSS * 1024)}`,
  );
}

async function fuzzFormat(format: string, headers: number, seed: number, threads: number): Promise<boolean> {
  const started = performance.now();
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const share = Math.floor(headers / threads) + (i < headers % threads ? 1 : 0);
      return runThread({ format, seed: seed * 1_000 + i, headers: share });
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const outcomes = new Map<string, number>();
  for (const { outcomes: some } of parts)
    for (const [outcome, count] of Object.entries(some))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  const done = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  const most = (of: (part: FuzzProgress) => number) => Math.max(...parts.map(of));
  const escapes = parts.reduce((sum, part) => sum + part.escapes, 0);
  console.log(
    `${format}: ${done.toLocaleString('en-US')} headers, ${Math.round(done / seconds).toLocaleString('en-US')} a second; slowest ${most((p) => p.slowestMs).toFixed(0)} ms; heap at most ${megabytes(most((p) => p.peakHeap))}, buffers ${megabytes(most((p) => p.peakBuffers))}; read at most ${most((p) => p.mostReadTimes).toFixed(1)} times a file's length; ${escapes} files outside the folder`,
  );
  for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
    console.log(`  ${outcome}: ${count.toLocaleString('en-US')}`);
  const defects = parts.flatMap((part) => part.defects);
  for (const defect of defects) console.log(`DEFECT ${defect}`);
  return done === headers && defects.length === 0 && escapes === 0;
}

/** One thread's result; where it dies or falls silent, what it had said, with one defect more. */
function runThread(setup: FuzzSetup): Promise<FuzzProgress> {
  return new Promise((resolve) => {
    let last: FuzzProgress = {
      done: 0,
      outcomes: {},
      escapes: 0,
      slowestMs: 0,
      mostReadTimes: 0,
      peakHeap: 0,
      peakBuffers: 0,
      defects: [],
    };
    const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const end = (why: string | null) => {
      clearTimeout(timer);
      resolve(
        why === null ? last : { ...last, defects: [...last.defects, `${why} after ${last.done} headers`] },
      );
    };
    const fallSilent = () => {
      end('hangs');
      void worker.terminate();
    };
    let timer = setTimeout(fallSilent, SILENCE_MS);
    worker.on('message', (progress: FuzzProgress) => {
      last = progress;
      clearTimeout(timer);
      timer = setTimeout(fallSilent, SILENCE_MS);
    });
    worker.on('error', (error) => end(`${error.name}: ${error.message}`));
    worker.on('exit', () => end(null));
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
