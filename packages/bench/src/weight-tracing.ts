import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '@phalanx/stats';
import {
  COLLUSIONS,
  createMarkKey,
  encodeNumbers,
  expectLogP,
  type MarkKey,
  markCopy,
  openWeights,
  simulateCollusion,
  surveyCarriers,
  traceCopy,
  writeSafetensors,
} from '@phalanx/weights';

/** Code lengths as powers of two, with numbers of colluders; noise 1 on a position. */
const CASES: readonly (readonly [log2: number, colluders: number])[] = [
  [16, 5],
  [16, 10],
  [16, 20],
  [18, 10],
  [18, 20],
  [20, 20],
  [20, 40],
];
const INNOCENTS = 20;
const CHUNK = 8 * 1024 * 1024;
const COLUMNS = 4_096;

/**
 * Prints what colluders' p-values are in simulation beside what is expected of them, and how fast copies are made beside a plain copy and SHA-256 of
 * the same file.
 */
export async function benchWeightTracing(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gigabytes: { type: 'string', default: '2' },
      'no-simulation': { type: 'boolean' },
      'no-speed': { type: 'boolean' },
    },
  });
  if (!values['no-simulation']) simulate();
  if (!values['no-speed']) await measureSpeed(Number(values.gigabytes));
}

function simulate(): void {
  console.log(`simulation, noise 1 on a position: log10 p of the worst-placed colluder, (mean; expected)`);
  for (const [log2, colluders] of CASES) {
    const codeLength = 2 ** log2;
    const cells: string[] = [];
    const worst: number[] = [];
    let innocent = 0;
    for (const attack of COLLUSIONS) {
      const one = { codeLength, colluders, noise: 1, attack };
      const result = simulateCollusion({ ...one, innocents: INNOCENTS, seed: 1 });
      const logs = result.colluders.map((logP) => logP / Math.LN10);
      const expected = expectLogP({ ...one, designed: colluders }) / Math.LN10;
      const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
      worst.push(Math.max(...logs));
      innocent = Math.min(innocent, ...result.innocents.map((logP) => logP / Math.LN10));
      cells.push(`${attack} ${Math.max(...logs).toFixed(1)} (${mean.toFixed(1)}; ${expected.toFixed(1)})`);
    }
    console.log(
      `  2^${log2}, ${colluders} colluders: ${cells.join(', ')}; worst of all ${Math.max(...worst).toFixed(1)}; least of ${INNOCENTS * COLLUSIONS.length} innocents ${innocent.toFixed(1)}`,
    );
  }
}

async function measureSpeed(gigabytes: number): Promise<void> {
  if (!(gigabytes > 0 && gigabytes <= 1_000)) throw new RangeError('--gigabytes is 0 to 1,000');
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-marking-'));
  try {
    const path = join(folder, 'model.safetensors');
    await writeModel(path, gigabytes);
    console.log(`a model of ${gigabytes} GB in bf16: GB a second of processor time, of clock; memory`);
    await time('plain copy', gigabytes, () => copyPlainly(path, join(folder, 'plain')));
    await time('SHA-256', gigabytes, () => hash(path));
    await rm(join(folder, 'plain'));
    const model = await openWeights(path);
    const { tensors } = await surveyCarriers(model);
    for (const percent of [6, 100]) {
      const out = join(folder, `marked-${percent}`);
      const key = createMarkKey(
        { codeLength: 2 ** 18, colluders: 10, amplitude: 1, share: Math.round(655.36 * percent) },
        tensors,
      );
      const marked = await time(`marked on ${percent} %, base and copy hashed`, gigabytes, () =>
        markCopy(path, out, key, { kind: 'recipient', name: 'one' }),
      );
      console.log(`    ${marked.marks} marks`);
      if (percent === 6) await time('traced', gigabytes, () => trace(path, out, key));
      await rm(out);
    }
    await model.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Normal numbers of deviation 0.02; a block of 32 MiB over and over. */
async function writeModel(path: string, gigabytes: number): Promise<void> {
  const random = new Random(1);
  const block = encodeNumbers(
    'BF16',
    Float32Array.from({ length: 16 * 1024 * 1024 }, () => 0.02 * random.normal()),
  );
  const count = Math.max(1, Math.round((gigabytes * 1e9) / block.length / 8));
  const tensors = Array.from({ length: count }, (_, i) => ({
    name: `layers.${i}.weight`,
    format: 'BF16',
    shape: [(8 * block.length) / 2 / COLUMNS, COLUMNS],
    chunks: () => Array.from({ length: 8 }, () => block),
  }));
  const file = await open(path, 'wx');
  for await (const chunk of writeSafetensors(tensors)) await file.writeFile(chunk);
  await file.sync();
  await file.close();
}

async function copyPlainly(from: string, to: string): Promise<void> {
  const [source, target] = [await open(from, 'r'), await open(to, 'wx')];
  const bytes = new Uint8Array(CHUNK);
  for (;;) {
    const { bytesRead } = await source.read(bytes, 0, CHUNK);
    if (bytesRead === 0) break;
    await target.write(bytes, 0, bytesRead);
  }
  await target.sync();
  await source.close();
  await target.close();
}

async function hash(path: string): Promise<string> {
  const source = await open(path, 'r');
  const digest = createHash('sha256');
  const bytes = new Uint8Array(CHUNK);
  for (;;) {
    const { bytesRead } = await source.read(bytes, 0, CHUNK);
    if (bytesRead === 0) break;
    digest.update(bytes.subarray(0, bytesRead));
  }
  await source.close();
  return digest.digest('hex');
}

async function trace(base: string, copy: string, key: MarkKey): Promise<void> {
  const files = [await openWeights(base), await openWeights(copy)];
  const holders = Array.from({ length: 100 }, (_, i) => ({
    kind: 'recipient' as const,
    name: i === 0 ? 'one' : `${i}`,
  }));
  const { accusations } = await traceCopy(files[0]!, files[1]!, key, holders);
  const named = accusations.filter((one) => one.named).map(({ holder }) => holder.name);
  console.log(`    named: ${named.join(', ')}, 10^${accusations[0]!.log10PAmongAll.toFixed(0)} among 100`);
  for (const file of files) await file.close();
}

async function time<T>(what: string, gigabytes: number, work: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const start = performance.now();
  let resident = 0;
  const watch = setInterval(() => {
    resident = Math.max(resident, process.memoryUsage().rss);
  }, 50);
  const result = await work();
  clearInterval(watch);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `  ${what}: ${(gigabytes / ((user + system) / 1e6)).toFixed(2)}, ${(gigabytes / seconds).toFixed(2)}; ${(resident / 2 ** 20).toFixed(0)} MiB resident`,
  );
  return result;
}
