import { PhalanxError } from '@phalanx/core';
import { type Checkpoint, parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import type { Equivocation } from './equivocation.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { hashLeaf, isSameHash } from './merkle-hash.js';
import { verifyConsistency } from './merkle-proof.js';
import { proveConsistency, TreeFrontier } from './merkle-tree.js';
import { openNote } from './signed-note.js';
import type { TileClient } from './tile-client.js';
import { readHashesFromTiles } from './tile-hashes.js';
import { TILE_WIDTH } from './tile-path.js';
import { checkPolicy, type TrustPolicy, type Witnessed } from './tlog-policy.js';

/** What a look at a log is made with. */
export interface AuditSettings {
  readonly client: TileClient;
  readonly policy: TrustPolicy;
  /** The checkpoint that the last look ended with, every entry of which was read then; null: everything is read. */
  readonly last: Uint8Array | null;
  /** New entries at most. Default 100,000,000. */
  readonly maxEntries?: number;
  /** Told of each bundle of new entries, in order, before the whole is shown to be right. */
  readonly onEntries?: (first: number, entries: readonly Uint8Array[]) => void;
}

/** What a look at a log found. */
export interface LogAudit {
  /**
   * - `whole`: the log continues what was seen, and every new entry is in it.
   * - `behind`: it shows an older checkpoint, which what was seen continues.
   * - `fork`: it shows a tree that does not continue what was seen, or that what was seen does not continue; `equivocation` tells.
   */
  readonly kind: 'whole' | 'behind' | 'fork';
  readonly signed: SignedCheckpoint;
  readonly witnessed: Witnessed;
  /** Entries read and hashed. */
  readonly newEntries: number;
  readonly equivocation: Equivocation | null;
}

const MAX_ENTRIES = 100_000_000;
/** Bundles asked for at the same time: a full one of usual entries is some 80 kB, the largest possible 16 MB. */
const AHEAD = 4;

/**
 * Looks at a log as a monitor does: the checkpoint must satisfy the policy and continue the last one, and the new entries, hashed
 * again, must make its root.
 *
 * @throws PhalanxError `LEDGER_REMOTE`; what `checkPolicy` throws; `LEDGER_UNPROVED` when tiles or entries do not fit a checkpoint
 * that is otherwise right or are missing, or there are too many; `LEDGER_TILE`
 */
export async function auditLog(settings: AuditSettings): Promise<LogAudit> {
  const { client, policy } = settings;
  const note = await client.fetchCheckpoint();
  const witnessed = checkPolicy(note, policy);
  const signed = { note, checkpoint: parseCheckpoint(witnessed.text) };
  const last = settings.last === null ? null : readLast(settings.last, policy);
  const found = { signed, witnessed, newEntries: 0, equivocation: null };
  if (last !== null) {
    if (last.checkpoint.origin !== signed.checkpoint.origin)
      throw unproved(`it is ${signed.checkpoint.origin}, and ${last.checkpoint.origin} was seen before`);
    const [older, newer] = signed.checkpoint.size < last.checkpoint.size ? [signed, last] : [last, signed];
    const equivocation = await compare(older, newer, client);
    if (equivocation !== null) return { ...found, kind: 'fork', equivocation };
    if (older === signed) return { ...found, kind: 'behind' };
  }
  const newEntries = await readNewEntries(last?.checkpoint ?? null, signed.checkpoint, settings);
  return { ...found, kind: 'whole', newEntries };
}

/** What was kept is checked for the log's signature only: witnesses may have changed since. */
function readLast(note: Uint8Array, policy: TrustPolicy): SignedCheckpoint {
  const keys = policy.logs.map(({ key }) => key);
  return { note, checkpoint: parseCheckpoint(openNote(note, keys).text) };
}

/** Null when the newer tree continues the older; what contradicts it when not. */
async function compare(
  older: SignedCheckpoint,
  newer: SignedCheckpoint,
  client: TileClient,
): Promise<Equivocation | null> {
  const notes = [older.note, newer.note] as const;
  const { size, root } = older.checkpoint;
  const next = newer.checkpoint;
  if (size === next.size) return isSameHash(root, next.root) ? null : { notes, prefix: null };
  if (size === 0) return null;
  const read = readHashesFromTiles(next.size, client.readTile);
  const frontier = await TreeFrontier.read(size, read);
  const consistency = await proveConsistency(size, next.size, read);
  const prefix = { root: frontier.root(), consistency };
  if (!verifyConsistency(size, next.size, consistency, prefix.root, next.root))
    throw unproved(`its tiles are not those of its ${next.size} entries`);
  return isSameHash(prefix.root, root) ? null : { notes, prefix };
}

/** Hashes entries that `last` does not cover; together with its tree they must make the new root. */
async function readNewEntries(
  last: Checkpoint | null,
  { size, root }: Checkpoint,
  { client, maxEntries = MAX_ENTRIES, onEntries }: AuditSettings,
): Promise<number> {
  const before = last?.size ?? 0;
  if (size - before > maxEntries)
    throw unproved(`${size - before} new entries are more than the ${maxEntries} that are looked at`);
  const tree = await TreeFrontier.read(before, readHashesFromTiles(size, client.readTile));
  if (last !== null && !isSameHash(tree.root(), last.root))
    throw unproved(`its tiles are not those of its first ${before} entries`);
  const bundles = Math.ceil(size / TILE_WIDTH);
  const coming: Promise<Uint8Array[]>[] = [];
  let next = Math.floor(before / TILE_WIDTH);
  for (let bundle = next; bundle < bundles; bundle++) {
    while (next < bundles && coming.length < AHEAD) {
      const asked = client.readEntries(next++, size);
      // One that fails is waited for in its turn, or not at all if an earlier one fails.
      asked.catch(() => {});
      coming.push(asked);
    }
    const entries = (await coming.shift()!).slice(tree.size - bundle * TILE_WIDTH);
    onEntries?.(tree.size, entries);
    for (const entry of entries) tree.append(hashLeaf(entry));
  }
  if (!isSameHash(tree.root(), root)) throw unproved(`its entries are not those of its tree of ${size}`);
  return size - before;
}

function unproved(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_UNPROVED', `the log does not prove what it signed: ${what}`, {
    advice: 'Keep the checkpoint, ask the operator, and compare with what witnesses have cosigned.',
  });
}
