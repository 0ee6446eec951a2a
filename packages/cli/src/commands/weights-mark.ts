import { rm } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import type { CopyHolder } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount } from '../figures.js';
import { logStatement } from '../log-statement.js';
import { readLedgerFile } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { appendToRegister, readRegister, readWeightMarkKey, registerOf } from '../weight-marks.js';

export interface MarkCopyFlags {
  readonly key: string;
  readonly out: string;
  readonly recipient?: string;
  readonly location?: string;
  readonly by: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights mark`: the copy of a recipient, or of a place where a copy lies. It is logged as `copy-issued` where the data directory has a log, then
 * entered in the register; a copy for which either fails is removed again.
 *
 * @throws PhalanxError `CLI_USAGE` without a holder, or when the holder has a copy under this key; `CLI_FILE`, `WEIGHTS_ARGUMENT`,
 * `LEDGER_PASSPHRASE`, and what readers and the log throw
 */
export async function markCopyCommand(
  model: string,
  flags: MarkCopyFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { digestMarkKey, markCopy, registerCopy } = await import('@phalanx/weights');
  const holder = readHolder(flags);
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const key = await readWeightMarkKey(flags.key, terminal, flags.config);
  const issued = await readRegister(dataDir, digestMarkKey(key));
  if (issued.some((entry) => entry.holder.kind === holder.kind && entry.holder.name === holder.name))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${holder.name} has a copy under this key already`, {
      advice: 'The same mark again would be the same copy. Hand that one over.',
    });
  const copy = await markCopy(model, flags.out, key, holder);
  const entry = registerCopy(key, copy, Date.now());
  let index: number | null = null;
  try {
    const file = readLedgerFile(dataDir);
    const { atMs, artifactSha256, copySha256, recipientSha256, codeSha256 } = entry;
    if (file !== null)
      index = await logStatement(
        { config, dataDir, file, terminal },
        {
          kind: 'copy-issued',
          version: 1,
          atMs,
          by: flags.by,
          artifactSha256,
          copySha256,
          recipientSha256,
          codeSha256,
        },
      );
    await appendToRegister(dataDir, entry);
  } catch (error) {
    // A copy that nobody can trace must not be handed over.
    await rm(flags.out, { recursive: true, force: true });
    throw error;
  }
  const { copySha256, artifactSha256, marks, sizeBytes, files } = copy;
  if (flags.json)
    terminal.out(
      `${JSON.stringify({ out: flags.out, holder, copySha256, artifactSha256, marks, sizeBytes, files, index, register: registerOf(dataDir) })}\n`,
    );
  else {
    const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
    line('copy', `${flags.out}, ${formatCount(sizeBytes)} bytes, ${formatCount(marks)} marks`);
    line('digest', copySha256);
    for (const { name, sha256 } of files) line('file', `${sha256}  ${name}`);
    line('made from', artifactSha256);
    line('register', registerOf(dataDir));
    if (index !== null) line('log', `entry ${index}`);
  }
  if (index === null)
    terminal.talk(
      'This data directory has no log: nothing shows later that this copy was issued before it leaked. Begin one with `phalanx ledger init`.\n',
    );
  return ExitCode.OK;
}

function readHolder({ recipient, location }: MarkCopyFlags): CopyHolder {
  if ((recipient === undefined) === (location === undefined))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'give --recipient or --location');
  return recipient !== undefined
    ? { kind: 'recipient', name: recipient }
    : { kind: 'location', name: location! };
}
