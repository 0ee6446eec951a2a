import { randomUUID } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import {
  formatPublicIdentity,
  publicIdentityOf,
  readCoalitionIdentity,
  writeCoalitionIdentity,
} from '../coalition-identity.js';
import { loadConfig } from '../config.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';

export interface NewIdentityFlags {
  readonly member: string;
  readonly identity?: string;
  readonly unencrypted?: boolean;
}

/**
 * `phalanx coalition identity new`: keys in a new file, and on standard output what others must know of them.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `LEDGER_PASSPHRASE`
 */
export async function newIdentityCommand(
  file: string,
  flags: NewIdentityFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(flags.member))
    throw usageError(`no member can be called ${flags.member}`, 'Small letters, digits and -, at most 64.');
  const identity = flags.identity ?? `identity--${randomUUID()}`;
  if (!/^identity--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(identity))
    throw usageError(`${identity} is no id of a STIX identity`, 'As identity--<uuid>.');
  const passphrase = flags.unencrypted ? null : readPassphrase(loadConfig(terminal.env), terminal);
  const made = await writeCoalitionIdentity(file, flags.member, identity, passphrase);
  terminal.out(formatPublicIdentity(publicIdentityOf(made)));
  return ExitCode.OK;
}

/** `phalanx coalition identity show`: what others must know of a party, from its file. */
export async function showIdentityCommand(file: string, terminal: Terminal): Promise<ExitCode> {
  terminal.out(formatPublicIdentity(publicIdentityOf(await readCoalitionIdentity(file, terminal))));
  return ExitCode.OK;
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
