import { fromUtf8 } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { openCoalitionPeers } from '../coalition-peers.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

const TAXII_TYPE = 'application/taxii+json;version=2.1';

export interface PushFlags {
  readonly root: string;
  readonly collection: string;
  readonly release?: string;
}

/**
 * `phalanx coalition push`: sends the envelope that a release has yielded, byte for byte, to a collection of the hub. Exit 1 when the hub took an
 * object not, with its words on standard output.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; as the hub refused
 */
export async function pushCommand(file: string, flags: PushFlags, terminal: Terminal): Promise<ExitCode> {
  const { RELEASE_HEADER } = await import('@phalanx/coalition/policy');
  const body = fromUtf8(readBytes(file));
  const peers = await openCoalitionPeers(terminal);
  try {
    const path = `/${encodeURIComponent(flags.root)}/collections/${encodeURIComponent(flags.collection)}/objects/`;
    const answer = await peers.hub.call('POST', path, body, {
      accept: TAXII_TYPE,
      'content-type': TAXII_TYPE,
      ...(flags.release !== undefined && { [RELEASE_HEADER]: flags.release }),
    });
    const text = await answer.text();
    terminal.out(`${text.trimEnd()}\n`);
    const { failure_count: failures = 0 } = JSON.parse(text) as { failure_count?: number };
    return failures > 0 ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    peers.close();
  }
}
