import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { PhalanxError, utf8 } from '@phalanx/core';
import {
  auditLog,
  checkPolicy,
  formatEntryBundle,
  hashLeaf,
  parseCheckpoint,
  parseTrustPolicy,
  proveConsistency,
  proveInclusion,
  readHashesFromTiles,
  TILE_WIDTH,
  TileClient,
  type TrustPolicy,
  verifyConsistency,
  verifyInclusion,
} from '@phalanx/ledger';
import { withFolder } from './bench-log.js';
import { badArgument } from './hydrabench/split.js';
import type { HostMessage, HostPart } from './ledger-hammer-host.js';
import { formatTimes } from './percentiles.js';

const CHECKPOINT_MS = 200;
const ENTRY_BYTES = 300;
/** Entries a call of a writer. */
const CALL = 64;
const LIMITS = { writers: 256, readers: 256, seconds: 600, entries: 20_000_000 } as const;

/**
 * A log, what shows it to readers, and its witness, each a thread of its own on this machine, under writers and readers. Writers hand entries over and
 * wait until they are durable. Readers check the checkpoint's policy, its consistency with the one that they saw before, and an entry
 * drawn at random with its inclusion. At the end every entry is read, and none that was acknowledged may be missing or another.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`; what a check throws that fails
 */
export async function hammerLedger(args: readonly string[]): Promise<void> {
  const settings = readSettings(args);
  await withFolder(async (folder) => {
    const log = startHost({ part: 'log', folder: join(folder, 'log'), checkpointMs: CHECKPOINT_MS });
    const { logLine } = await log.next('key');
    const witness = startHost({ part: 'witness', folder: join(folder, 'witness'), logLine });
    const { line } = await witness.next('ready');
    log.tell(line);
    const { url: addUrl } = await log.next('ready');
    const reader = startHost({ part: 'reader', folder: join(folder, 'log') });
    const { url } = await reader.next('ready');
    const policy = parseTrustPolicy(utf8(`${logLine}\n${line}\nquorum w\n`));
    try {
      await hammer({ url, addUrl }, policy, settings, async () => {
        log.tell('sign last');
        return log.next('ended');
      });
    } finally {
      const all = [log, reader, witness];
      for (const host of all) host.tell('end');
      await Promise.all(all.map(({ ended }) => ended));
    }
  });
}

type Settings = Readonly<Record<keyof typeof LIMITS, number>>;

async function hammer(
  { url, addUrl }: { readonly url: string; readonly addUrl: string },
  policy: TrustPolicy,
  { writers, readers, seconds, entries }: Settings,
  signLast: () => Promise<{ checkpointMs: readonly number[]; size: number }>,
): Promise<void> {
  /** First entry of each acknowledged call by its index. */
  const acknowledged = new Map<number, number>();
  const [addMs, readMs]: [number[], number[]] = [[], []];
  let handedOver = 0;
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > 1000 * seconds || handedOver >= entries;
  const write = async (): Promise<void> => {
    while (!isOver()) {
      const first = handedOver;
      handedOver += CALL;
      const body = formatEntryBundle(Array.from({ length: CALL }, (_, i) => entryOf(first + i)));
      const asked = performance.now();
      const answer = await fetch(addUrl, { method: 'POST', body });
      if (answer.status !== 200) throw new Error(`the log answers ${answer.status}`);
      acknowledged.set(Number(await answer.text()), first);
      addMs.push(performance.now() - asked);
    }
  };
  const read = async (): Promise<void> => {
    const client = new TileClient(url);
    let seen: { size: number; root: Uint8Array } | null = null;
    while (!isOver()) {
      const asked = performance.now();
      const note = await client.fetchCheckpoint().catch((error) => {
        // Before the first cosigned checkpoint there is none.
        if (seen === null && PhalanxError.is(error, 'LEDGER_REMOTE')) return null;
        throw error;
      });
      if (note === null) continue;
      const { size, root } = parseCheckpoint(checkPolicy(note, policy).text);
      if (size === 0) continue;
      const hashes = readHashesFromTiles(size, client.readTile);
      if (seen !== null) {
        const path = await proveConsistency(seen.size, size, hashes);
        if (!verifyConsistency(seen.size, size, path, seen.root, root)) throw new Error('the log forked');
      }
      const index = Math.floor(Math.random() * size);
      const bundle = await client.readEntries(Math.floor(index / TILE_WIDTH), size);
      const leaf = hashLeaf(bundle[index % TILE_WIDTH]!);
      if (!verifyInclusion(leaf, index, size, await proveInclusion(index, size, hashes), root))
        throw new Error(`entry ${index} is not in the tree`);
      seen = { size, root };
      readMs.push(performance.now() - asked);
    }
  };
  await Promise.all([...Array.from({ length: writers }, write), ...Array.from({ length: readers }, read)]);
  const took = (performance.now() - began) / 1000;
  const { checkpointMs, size } = await signLast();
  const lost = await countLost(url, policy, acknowledged);
  if (size !== handedOver || lost > 0)
    throw new Error(
      `${handedOver} entries were acknowledged, ${size} are there, ${lost} are not as handed over`,
    );
  console.log(
    `${writers} writers of ${CALL} entries of ${ENTRY_BYTES} bytes a call, ${readers} readers, ${took.toFixed(1)} s`,
  );
  console.log(`  ${Math.round(size / took)} entries a second, handed over to durable  ${formatTimes(addMs)}`);
  console.log(
    `  ${checkpointMs.length} checkpoints, begun to cosigned and served  ${formatTimes(checkpointMs)}`,
  );
  console.log(
    `  ${Math.round(readMs.length / took)} reads a second, each of a checkpoint, a consistency and an inclusion proof and a bundle, verified  ${formatTimes(readMs)}`,
  );
  console.log(`  all ${size} entries read back and verified, none lost`);
}

/** Reads the whole log as a monitor does, and compares with what was acknowledged. */
async function countLost(
  url: string,
  policy: TrustPolicy,
  acknowledged: ReadonlyMap<number, number>,
): Promise<number> {
  const starts = [...acknowledged.keys()].sort((a, b) => a - b);
  let lost = 0;
  let at = 0;
  await auditLog({
    client: new TileClient(url),
    policy,
    last: null,
    onEntries: (first, entries) => {
      for (const [i, entry] of entries.entries()) {
        while (at + 1 < starts.length && starts[at + 1]! <= first + i) at++;
        const start = starts[at]!;
        const expected = entryOf(acknowledged.get(start)! + first + i - start);
        if (!Buffer.from(expected).equals(entry)) lost++;
      }
    },
  });
  return lost;
}

/** What a writer hands over as its nth entry. */
function entryOf(n: number): Uint8Array {
  const entry = Buffer.alloc(ENTRY_BYTES, createHash('sha256').update(String(n)).digest());
  entry.writeUIntBE(n, 0, 6);
  return entry;
}

function startHost(part: HostPart) {
  const worker = new Worker(new URL('./ledger-hammer-host.js', import.meta.url), { workerData: part });
  const messages: HostMessage[] = [];
  let wake = (): void => {};
  let failure: unknown = null;
  worker.on('message', (message: HostMessage) => {
    messages.push(message);
    wake();
  });
  worker.on('error', (error) => {
    failure = error;
    wake();
  });
  return {
    ended: new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    tell: (message: string): void => worker.postMessage(message),
    async next<K extends HostMessage['kind']>(kind: K): Promise<Extract<HostMessage, { kind: K }>> {
      for (;;) {
        if (failure !== null) throw failure;
        const message = messages.shift();
        if (message?.kind === kind) return message as Extract<HostMessage, { kind: K }>;
        if (message !== undefined) throw new Error(`${message.kind} in place of ${kind}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      writers: { type: 'string', default: '8' },
      readers: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '10' },
      entries: { type: 'string', default: '1000000' },
    },
  });
  const out: Record<string, number> = {};
  for (const [name, limit] of Object.entries(LIMITS)) {
    const n = Number(values[name as keyof Settings]);
    if (!Number.isSafeInteger(n) || n < 1 || n > limit)
      throw badArgument(`--${name}: a number from 1 to ${limit}`);
    out[name] = n;
  }
  return out as Settings;
}
