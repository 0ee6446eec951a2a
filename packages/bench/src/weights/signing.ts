import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomFillSync } from 'node:crypto';
import { link, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENT_HASHES, modelSignerOf, type SigningSettings, signModel } from '@phalanx/weights';
import { badArgument } from '../hydrabench/split.js';

const GB = 1e9;
const PIECE_BYTES = 4 * 1024 * 1024;
/** Of a model in parts, one file under so many names. */
const FILES = 4;
/** Programs that hash a file named last, where they are at hand. */
const PEERS = ['sha256sum', 'b2sum', 'b3sum'];

/**
 * Signs one file by each hash, in ranges and with a tree over its chunks, beside the programs of the system over the same file, read before
 * so that it lies in memory; then a sparse file of any size, for the memory. Prints GB a second of processor time and of the clock.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function benchWeightSigning(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { file: { type: 'string', default: '1' }, size: { type: 'string', default: '20' } },
  });
  const [file, size] = [Number(values.file), Number(values.size)] as const;
  if (!(file > 0 && file <= 100) || !(size > 0 && size <= 10_000))
    throw badArgument('--file is up to 100 GB on disk, --size up to 10,000 GB of a sparse file');
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-signing-'));
  try {
    const full = join(folder, 'full.bin');
    await writeRandom(full, Math.round(file * GB));
    spawnSync('cat', [full], { stdio: 'ignore' });
    console.log(`${file} GB of random bytes            GB a CPU second     GB a second`);
    for (const hash of CONTENT_HASHES) await measure(hash, full, file, { hash });
    await measure('sha256, ranges of 0.1 GB', full, file, { shardBytes: 1e8 });
    await measure('sha256 and chunk tree', full, file, { chunkTrees: true });
    const many = join(folder, 'many');
    await mkdir(many);
    for (let i = 0; i < FILES; i++) await link(full, join(many, `part-${i}`));
    await measure(`sha256, ${FILES} files in threads`, many, FILES * file, {});
    for (const peer of PEERS) measurePeer(peer, full, file);
    const sparse = join(folder, 'sparse.bin');
    const handle = await open(sparse, 'w');
    await handle.truncate(Math.round(size * GB));
    await handle.close();
    await measure(`sparse file of ${size} GB, sha256`, sparse, size, { shardBytes: 1e9 });
    console.log(`largest resident set: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(name: string, path: string, size: number, settings: SigningSettings): Promise<void> {
  const signer = modelSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const started = performance.now();
  const before = process.cpuUsage();
  await signModel(path, signer, settings);
  const { user, system } = process.cpuUsage(before);
  report(name, size, (user + system) / 1e6, (performance.now() - started) / 1000);
}

/** By the shell's own clock, which counts what the program used. */
function measurePeer(program: string, path: string, size: number): void {
  const { status, stderr } = spawnSync('bash', ['-c', 'time "$0" "$1"', program, path], {
    encoding: 'utf8',
    env: { ...process.env, TIMEFORMAT: '%R %U %S' },
  });
  const [clock, user, system] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (status !== 0 || clock === undefined) console.log(`${program.padEnd(34)}not at hand`);
  else report(program, size, user! + system!, clock);
}

function report(name: string, size: number, cpuSeconds: number, seconds: number): void {
  const rate = (time: number) => (size / time).toFixed(2);
  console.log(`${name.padEnd(34)}${rate(cpuSeconds).padStart(11)}${rate(seconds).padStart(16)}`);
}

async function writeRandom(path: string, bytes: number): Promise<void> {
  const piece = randomFillSync(Buffer.alloc(PIECE_BYTES));
  const handle = await open(path, 'w');
  try {
    for (let at = 0; at < bytes; at += piece.length) {
      piece.writeDoubleLE(at);
      await handle.write(piece, 0, Math.min(piece.length, bytes - at));
    }
  } finally {
    await handle.close();
  }
}
