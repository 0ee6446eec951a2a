import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { listen, systemClock, utf8 } from '@phalanx/core';
import {
  FolderDisk,
  formatVerifierKey,
  gatherCosignatures,
  LogReader,
  MAX_REQUEST_BYTES,
  makeCosigner,
  makeLogHandler,
  makeVerifierKey,
  makeWitnessHandler,
  parseEntryBundle,
  parseTrustPolicy,
  parseVerifierKey,
  SignatureType,
  signingKeyOf,
  Witness,
  witnessesOf,
} from '@phalanx/ledger';
import { LOG_LINE, ORIGIN, openBenchLog } from './bench-log.js';

/** What a host is told: to be a witness, the writer of a log, or what shows the log to readers. */
export type HostPart =
  | { readonly part: 'reader'; readonly folder: string }
  | { readonly part: 'witness'; readonly folder: string; readonly logLine: string }
  | { readonly part: 'log'; readonly folder: string; readonly checkpointMs: number };

/** What a host says first, and a log when it is told to end. */
export type HostMessage =
  | { readonly kind: 'key'; readonly logLine: string }
  | { readonly kind: 'ready'; readonly url: string; readonly line: string }
  | { readonly kind: 'ended'; readonly checkpointMs: readonly number[]; readonly size: number };

/** Entries that are written together. */
const MAX_BATCH = 8192;
const LOOPBACK = { host: '127.0.0.1', port: 0, maxRequests: 512 };

if (!isMainThread) {
  const say = (message: HostMessage): void => parentPort!.postMessage(message);
  const part = workerData as HostPart;
  if (part.part === 'witness') await runWitness(part, say);
  else if (part.part === 'log') await runLog(part, say);
  else await runReader(part, say);
}

/** What `phalanx ledger serve` does: the writer blocks for each sync, so readers are answered by somebody else. */
async function runReader(
  { folder }: Extract<HostPart, { part: 'reader' }>,
  say: (message: HostMessage) => void,
): Promise<void> {
  const log = new LogReader(join(folder, 'log'));
  const listener = await listen(makeLogHandler(log), LOOPBACK);
  say({ kind: 'ready', url: listener.url, line: '' });
  parentPort!.once(
    'message',
    () =>
      void listener.close().then(() => {
        log.close();
        parentPort!.close();
      }),
  );
}

async function runWitness(
  { folder, logLine }: Extract<HostPart, { part: 'witness' }>,
  say: (message: HostMessage) => void,
): Promise<void> {
  const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const type = SignatureType.ED25519_COSIGNATURE;
  const witness = new Witness({
    logs: [{ origin: ORIGIN, verifiers: [parseVerifierKey(logLine.slice(4))] }],
    cosigners: [makeCosigner('witness.example', type, key, systemClock)],
    state: new FolderDisk(folder),
  });
  const listener = await listen(makeWitnessHandler(witness), {
    ...LOOPBACK,
    maxBodyBytes: MAX_REQUEST_BYTES,
  });
  const verifier = formatVerifierKey(makeVerifierKey('witness.example', type, key.publicKey));
  say({ kind: 'ready', url: listener.url, line: `witness w ${verifier} ${listener.url}` });
  parentPort!.once('message', () => void listener.close().then(() => parentPort!.close()));
}

/**
 * The writer of a log behind `POST`: an entry bundle, answered with the index of its first entry when that is
 * durable. A checkpoint is signed and cosigned every `checkpointMs`.
 */
async function runLog(
  { folder, checkpointMs }: Extract<HostPart, { part: 'log' }>,
  say: (message: HostMessage) => void,
): Promise<void> {
  say({ kind: 'key', logLine: LOG_LINE });
  const line = await new Promise<string>((resolve) => parentPort!.once('message', resolve));
  const policy = parseTrustPolicy(utf8(`${LOG_LINE}\n${line}\nquorum w\n`));
  const witnesses = witnessesOf(policy);
  const log = await openBenchLog(folder, true);
  const waiting: { entries: Uint8Array[]; done: (first: number) => void }[] = [];
  const write = (): void => {
    const batch: typeof waiting = [];
    for (let n = 0; waiting.length > 0 && n + waiting[0]!.entries.length <= MAX_BATCH; )
      n += batch[batch.push(waiting.shift()!) - 1]!.entries.length;
    let first = log.append(batch.flatMap(({ entries }) => entries));
    for (const { entries, done } of batch) {
      done(first);
      first += entries.length;
    }
    if (waiting.length > 0) setImmediate(write);
  };
  const add = (entries: Uint8Array[]): Promise<number> =>
    new Promise((done) => {
      if (waiting.push({ entries, done }) === 1) setImmediate(write);
    });
  const listener = await listen(
    async (request) => {
      const entries = parseEntryBundle(new Uint8Array(await request.arrayBuffer()));
      return new Response(`${await add(entries)}`);
    },
    { ...LOOPBACK, maxBodyBytes: 256 * 1024 },
  );
  const checkpoints: number[] = [];
  let isEnding = false;
  const sign = async (): Promise<void> => {
    const began = performance.now();
    await log.publish();
    if (log.signed!.checkpoint.size === log.served?.checkpoint.size) return;
    const { note, isWitnessed } = await gatherCosignatures(log, witnesses, policy);
    if (!isWitnessed) throw new Error('the witness does not cosign');
    log.serve(note);
    checkpoints.push(performance.now() - began);
  };
  const signing = (async () => {
    while (!isEnding) {
      await sign();
      await new Promise((resolve) => setTimeout(resolve, checkpointMs));
    }
    await sign();
  })();
  say({ kind: 'ready', url: listener.url, line: LOG_LINE });
  parentPort!.on('message', async (message) => {
    if (message === 'sign last') {
      isEnding = true;
      await signing;
      say({ kind: 'ended', checkpointMs: checkpoints, size: log.size });
    } else {
      await listener.close();
      log.close();
      parentPort!.close();
    }
  });
}
