import { readdirSync, readFileSync } from 'node:fs';
import { PhalanxError, showInvisible } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';

export interface VerifyProofFlags {
  readonly entry: string;
  readonly policy: string;
  readonly json?: boolean;
}

/**
 * `phalanx ledger verify`: an offline check that a file is an entry of a log. Exit 1 when it is not shown to be one.
 *
 * @throws PhalanxError `CLI_FILE`; `LEDGER_POLICY` for a malformed policy
 */
export async function verifyProofCommand(
  file: string,
  flags: VerifyProofFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { hashLeaf, parseTlogProof, parseTrustPolicy, verifyTlogProof } = await import('@phalanx/ledger');
  const policy = parseTrustPolicy(readBytes(flags.policy));
  const leaf = hashLeaf(readBytes(flags.entry));
  const bytes = readBytes(file);
  try {
    const { index, checkpoint, cosigned } = verifyTlogProof(parseTlogProof(bytes), leaf, policy);
    const witnesses = [...cosigned].map(([name, seconds]) => ({ name, atMs: 1000 * seconds }));
    const answer = { verified: true, origin: checkpoint.origin, index, size: checkpoint.size, witnesses };
    if (flags.json) terminal.out(`${JSON.stringify(answer)}\n`);
    else {
      terminal.out(
        `verified  entry ${formatCount(index)} of ${formatCount(checkpoint.size)} in ${showInvisible(checkpoint.origin)}\n`,
      );
      for (const { name, atMs } of witnesses)
        terminal.out(`cosigned  ${showInvisible(name)}, ${formatInstant(atMs)}\n`);
    }
    return ExitCode.OK;
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    if (flags.json)
      terminal.out(`${JSON.stringify({ verified: false, code: error.code, reason: error.message })}\n`);
    else terminal.out(`not verified  ${showInvisible(error.message)} (${error.code})\n`);
    return ExitCode.FOUND;
  }
}

export interface CheckLogFlags {
  readonly key: string[];
  readonly json?: boolean;
}

/**
 * `phalanx ledger fsck`: reads a whole log on disk and hashes it again. Exit 1 when it has a fault.
 *
 * @throws PhalanxError `CLI_USAGE` without a key, `CLI_FILE`, `LEDGER_KEY`, `LEDGER_LOCKED` while a process writes in the folder
 */
export async function checkLogCommand(
  folder: string,
  flags: CheckLogFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { becomeSingleWriter, checkLog, FolderDisk, parseVerifierKey } = await import('@phalanx/ledger');
  if (flags.key.length === 0)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no key to check the checkpoint with', {
      advice: 'Give the verifier key of the log: --key name+id+base64.',
    });
  const keys = flags.key.map(parseVerifierKey);
  const letGo = await becomeSingleWriter(existingLog(folder));
  const disk = new FolderDisk(folder);
  try {
    const check = await checkLog(disk, keys);
    if (flags.json) terminal.out(`${JSON.stringify(check)}\n`);
    else {
      const signed = check.signedSize === null ? 'none signed' : `${formatCount(check.signedSize)} signed`;
      terminal.out(
        `${check.fault === null ? 'whole' : 'FAULT'}  ${formatPlural(check.size, 'entry', 'entries')}, ${signed}\n`,
      );
      if (check.fault !== null) terminal.out(`  ${showInvisible(check.fault)}\n`);
    }
    return check.fault === null ? ExitCode.OK : ExitCode.FOUND;
  } finally {
    disk.close();
    await letGo();
  }
}

/** @throws PhalanxError `CLI_FILE` */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/**
 * The folder, if there is a log in it: a check must not make the folder that it was asked to look at, nor call another one whole.
 *
 * @throws PhalanxError `CLI_FILE`
 */
export function existingLog(folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw fileError(folder, cause);
  }
  if (!names.includes('entries') && !names.includes('checkpoint'))
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `there is no log in ${folder}`, {
      advice: 'Name the folder that holds `entries` and `checkpoint`.',
    });
  return folder;
}

function fileError(path: string, cause: unknown): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, { cause });
}
