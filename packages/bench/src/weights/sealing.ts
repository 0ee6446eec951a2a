import { execFile } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createReadStream, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type AgeKeyKind, generateIdentity, recipientOf } from '@phalanx/weights';
import { Decrypter, Encrypter } from 'age-encryption';
import { badArgument } from '../hydrabench/split.js';
import type { SealingCost, SealingJob } from './sealing-worker.js';

const WORKER = fileURLToPath(new URL('./sealing-worker.js', import.meta.url));
const LIMIT_BYTES = 1 << 30;
const LIBRARY_BYTES = 32 << 20;
const CHUNK = 65_536;
const GB = 1e9;
const TRIES = 3;

/**
 * Prints gigabytes a CPU-second of sealing and opening a sparse file, in one run: ours, `age` where it is in the path, the library
 * that headers come from, and ChaCha20-Poly1305 of node:crypto in memory, which is the limit. Memory beside it. What writes no file
 * is run three times and the best is told: a system that finds pages for others charges them to whoever runs.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function benchWeightSealing(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { gb: { type: 'string', default: '4' } } });
  const gigabytes = Number(values.gb);
  if (!(gigabytes >= 0.1 && gigabytes <= 200))
    throw badArgument(`--gb ${values.gb}: a number from 0.1 to 200`);
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-sealing-'));
  try {
    const limit = measureLimit();
    printRate('node:crypto chacha20-poly1305, 64 KiB messages in memory', limit);
    printRate(`age-encryption, ${LIBRARY_BYTES >> 20} MiB in memory`, await measureLibrary());
    const plain = join(folder, 'plain');
    writeFileSync(plain, '');
    truncateSync(plain, gigabytes * GB);
    // Holes become pages when they are read first, which takes longer than encrypting them.
    for await (const _ of createReadStream(plain, { highWaterMark: 1 << 20 }));
    for (const kind of ['X25519', 'ML-KEM-768 with X25519'] as const)
      await measureOurs(folder, plain, kind, limit);
    await measureAge(folder, plain);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Rates {
  /** Bytes a CPU-second. */
  readonly seal: number;
  readonly open: number;
}

function printRate(what: string, { seal, open }: Rates, more = ''): void {
  console.log(
    `${what}: ${(seal / GB).toFixed(3)} GB/cpu-s sealing, ${(open / GB).toFixed(3)} opening${more}`,
  );
}

function measureLimit(): Rates {
  const key = randomBytes(32);
  const plain = randomBytes(CHUNK);
  const nonce = Buffer.alloc(12);
  const options = { authTagLength: 16 };
  const first = createCipheriv('chacha20-poly1305', key, nonce, options);
  const sealed = first.update(plain);
  first.final();
  const tag = first.getAuthTag();
  const rate = (work: () => void): number => {
    let best = 0;
    for (let i = 0; i < TRIES; i++) {
      const cpu = process.cpuUsage();
      for (let done = 0; done < LIMIT_BYTES; done += CHUNK) work();
      const { user, system } = process.cpuUsage(cpu);
      best = Math.max(best, LIMIT_BYTES / ((user + system) / 1e6));
    }
    return best;
  };
  return {
    seal: rate(() => {
      const cipher = createCipheriv('chacha20-poly1305', key, nonce, options);
      cipher.update(plain);
      cipher.final();
      cipher.getAuthTag();
    }),
    open: rate(() => {
      const decipher = createDecipheriv('chacha20-poly1305', key, nonce, options);
      decipher.setAuthTag(tag);
      decipher.update(sealed);
      decipher.final();
    }),
  };
}

async function measureLibrary(): Promise<Rates> {
  const identity = await generateIdentity('X25519');
  const encrypter = new Encrypter();
  encrypter.addRecipient(await recipientOf(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const plain = new Uint8Array(randomBytes(LIBRARY_BYTES));
  let cpu = process.cpuUsage();
  const lap = (): number => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    return LIBRARY_BYTES / ((user + system) / 1e6);
  };
  const sealed = await encrypter.encrypt(plain);
  const seal = lap();
  await decrypter.decrypt(sealed);
  return { seal, open: lap() };
}

async function measureOurs(folder: string, plain: string, kind: AgeKeyKind, limit: Rates): Promise<void> {
  const identity = await generateIdentity(kind);
  const recipient = await recipientOf(identity);
  const sealed = join(folder, 'sealed');
  const opened = join(folder, 'opened');
  const jobs = {
    seal: await runBest({ what: 'seal', path: plain, out: '', key: recipient }),
    sealFile: await runJob({ what: 'seal-file', path: plain, out: sealed, key: recipient }),
    open: await runBest({ what: 'open', path: sealed, out: '', key: identity }),
    openFile: await runJob({ what: 'open-file', path: sealed, out: opened, key: identity }),
  };
  if (statSync(opened).size !== statSync(plain).size) throw new Error('what was opened has another size');
  await rm(sealed);
  await rm(opened);
  const rates = { seal: rateOf(jobs.seal), open: rateOf(jobs.open) };
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(0)} %`;
  printRate(
    `ours, ${kind}, ${(jobs.seal.bytes / GB).toFixed(1)} GB read from a sparse file and thrown away`,
    rates,
    ` (${share(rates.seal, limit.seal)} and ${share(rates.open, limit.open)} of the limit)`,
  );
  printRate(
    `ours, ${kind}, written and synced`,
    { seal: rateOf(jobs.sealFile), open: rateOf(jobs.openFile) },
    `; ${jobs.sealFile.seconds.toFixed(1)} s and ${jobs.openFile.seconds.toFixed(1)} s`,
  );
  const memory = Object.values(jobs).map(({ maxResidentMiB }) => maxResidentMiB.toFixed(0));
  console.log(`  resident memory at most, MiB: ${memory.join(', ')}`);
}

function rateOf({ bytes, cpuSeconds }: SealingCost): number {
  return bytes / cpuSeconds;
}

async function runBest(job: SealingJob): Promise<SealingCost> {
  let best = await runJob(job);
  for (let i = 1; i < TRIES; i++) {
    const cost = await runJob(job);
    if (cost.cpuSeconds < best.cpuSeconds) best = cost;
  }
  return best;
}

async function runJob(job: SealingJob): Promise<SealingCost> {
  const { stdout } = await promisify(execFile)(process.execPath, [WORKER, JSON.stringify(job)]);
  return JSON.parse(stdout) as SealingCost;
}

/** `age` on the same file; its CPU time is told by bash. */
async function measureAge(folder: string, plain: string): Promise<void> {
  const identity = await generateIdentity('X25519');
  const at = (name: string) => join(folder, name);
  writeFileSync(at('id'), `${identity}\n`, { mode: 0o600 });
  const time = async (command: string, ...args: string[]): Promise<number> => {
    const script = `TIMEFORMAT='%U %S'; time ${command}`;
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const { stderr } = await promisify(execFile)('bash', ['-c', script, 'bash', ...args]);
      const [user = 0, system = 0] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
      best = Math.min(best, user + system);
    }
    return statSync(plain).size / best;
  };
  let version: string;
  try {
    version = (await promisify(execFile)('age', ['--version'])).stdout.trim();
  } catch {
    console.log('age: not in the path');
    return;
  }
  const recipient = await recipientOf(identity);
  const seal = await time('age -r "$1" < "$2" > /dev/null', recipient, plain);
  await promisify(execFile)('age', ['-r', recipient, '-o', at('sealed'), plain]);
  const open = await time('age -d -i "$1" < "$2" > /dev/null', at('id'), at('sealed'));
  printRate(`age ${version}, to /dev/null`, { seal, open });
}
