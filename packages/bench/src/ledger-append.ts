import { createHash, hash as hashOnce } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  FolderDisk,
  hashLeaf,
  hashNode,
  type SegmentLog as Log,
  parseCheckpoint,
  parseNote,
  SegmentLog,
  type TransparencyLog,
  verifyConsistency,
  verifyTlogProof,
} from '@phalanx/ledger';
import { BARE_POLICY, makeEntries, openBenchLog, withFolder } from './bench-log.js';
import { badArgument } from './hydrabench/split.js';
import { formatTimes } from './percentiles.js';
import { TileFileWriter } from './tile-file-writer.js';

const BATCHES = 40;
const BATCH = 8192;
const ENTRY_BYTES = 300;
const PROOFS = 2000;
const OFFERED = 100_000;
const OFFERED_SECONDS = 10;
/** Batches are handed over that often. */
const HAND_OVER_MS = 10;
/** Time between checkpoints: each costs four syncs and reads what it covers. */
const CHECKPOINT_MS = 200;
const MARKS = [1e6, 5e6, 1e7, 2e7, 3e7, 4e7, 5e7];

/**
 * Prints of a log on disk, in one run: entries a second beside limits and a peer; the time from handing a batch over to its
 * acknowledgement under offered load; times of proofs; memory as the log grows.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function benchLedgerAppend(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { entries: { type: 'string', default: '1000000' } },
  });
  const entries = Number(values.entries);
  if (!Number.isSafeInteger(entries) || entries < 0 || entries > 1e8)
    throw badArgument(`--entries ${values.entries}: a number up to 100,000,000`);
  await withFolder(measureRates);
  await withFolder(measureAcknowledgement);
  await withFolder(measureProofs);
  await withFolder((folder) => measureMemory(folder, entries));
}

async function measureRates(root: string): Promise<void> {
  const batches = Array.from({ length: BATCHES }, (_, b) => makeEntries(b * BATCH, BATCH, ENTRY_BYTES));
  const sha256 = await measure(async () => {
    for (const batch of batches) for (const entry of batch) digest(entry);
  });
  const hashes = await measure(async () => {
    let node = hashLeaf(new Uint8Array(0));
    for (const batch of batches) for (const entry of batch) node = hashNode(node, hashLeaf(entry));
  });
  const bytes = await measure(async () => {
    const disk = new FolderDisk(join(root, 'bytes'));
    for (const batch of batches) {
      disk.append('all', Buffer.concat(batch));
      disk.sync('all');
    }
    disk.close();
  });
  const appended = await measure(async () => {
    const log: Log = SegmentLog.open(new FolderDisk(join(root, 'appended')));
    for (const batch of batches) log.append(batch);
    log.close();
  });
  const signed = await measure(async () => {
    const log = await openBenchLog(join(root, 'signed'));
    for (const batch of batches) {
      log.append(batch);
      await log.publish();
    }
    log.close();
  });
  const tiles = await measure(async () => {
    const writer = new TileFileWriter(join(root, 'tiles'));
    for (const batch of batches) writer.append(batch);
  });
  const entries = BATCHES * BATCH;
  console.log(`${entries} entries of ${ENTRY_BYTES} bytes, ${BATCH} a batch`);
  const rows = {
    'raw SHA-256': sha256,
    'leaf and node hashes': hashes,
    'bytes, synced': bytes,
    appended,
    'appended, checkpoint': signed,
    'tile a file (peer)': tiles,
  };
  for (const [name, { seconds, processorSeconds }] of Object.entries(rows))
    console.log(
      `  ${name.padEnd(20)} ${Math.round(entries / seconds)} a second, ${Math.round(entries / processorSeconds)} a processor-second (${(processorSeconds / sha256.processorSeconds).toFixed(1)} x raw SHA-256)`,
    );
  console.log(
    `  the peer's time over ours: ${(tiles.seconds / appended.seconds).toFixed(1)} appended, ${(tiles.seconds / signed.seconds).toFixed(1)} with checkpoints, for which alone every entry is read back; processor time: ${(tiles.processorSeconds / appended.processorSeconds).toFixed(1)} and ${(tiles.processorSeconds / signed.processorSeconds).toFixed(1)}`,
  );
}

/**
 * Open load: batches are handed over by the clock, whether or not earlier ones are acknowledged, and their waiting counts. What waits is
 * written together, up to 8,192 entries, and a checkpoint is signed over it every 200 ms.
 */
async function measureAcknowledgement(root: string): Promise<void> {
  const log = await openBenchLog(root);
  const size = (OFFERED * HAND_OVER_MS) / 1000;
  const batches = (OFFERED_SECONDS * 1000) / HAND_OVER_MS;
  const batch = makeEntries(0, size, ENTRY_BYTES);
  const [durableMs, signedMs]: [number[], number[]] = [[], []];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let published = 0;
  let publishedAt = began;
  const publish = async (done: number): Promise<void> => {
    await log.publish();
    publishedAt = performance.now();
    for (; published < done; published++) signedMs.push(publishedAt - began - published * HAND_OVER_MS);
  };
  for (let done = 0; done < batches; ) {
    const due = Math.min(batches, Math.floor((performance.now() - began) / HAND_OVER_MS) + 1);
    if (due === done) {
      await sleep(Math.max(1, began + done * HAND_OVER_MS - performance.now()));
      continue;
    }
    const taken = Math.min(due - done, Math.floor(BATCH / size));
    log.append(Array.from({ length: taken }, () => batch).flat());
    const durableAt = performance.now();
    for (const last = done + taken; done < last; done++)
      durableMs.push(durableAt - began - done * HAND_OVER_MS);
    if (durableAt - publishedAt >= CHECKPOINT_MS) await publish(done);
  }
  await publish(batches);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${OFFERED} entries a second offered for ${OFFERED_SECONDS} s, ${size} every ${HAND_OVER_MS} ms`,
  );
  console.log(
    `  taken ${Math.round(log.size / seconds)} a second, ${((user + system) / 1e6 / seconds).toFixed(2)} processors`,
  );
  console.log(`  handed over to durable     ${formatTimes(durableMs)}`);
  console.log(`  handed over to checkpoint  ${formatTimes(signedMs)}`);
  log.close();
}

async function measureProofs(root: string): Promise<void> {
  const log = await openBenchLog(root);
  for (let b = 0; b < BATCHES; b++) log.append(makeEntries(b * BATCH, BATCH, ENTRY_BYTES));
  const earlier = await fewer(log);
  await log.publish();
  const places = Array.from({ length: PROOFS }, () => Math.floor(Math.random() * log.size));
  const leaves = places.map((index) =>
    hashLeaf(makeEntries(index, 1, ENTRY_BYTES)[0]!.fill((index % BATCH) & 255, 6)),
  );
  const inclusion = await timeEach(places, (index) => log.prove(index));
  const verified = await timeEach(inclusion.results, async (proof, i) =>
    verifyTlogProof(proof, leaves[i]!, BARE_POLICY),
  );
  const consistency = await timeEach(places.slice(0, PROOFS / 2), (index) => log.proveConsistency(index + 1));
  const { size, root: newRoot } = parseCheckpoint(parseNote(log.signed!.note).text);
  const toEarlier = await log.proveConsistency(earlier.size);
  const checked = await timeEach(places.slice(0, PROOFS / 2), async () =>
    verifyConsistency(earlier.size, size, toEarlier, earlier.root, newRoot),
  );
  if (!checked.results.every(Boolean)) throw new Error('a consistency proof does not verify');
  console.log(`proofs in a log of ${log.size} entries, ${PROOFS} random places`);
  for (const [name, { ms }] of Object.entries({
    'inclusion, made': inclusion,
    'inclusion, verified': verified,
    'consistency, made': consistency,
    'consistency, verified': checked,
  }))
    console.log(`  ${name.padEnd(22)} ${formatTimes(ms, 'us')}`);
  log.close();
}

/** A checkpoint of the log as it is, and one entry more behind it. */
async function fewer(log: TransparencyLog): Promise<{ size: number; root: Uint8Array }> {
  const { size, root } = parseCheckpoint(parseNote(await log.publish()).text);
  log.append(makeEntries(log.size, BATCH, ENTRY_BYTES));
  return { size, root };
}

async function measureMemory(root: string, entries: number): Promise<void> {
  if (entries === 0) return;
  let log = await openBenchLog(root);
  const marks = [...MARKS.filter((mark) => mark < entries), entries];
  console.log(
    `memory of this process as the log grows to ${entries} entries, a checkpoint a batch (disk: ${Math.ceil((entries * 336) / 1e9)} GB)`,
  );
  const began = performance.now();
  for (const mark of marks) {
    while (log.size < mark) {
      log.append(makeEntries(log.size, Math.min(BATCH, mark - log.size), ENTRY_BYTES));
      await log.publish();
    }
    globalThis.gc?.();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const mega = (n: number): string => `${Math.round(n / 1e6)} MB`;
    console.log(
      `  ${String(mark).padStart(9)}  RSS ${mega(rss)}, heap ${mega(heapUsed)}, buffers ${mega(arrayBuffers)}, ${Math.round(mark / ((performance.now() - began) / 1000))} entries a second so far`,
    );
  }
  log.close();
  const opening = performance.now();
  log = await openBenchLog(root);
  console.log(`  opened again in ${((performance.now() - opening) / 1000).toFixed(2)} s`);
  log.close();
}

/** The cheapest call there is (Node 20.12 on); what a log cannot be faster than. */
function digest(bytes: Uint8Array): string {
  return hashOnce === undefined
    ? createHash('sha256').update(bytes).digest('base64')
    : hashOnce('sha256', bytes, 'binary');
}

async function measure(run: () => Promise<void>): Promise<{ seconds: number; processorSeconds: number }> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - began) / 1000, processorSeconds: (user + system) / 1e6 };
}

async function timeEach<T, R>(
  items: readonly T[],
  run: (item: T, i: number) => Promise<R>,
): Promise<{ results: R[]; ms: number[] }> {
  const results: R[] = [];
  const ms: number[] = [];
  for (const [i, item] of items.entries()) {
    const began = performance.now();
    results.push(await run(item, i));
    ms.push(performance.now() - began);
  }
  return { results, ms };
}
