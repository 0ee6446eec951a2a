import { PhalanxError, showInvisible } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { writeReport } from '../finding-text.js';
import { summariseKept, unpackFinding, writeKeptFindings } from '../kept-finding.js';
import { withStore } from '../telemetry-session.js';
import { choosePaint, type Terminal } from '../terminal.js';
import { writePage } from './detect.js';

export interface FindingsFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `phalanx findings list`: what runs of `detect` have kept, newest first. Exit 0 whatever there is. */
export async function listFindingsCommand(flags: FindingsFlags, terminal: Terminal): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  // More than a person reads; the store gives the newest 1,000 unless told otherwise.
  const rows = await withStore(config, dataDir, (store) => store.listFindings());
  const kept = rows.map(unpackFinding);
  if (flags.json) terminal.out(`${JSON.stringify(kept.map(summariseKept))}\n`);
  else if (kept.length > 0) terminal.out(writeKeptFindings(kept, { paint: choosePaint(terminal) }));
  else terminal.talk('no finding is kept here; `phalanx detect` keeps what it finds\n');
  return ExitCode.OK;
}

/**
 * `phalanx findings show`: a kept finding as `detect` told of it, with the figures of the run that kept it last. Exit 0.
 *
 * @throws PhalanxError `CLI_USAGE` when no finding is kept under this id.
 */
export async function showFindingCommand(
  id: string,
  flags: FindingsFlags & { readonly html?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const row = await withStore(config, flags.data ?? config.data, (store) => store.readFinding(id));
  if (row === null)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `no finding is kept as ${showInvisible(id)}`, {
      advice: '`phalanx findings list` names them.',
    });
  const { report } = unpackFinding(row);
  if (flags.html !== undefined) await writePage(flags.html, report, terminal);
  if (flags.json) terminal.out(`${JSON.stringify(report)}\n`);
  else terminal.out(writeReport(report, { columns: terminal.columns, paint: choosePaint(terminal) }));
  return ExitCode.OK;
}
