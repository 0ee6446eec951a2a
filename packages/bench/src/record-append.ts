import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FolderDisk, hashLeaf } from '@phalanx/ledger';
import { formatExchangeLeaf, type Observation, TelemetryLog, unpackObservations } from '@phalanx/record';
import { openAccountDayKeys } from '@phalanx/store';
import { openBenchLog, withFolder } from './bench-log.js';
import { badArgument } from './hydrabench/split.js';
import { formatTimes } from './percentiles.js';
import type { CommitQuestion, CommitterSetup } from './record-worker.js';

const BATCH = 32_768;
const ACCOUNTS = 5000;
const FULL_BYTES = 1200;
const OFFERED_SECONDS = 10;
const HAND_OVER_MS = 20;

/**
 * Prints how fast exchanges are committed to in six groups, chained, logged durably with their sealed openings, and signed for: one thread
 * commits, one writes. Then the time to acknowledgement at an offered load, and memory as the log grows.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function benchRecordAppend(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exchanges: { type: 'string', default: '500000' },
      offered: { type: 'string', default: '25000' },
    },
  });
  const exchanges = Number(values.exchanges);
  const offered = Number(values.offered);
  if (!Number.isSafeInteger(exchanges) || exchanges < BATCH || exchanges > 1e8)
    throw badArgument(`--exchanges ${values.exchanges}: a number from ${BATCH} to 100,000,000`);
  if (!Number.isSafeInteger(offered) || offered < 1000 || offered > 1e6)
    throw badArgument(`--offered ${values.offered}: a number from 1,000 to 1,000,000`);
  const worker = new Worker(new URL('./record-worker.js', import.meta.url), {
    workerData: { accounts: ACCOUNTS, batch: BATCH } satisfies CommitterSetup,
  });
  const commit = committerOf(worker);
  try {
    for (const bytes of [FULL_BYTES, 0])
      await withFolder((folder) => measureRate(folder, exchanges, bytes, commit));
    await withFolder((folder) => measureCommitted(folder, exchanges, commit));
    await withFolder((folder) => measureAcknowledgement(folder, offered, commit));
  } finally {
    await worker.terminate();
  }
}

type Committer = (question: CommitQuestion) => Promise<Uint8Array>;

/** Answers come in the order of the questions. */
function committerOf(worker: Worker): Committer {
  const waiting: ((packed: Uint8Array) => void)[] = [];
  worker.on('message', (packed: Uint8Array) => waiting.shift()!(packed));
  return (question) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      worker.postMessage(question);
    });
}

async function openTelemetry(folder: string): Promise<TelemetryLog> {
  return TelemetryLog.open({
    log: await openBenchLog(folder),
    disk: new FolderDisk(join(folder, 'log')),
    keys: {
      rest: await openAccountDayKeys(folder, 'record-keys'),
      text: await openAccountDayKeys(folder, 'keys'),
    },
  });
}

/** The next batches are committed to while one is written. */
async function measureRate(
  folder: string,
  exchanges: number,
  bytes: number,
  commit: Committer,
): Promise<void> {
  const telemetry = await openTelemetry(folder);
  const batches = Math.floor(exchanges / BATCH);
  const ahead = [0, BATCH].map((first) => commit({ first, bytes }));
  const began = performance.now();
  const cpu = process.cpuUsage();
  let marked = 0;
  for (let done = 0; done < batches; done++) {
    const packed = await ahead.shift()!;
    ahead.push(commit({ first: (done + 2) * BATCH, bytes }));
    await telemetry.append(unpackObservations(packed));
    await telemetry.publish();
    if ((done + 1) * BATCH >= marked + Math.max(100_000, exchanges / 10)) {
      marked = (done + 1) * BATCH;
      const { rss, heapUsed } = process.memoryUsage();
      console.log(`  ${marked} exchanges: ${mib(rss)} MiB resident, ${mib(heapUsed)} MiB of heap in use`);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const done = batches * BATCH;
  console.log(
    `${done} exchanges of ${ACCOUNTS} accounts, ${BATCH} a batch, six groups of ${250 + 2 * bytes} bytes in all, openings sealed, a signed checkpoint a batch`,
  );
  console.log(
    `  ${Math.round(done / seconds)} a second, ${Math.round((done * 1e6) / (user + system))} a processor-second`,
  );
  await Promise.all(ahead);
  await telemetry.close();
}

/** Without openings: what commitments, chains and a durable, signed log cost alone. */
async function measureCommitted(folder: string, exchanges: number, commit: Committer): Promise<void> {
  const log = await openBenchLog(folder);
  const batches = Math.floor(exchanges / BATCH);
  const heads = new Map<bigint, { readonly chain: Uint8Array; sequence: number; previous: Uint8Array }>();
  const ahead = [0, BATCH].map((first) => commit({ first, bytes: 0 }));
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let done = 0; done < batches; done++) {
    const packed = await ahead.shift()!;
    ahead.push(commit({ first: (done + 2) * BATCH, bytes: 0 }));
    const leaves = unpackObservations(packed).map(({ account, atMs, commitments }) => {
      const head = heads.get(account) ?? {
        chain: randomBytes(16),
        sequence: 0,
        previous: new Uint8Array(32),
      };
      heads.set(account, head);
      const leaf = formatExchangeLeaf({ ...head, atMs, commitments });
      head.sequence++;
      head.previous = hashLeaf(leaf);
      return leaf;
    });
    log.append(leaves);
    await log.publish();
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const done = batches * BATCH;
  console.log(`${done} exchanges as above, without openings`);
  console.log(
    `  ${Math.round(done / seconds)} a second, ${Math.round((done * 1e6) / (user + system))} a processor-second`,
  );
  await Promise.all(ahead);
  log.close();
}

/** Open load, as with `bench ledger`: what waits is written together. */
async function measureAcknowledgement(folder: string, offered: number, commit: Committer): Promise<void> {
  const telemetry = await openTelemetry(folder);
  const total = offered * OFFERED_SECONDS;
  // The same contents under other ids: what waits to be logged must not be what the collector is busy with.
  const pool = unpackObservations(await commit({ first: 0, bytes: FULL_BYTES }));
  const size = Math.round((offered * HAND_OVER_MS) / 1000);
  const durableMs: number[] = [];
  const began = performance.now();
  let done = 0;
  while (done < total) {
    const due = Math.min(total, (Math.floor((performance.now() - began) / HAND_OVER_MS) + 1) * size);
    if (due === done) {
      await sleep(1);
      continue;
    }
    const to = Math.min(due, done + BATCH);
    const batch: Observation[] = [];
    for (let n = done; n < to; n++) batch.push(withId(pool[n % pool.length]!, n));
    await telemetry.append(batch);
    await telemetry.publish();
    const now = performance.now();
    for (let n = done; n < to; n += size) durableMs.push(now - (began + Math.floor(n / size) * HAND_OVER_MS));
    done = to;
  }
  console.log(
    `${offered} a second offered for ${OFFERED_SECONDS} s, ${size} every ${HAND_OVER_MS} ms: handed over to acknowledged and signed for ${formatTimes(durableMs)}`,
  );
  await telemetry.close();
}

function withId(observation: Observation, n: number): Observation {
  const id = Buffer.alloc(16);
  id.writeUIntBE(n, 0, 6);
  return { ...observation, id };
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
