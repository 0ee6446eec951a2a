import { existsSync } from 'node:fs';
import { showInvisible, utf8 } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { parseJson } from '../coalition-identity.js';
import { formatPlural } from '../figures.js';
import { readMemberKeys } from '../member-keys.js';
import { replaceFile } from '../replaced-file.js';
import { stopSignal } from '../serving.js';
import { openTaxii } from '../taxii-access.js';
import type { Terminal } from '../terminal.js';

export interface MirrorFlags {
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly access?: string;
  readonly member: string[];
  readonly json?: boolean;
}

const TOLD = 10;

/**
 * `phalanx coalition mirror`: takes what one collection has and another has not from the one to the other, as far as signatures, versions
 * and markings allow. Between any two TAXII servers; the state file says up to where.
 *
 * Exit 1 when something was refused.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_TAXII`, `COALITION_LIMIT`, and what `openTaxii` throws
 */
export async function mirrorCommand(flags: MirrorFlags, terminal: Terminal): Promise<ExitCode> {
  const { mirrorCollection, readRemote, writeRemote } = await import('@phalanx/coalition/taxii');
  const keys = await readMemberKeys(flags.member);
  const stop = stopSignal();
  const from = await openTaxii(flags.from, flags.access ?? null, terminal, stop);
  const to = await openTaxii(flags.to, flags.access ?? null, terminal, stop);
  const target = await to.client.findCollection(to.collection);
  const report = await mirrorCollection({
    source: readRemote(from.client, from.collection),
    target: writeRemote(to.client, to.collection, target?.canRead ?? false),
    keys,
    isEncrypted: [from, to].every(({ collection }) => collection.protocol === 'https:'),
    state: {
      load: async () => (existsSync(flags.state) ? (parseJson(flags.state) as null) : null),
      save: (state) => replaceFile(flags.state, utf8(JSON.stringify(state))),
    },
  });
  const { added, present, stayed, waiting, refused, reasons } = report;
  if (flags.json) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    for (const { id, why } of reasons.slice(0, TOLD)) {
      terminal.talk(`not taken  ${showInvisible(id)}: ${showInvisible(why)}\n`);
    }
    terminal.out(
      `${formatPlural(added, 'object')} added, ${present} there already, ${stayed} kept back by markings, ` +
        `${waiting} waiting for a key or marking, ${refused} not taken\n`,
    );
  }
  return refused === 0 ? ExitCode.OK : ExitCode.FOUND;
}
