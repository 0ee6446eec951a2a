import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PhalanxError } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import {
  type ByteSource,
  countNumbers,
  openBytesSource,
  openFolderOf,
  openWeightSource,
  type WeightFile,
  type WeightFolder,
} from '@phalanx/weights';
import { mutate } from './mutation.js';
import { checkSeeds, SEEDS, SIBLINGS } from './seed-files.js';

/** What a thread is started with. */
export interface FuzzSetup {
  readonly format: string;
  readonly seed: number;
  readonly headers: number;
}

/** What a thread says, every so many headers and at its end. */
export interface FuzzProgress {
  readonly done: number;
  /** Headers by outcome: `opened`, or the code that refused. Anything else is a defect. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Files that were opened outside the folder. */
  readonly escapes: number;
  readonly slowestMs: number;
  /** Most bytes that were read for one header, over the file's own length. */
  readonly mostReadTimes: number;
  /** Largest heap and buffers seen, in bytes. */
  readonly peakHeap: number;
  readonly peakBuffers: number;
  /** First files with an outcome that is none, in hexadecimal. */
  readonly defects: readonly string[];
}

const SAY_EVERY = 2_000;
const READ_TENSORS = 3;
const READ_NUMBERS = 64;

const { format, seed, headers } = workerData as FuzzSetup;
const outcomes: Record<string, number> = {};
const defects: string[] = [];
const worst = { escapes: 0, slowestMs: 0, mostReadTimes: 0, peakHeap: 0, peakBuffers: 0 };

const root = await mkdtemp(join(tmpdir(), 'phalanx-fuzz-'));
try {
  const folder = await makeFolder();
  const seeds = await SEEDS[format]!();
  // A bare pickle is never opened; it is refused, or said to be executable.
  if (format !== 'pickle') await checkSeeds(seeds, (source: ByteSource) => openWeightSource(source, folder));
  const random = new Random(seed);
  for (let done = 1; done <= headers; done++) {
    await tryOne(mutate(seeds[done % seeds.length]!.bytes, random), folder);
    if (done % SAY_EVERY === 0 || done === headers) say(done);
  }
} finally {
  await rm(root, { recursive: true, force: true });
}

/** A folder with the files that seeds name, a link that leads out, and a file outside. */
async function makeFolder(): Promise<WeightFolder> {
  const inside = join(await realpath(root), 'inside');
  await mkdir(inside);
  await writeFile(join(root, 'outside'), new Uint8Array(64));
  await symlink(join(root, 'outside'), join(inside, 'model.link'));
  for (const [name, make] of Object.entries(SIBLINGS)) await writeFile(join(inside, name), await make());
  const folder = await openFolderOf(join(inside, 'model.data'));
  return {
    async open(path) {
      const source = await folder.open(path);
      if (!source.name.startsWith(inside + sep)) worst.escapes++;
      return source;
    },
  };
}

async function tryOne(bytes: Uint8Array, folder: WeightFolder): Promise<void> {
  const started = performance.now();
  const source = openBytesSource(bytes);
  let file: WeightFile | undefined;
  let outcome: string;
  try {
    file = await openWeightSource(source, folder);
    outcome = 'opened';
    await readSome(file);
  } catch (error) {
    outcome = PhalanxError.is(error) ? error.code : `defect: ${(error as Error)?.name}`;
    if (!PhalanxError.is(error) && defects.length < 5)
      defects.push(
        `${(error as Error)?.stack?.slice(0, 400)}\n${Buffer.from(bytes).toString('hex').slice(0, 4_000)}`,
      );
  }
  await file?.close();
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  worst.slowestMs = Math.max(worst.slowestMs, performance.now() - started);
  worst.mostReadTimes = Math.max(worst.mostReadTimes, source.bytesRead / Math.max(1, bytes.length));
}

/** Some numbers of some tensors, which must lie where the header said. A format without a float view is no defect. */
async function readSome(file: WeightFile): Promise<void> {
  for (const tensor of [...file.tensors.values()].slice(0, READ_TENSORS)) {
    const count = Math.min(READ_NUMBERS, countNumbers(tensor));
    try {
      const { length } = await file.readNumbers(tensor, countNumbers(tensor) - count, count);
      if (length !== count) throw new Error(`${length} numbers instead of ${count}`);
    } catch (error) {
      if (!PhalanxError.is(error, 'WEIGHTS_ARGUMENT')) throw error;
    }
  }
}

function say(done: number): void {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  worst.peakHeap = Math.max(worst.peakHeap, heapUsed);
  worst.peakBuffers = Math.max(worst.peakBuffers, arrayBuffers);
  parentPort!.postMessage({ done, outcomes, defects, ...worst } satisfies FuzzProgress);
}
