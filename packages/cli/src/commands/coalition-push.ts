import { type Json, PhalanxError, systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { openCoalitionPeers } from '../coalition-peers.js';
import { type LabFlags, withLabStore } from '../lab-trust.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

const TAXII_TYPE = 'application/taxii+json;version=2.1';
/** A release is good for so long: what it rests on may end or be revoked afterwards. */
const PUSHED_WITHIN_MS = 24 * 3_600_000;

export interface PushFlags extends LabFlags {
  readonly root: string;
  readonly collection: string;
  readonly release: string;
}

/**
 * `phalanx coalition push`: sends the envelope that a release has yielded, byte for byte, to a collection of the hub. Nothing else leaves: the lab's
 * own store must have released these bytes, at most 24 hours ago. Who reads the collection, the hub knows and this does not. Exit 1
 * when the hub took an object not, with its words on standard output.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; `COALITION_POLICY` for what was not released; as the hub refused
 */
export async function pushCommand(file: string, flags: PushFlags, terminal: Terminal): Promise<ExitCode> {
  const { RELEASE_HEADER } = await import('@phalanx/coalition/policy');
  const body = readBytes(file);
  await requireReleased(file, body, flags, terminal);
  const peers = await openCoalitionPeers(terminal);
  try {
    const path = `/${encodeURIComponent(flags.root)}/collections/${encodeURIComponent(flags.collection)}/objects/`;
    const answer = await peers.hub.call('POST', path, Buffer.from(body).toString('utf8'), {
      accept: TAXII_TYPE,
      'content-type': TAXII_TYPE,
      [RELEASE_HEADER]: flags.release,
    });
    const status = (await answer.json()) as { failure_count?: number };
    terminal.out(`${formatAscii(status as Json)}\n`);
    return (status.failure_count ?? 0) > 0 ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    peers.close();
  }
}

async function requireReleased(
  file: string,
  body: Uint8Array,
  flags: PushFlags,
  terminal: Terminal,
): Promise<void> {
  const kept = await withLabStore(flags, terminal, ({ releases }) => releases.find(flags.release));
  const isSame = kept?.envelope != null && Buffer.compare(kept.envelope, body) === 0;
  if (kept?.statement.decision !== 'released' || !isSame)
    throw new PhalanxError<'COALITION_POLICY'>(
      'COALITION_POLICY',
      `${file} is not what ${flags.release} released`,
      {
        advice: 'Give the file and the number that coalition release --out gave.',
      },
    );
  if (systemClock.nowMs() >= kept.statement.atMs + PUSHED_WITHIN_MS)
    throw new PhalanxError<'COALITION_POLICY'>('COALITION_POLICY', 'it was released more than 24 hours ago', {
      advice: 'Release it again: what it rested on may have ended.',
    });
}

/** JSON of a stranger for a screen: everything that is not printable ASCII is escaped. */
function formatAscii(value: Json): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
