import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import type { FrostShare } from '@phalanx/ledger';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';

export interface NewKeyFlags {
  readonly name?: string;
  readonly type: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/**
 * `phalanx ledger key new`: a private key in a new file, encrypted with a passphrase, and its public half on standard output: for Ed25519
 * the verifier key that policies and readers hold, for P-256 the public key as PEM.
 *
 * @throws PhalanxError `CLI_USAGE`, `LEDGER_KEY` for a name that no key can have, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function newKeyCommand(file: string, flags: NewKeyFlags, terminal: Terminal): Promise<ExitCode> {
  const { formatVerifierKey, makeVerifierKey, SignatureType, signingKeyOf, writeKeyFile } = await import(
    '@phalanx/ledger'
  );
  if (flags.type !== 'ed25519' && flags.type !== 'p256')
    throw usageError(`there is no key type ${flags.type}`, 'Give ed25519 or p256.');
  const { privateKey } =
    flags.type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let key: string;
  if (flags.type === 'p256')
    key = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }) as string;
  else if (flags.name === undefined)
    throw usageError('a verifier key has a name', 'Give --name, the origin of the log: --name log.example.');
  else {
    const { publicKey } = signingKeyOf(privateKey);
    key = `${formatVerifierKey(makeVerifierKey(flags.name, SignatureType.ED25519, publicKey))}\n`;
  }
  await writeKeyFile(file, privateKey, findPassphrase(flags.passphraseFile, terminal));
  terminal.out(flags.json ? `${JSON.stringify({ file, type: flags.type, key: key.trimEnd() })}\n` : key);
  return ExitCode.OK;
}

export interface SplitKeyFlags {
  readonly threshold: string;
  readonly shares: string;
  readonly passphraseFile?: string;
  readonly sharePassphraseFile: string[];
  readonly json?: boolean;
}

/**
 * `phalanx ledger key split`: an Ed25519 key file into FROST shares, `FILE.share-1` and so on, of which `threshold` sign under the same
 * verifier key.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE` when a share is there already, `LEDGER_KEY`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function splitKeyCommand(
  file: string,
  flags: SplitKeyFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { dealFrostShares, readKeyFile, writeFrostShareFile } = await import('@phalanx/ledger');
  const count = parseCount(flags.shares, '--shares');
  const threshold = parseCount(flags.threshold, '--threshold');
  const paths = Array.from({ length: count }, (_, i) => `${file}.share-${i + 1}`);
  const own = findPassphrase(flags.passphraseFile, terminal);
  const each = flags.sharePassphraseFile.map((path) => findPassphrase(path, terminal));
  if (each.length > 0 && each.length !== count)
    throw usageError(
      `${each.length} passphrases for ${count} shares`,
      'Give --share-passphrase-file once a share.',
    );
  const taken = paths.find((path) => existsSync(path));
  if (taken !== undefined)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${taken} is there already`, {
      advice: 'Shares of two splits do not fit one another. Put the old ones elsewhere.',
    });
  const key = await readKeyFile(file, own);
  let shares: FrostShare[];
  try {
    shares = dealFrostShares(threshold, count, key);
  } catch (error) {
    throw PhalanxError.is(error, 'LEDGER_SHARE')
      ? usageError(error.message, 'Give --threshold 2 --shares 3.')
      : error;
  }
  const written: string[] = [];
  try {
    for (const [i, share] of shares.entries()) {
      await writeFrostShareFile(paths[i]!, share, each[i] ?? own);
      written.push(paths[i]!);
    }
  } catch (error) {
    // Some shares of a split that was never whole would only be taken for shares of the next.
    for (const path of written) await rm(path, { force: true });
    throw error;
  }
  if (flags.json) terminal.out(`${JSON.stringify({ threshold, shares: paths })}\n`);
  else terminal.out(paths.map((path) => `${path}\n`).join(''));
  terminal.talk(
    `Any ${threshold} of the ${count} sign as ${file} does. Give each to its holder, then destroy ${file} and its copies: whoever has it needs no share.\n`,
  );
  return ExitCode.OK;
}

/** A flag names one purpose, so it goes before the variable and the setting, which name all. */
function findPassphrase(path: string | undefined, terminal: Terminal): string {
  const config = loadConfig(terminal.env);
  return path === undefined
    ? readPassphrase(config, terminal)
    : readPassphrase({ ...config, 'ledger.passphrase_file': path }, { env: {} });
}

function parseCount(text: string, flag: string): number {
  if (!/^[0-9]{1,2}$/.test(text)) throw usageError(`${flag} ${text} is no number of shares`, 'Give 2 to 16.');
  return Number(text);
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
