import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { PhalanxError, showInvisible } from '@phalanx/core';
import type { LogAudit } from '@phalanx/ledger';
import { ExitCode } from '../cli-error.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface AuditFlags {
  readonly policy: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** What a log's server answers that is not what it signed: found, where no answer is the environment's fault. */
const FOUND_CODES: ReadonlySet<string> = new Set([
  'LEDGER_CHECKPOINT',
  'LEDGER_NOTE',
  'LEDGER_QUORUM',
  'LEDGER_SIGNATURE',
  'LEDGER_TILE',
  'LEDGER_UNPROVED',
  'LEDGER_UNSIGNED',
]);

/**
 * `phalanx ledger audit`: looks at a log over the network as a monitor does. Exit 1 when it forked, or does not show what it signed.
 *
 * @throws PhalanxError `CLI_FILE`; `LEDGER_POLICY`; `LEDGER_REMOTE` when the log does not answer
 */
export async function auditCommand(url: string, flags: AuditFlags, terminal: Terminal): Promise<ExitCode> {
  const { auditLog, FolderDisk, formatEquivocation, parseTrustPolicy, TileClient } = await import(
    '@phalanx/ledger'
  );
  const policy = parseTrustPolicy(readBytes(flags.policy));
  const last = flags.state !== undefined && existsSync(flags.state) ? readBytes(flags.state) : null;
  const keep = (path: string, bytes: Uint8Array): void => {
    const disk = new FolderDisk(dirname(path));
    disk.replace(basename(path), bytes);
    disk.close();
  };
  const began = performance.now();
  let found: LogAudit;
  try {
    found = await auditLog({ client: new TileClient(url), policy, last });
  } catch (error) {
    if (!PhalanxError.is(error) || !FOUND_CODES.has(error.code)) throw error;
    if (flags.json)
      terminal.out(`${JSON.stringify({ kind: 'unproved', code: error.code, reason: error.message })}\n`);
    else terminal.out(`not shown  ${showInvisible(error.message)} (${error.code})\n`);
    return ExitCode.FOUND;
  }
  const seconds = (performance.now() - began) / 1000;
  const proof = found.equivocation === null ? null : `${flags.state}.equivocation.json`;
  if (found.equivocation !== null) keep(proof!, formatEquivocation(found.equivocation));
  if (found.kind === 'whole' && flags.state !== undefined) keep(flags.state, found.signed.note);
  const { origin, size } = found.signed.checkpoint;
  const witnesses = [...found.witnessed.cosigned].map(([name, atS]) => ({ name, atMs: 1000 * atS }));
  const { kind, newEntries } = found;
  if (flags.json)
    terminal.out(`${JSON.stringify({ kind, origin, size, newEntries, seconds, witnesses, proof })}\n`);
  else {
    terminal.out(`${headline(found, seconds)}\n`);
    for (const { name, atMs } of witnesses)
      terminal.out(`cosigned  ${showInvisible(name)}, ${formatInstant(atMs)}\n`);
    if (proof !== null)
      terminal.out(`proof  ${showInvisible(proof)}: two signed checkpoints that contradict each other\n`);
  }
  return kind === 'fork' ? ExitCode.FOUND : ExitCode.OK;
}

function headline({ kind, signed, newEntries }: LogAudit, seconds: number): string {
  const { origin, size } = signed.checkpoint;
  const log = `${formatPlural(size, 'entry', 'entries')} of ${showInvisible(origin)}`;
  if (kind === 'fork') return `FORK  ${log} are not what was seen before`;
  if (kind === 'behind') return `behind  ${log}, fewer than were seen before, which continue them`;
  return `whole  ${log}, ${formatCount(newEntries)} of them read now, ${seconds.toFixed(1)} s`;
}
