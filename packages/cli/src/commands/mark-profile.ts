import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { findMarkKey, readMarkSecret, readSigners, writeMarkSecret } from '../mark-session.js';
import { writeNewFile } from '../new-file.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface NewMarkKeyFlags {
  readonly import?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx mark key`: a master secret in a new file, encrypted with a passphrase; with `--import` the key of another tool beside it, from
 * standard input.
 *
 * @throws PhalanxError `CLI_USAGE`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function newMarkKeyCommand(
  file: string,
  flags: NewMarkKeyFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const foreign = flags.import ? readFileSync(0, 'utf8').trim() : null;
  await writeMarkSecret(file, foreign, terminal, flags.config);
  if (flags.json) terminal.out(`${JSON.stringify({ file, imported: foreign !== null })}\n`);
  terminal.talk(
    'Keep a copy where the models are not: without it no mark made under it can be read or proved.\n',
  );
  return ExitCode.OK;
}

export interface NewProfileFlags {
  readonly dialect: string;
  readonly model: string;
  readonly tokenizer: string;
  readonly key: string;
  readonly sign: string;
  readonly out: string;
  readonly tenant: string;
  readonly epoch: string;
  readonly set: string[];
  readonly vocabulary?: string;
  readonly temperature?: string;
  readonly topK?: string;
  readonly topP?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx mark profile`: writes a signed profile, and prints its key id and the public key that signed it.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `MARK_PROFILE`, `MARK_KEY`, `LEDGER_KEY`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function newProfileCommand(flags: NewProfileFlags, terminal: Terminal): Promise<ExitCode> {
  const [{ createMarkProfile, formatSignedProfile, openTokenizer, signMarkProfile }, { readKeyFile }] =
    await Promise.all([import('@phalanx/watermark'), import('@phalanx/ledger')]);
  const { dialect, model, tenant, epoch } = flags;
  const tokenizer = openTokenizer(readBytes(flags.tokenizer));
  const secret = await readMarkSecret(flags.key, terminal, flags.config);
  const { keyId } = await findMarkKey(secret, dialect, { tenant, model, epoch });
  const profile = createMarkProfile({
    dialect,
    parameters: Object.fromEntries(flags.set.map(readParameter)),
    keyId,
    model,
    tokenizerSha256: tokenizer.sha256,
    vocabularySize: readNumber(flags.vocabulary, '--vocabulary') ?? tokenizer.vocabularySize,
    sampling: {
      temperature: readNumber(flags.temperature, '--temperature'),
      topK: readNumber(flags.topK, '--top-k'),
      topP: readNumber(flags.topP, '--top-p'),
      deduplicateContexts: 'single_turn',
      history: 8192,
    },
    validFromMs: Date.now(),
    validUntilMs: null,
  });
  const key = await readKeyFile(flags.sign, readPassphrase(loadConfig(terminal.env, flags.config), terminal));
  const signed = signMarkProfile(profile, key);
  writeNewFile(flags.out, `${formatSignedProfile(signed)}\n`);
  const shown = { profile: flags.out, dialect, keyId, signer: signed.publicKey };
  if (flags.json) terminal.out(`${JSON.stringify(shown)}\n`);
  else terminal.out(`${dialect}  key ${keyId}  signer ${signed.publicKey}\n`);
  return ExitCode.OK;
}

/** `phalanx mark show`: a signed profile, verified under the keys that are trusted. Exit 1 when it does not hold. */
export async function showProfileCommand(
  path: string,
  flags: { readonly signer: string[]; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const { openSignedProfile } = await import('@phalanx/watermark');
  const text = Buffer.from(readBytes(path)).toString('utf8').trim();
  try {
    const profile = openSignedProfile(text, readSigners(flags.signer));
    terminal.out(`${JSON.stringify(profile, null, flags.json ? undefined : 2)}\n`);
    return ExitCode.OK;
  } catch (error) {
    if (!PhalanxError.is(error, 'MARK_PROFILE')) throw error;
    terminal.talk(`refused: ${error.message}\n`);
    return ExitCode.FOUND;
  }
}

function readParameter(text: string): [name: string, value: string | number | boolean] {
  const at = text.indexOf('=');
  if (at < 1)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `no parameter: ${text}`, {
      advice: 'Write --set name=value.',
    });
  const value = text.slice(at + 1);
  if (value === 'true' || value === 'false') return [text.slice(0, at), value === 'true'];
  return [text.slice(0, at), /^-?[0-9.]+$/.test(value) ? Number(value) : value];
}

function readNumber(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${flag} is no number: ${text}`);
  return value;
}
