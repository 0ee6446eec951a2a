import type { StixObject } from '@phalanx/coalition';
import type { KnownMembers } from '@phalanx/coalition/trust';
import { systemClock } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import { loadConfig } from './config.js';
import type { LabFlags } from './lab-trust.js';
import { logStatement } from './log-statement.js';
import { readLedgerFile } from './record-session.js';
import type { Terminal } from './terminal.js';

/** Objects that one statement names. */
const BATCH = 500;
/** No name of a member has a space. */
const NOBODY_KNOWN = 'nobody known';

/**
 * The recipient's receipts of what came in, one for each member whose signature some of it has, in the log before anything of it is held. Without a
 * log there is no receipt, and that is said.
 *
 * @throws PhalanxError what the log throws: then nothing is to be taken in
 */
export async function recordIntake(
  objects: readonly StixObject[],
  known: KnownMembers,
  flags: LabFlags,
  terminal: Terminal,
): Promise<void> {
  const { makeReceipt } = await import('@phalanx/coalition/policy');
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  if (file === null) {
    terminal.talk('no log in the data directory: what came in has no receipt (phalanx ledger init)\n');
    return;
  }
  for (const [from, made] of await groupByMaker(objects, known))
    for (let at = 0; at < made.length; at += BATCH) {
      const { statement } = makeReceipt(made.slice(at, at + BATCH), {
        atMs: systemClock.nowMs(),
        by: file.origin,
        role: 'recipient',
        from,
        releaseId: null,
        policySha256: null,
      });
      await logStatement({ config, dataDir, file, terminal }, statement);
    }
}

async function groupByMaker(
  objects: readonly StixObject[],
  { keys, members }: KnownMembers,
): Promise<Map<string, StixObject[]>> {
  const { verifyObject } = await import('@phalanx/coalition');
  const groups = new Map<string, StixObject[]>();
  for (const object of objects) {
    const maker = members.get(verifyObject(object, keys)?.identity ?? '') ?? NOBODY_KNOWN;
    const group = groups.get(maker);
    if (group === undefined) groups.set(maker, [object]);
    else group.push(object);
  }
  return groups;
}

/** Until when what was taken in may be kept, by the sharing policies that came with it: `coalition receipts --erase` deletes it then. */
export async function keepTerms(
  objects: readonly StixObject[],
  taken: ReadonlySet<string>,
  store: ControlStore,
): Promise<void> {
  const { readTerms } = await import('@phalanx/coalition/policy');
  const terms = readTerms(objects).filter(({ objectId }) => taken.has(objectId));
  for (let at = 0; at < terms.length; at += BATCH) await store.receivedTerms.put(terms.slice(at, at + BATCH));
}
