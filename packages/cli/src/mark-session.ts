import { randomBytes } from 'node:crypto';
import { fromBase64, fromHex, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { KeyScope, Mark, MarkProfile, Tokenizer } from '@phalanx/watermark';
import type { CliErrorCode } from './cli-error.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { readPassphrase } from './record-session.js';
import type { Terminal } from './terminal.js';

/** What every command says that reads marks. */
export interface MarkFlags {
  readonly key: string;
  readonly tokenizer: string;
  readonly tenant: string;
  readonly epoch: string;
  readonly signer: string[];
  readonly config?: string;
  readonly json?: boolean;
}

/** A profile with its key and vocabulary, checked against one another. */
export interface MarkSession {
  readonly profile: MarkProfile;
  readonly tokenizer: Tokenizer;
  /** The mark of `--tenant`, whose key the profile names. */
  readonly mark: Mark;
  /** The mark of any tenant under the same master secret. @throws PhalanxError `CLI_USAGE` when the key file holds one key only */
  openTenant(tenant: string): Mark;
  /** Marks whose keys nobody uses. */
  openDecoys(count: number): Iterable<Mark>;
}

/** What a key file holds: a master secret, from which tenants' keys follow, and perhaps the key of another tool. */
interface MarkSecret {
  readonly master: Uint8Array;
  /** As its dialect writes it; null: tenants' keys are derived. */
  readonly foreign: string | null;
}

const SECRET = /^phalanx-mark-secret-v1 ([0-9a-f]{64})\n(?:key ([ -~]{1,4096})\n)?$/;
const AGE = 'age-encryption.org/v1';

/** Writes a fresh master secret, beside another tool's key if there is one, into a new file encrypted with the passphrase of the settings. */
export async function writeMarkSecret(
  path: string,
  foreign: string | null,
  terminal: Terminal,
  configFile?: string,
): Promise<void> {
  const { writeSecretFile } = await import('@phalanx/ledger');
  const passphrase = readPassphrase(loadConfig(terminal.env, configFile), terminal);
  const text = `phalanx-mark-secret-v1 ${toHex(randomBytes(32))}\n${foreign === null ? '' : `key ${foreign}\n`}`;
  if (!SECRET.test(text)) throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'a key is one line of ASCII');
  await writeSecretFile(path, utf8(text), passphrase);
}

/** @throws PhalanxError `CLI_USAGE` for a file of another form; `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE` */
export async function readMarkSecret(
  path: string,
  terminal: Terminal,
  configFile?: string,
): Promise<MarkSecret> {
  const { readOwnFile, readSecretFile } = await import('@phalanx/ledger');
  const isEncrypted = Buffer.from(readBytes(path).subarray(0, AGE.length)).toString('latin1') === AGE;
  const bytes = isEncrypted
    ? await readSecretFile(path, readPassphrase(loadConfig(terminal.env, configFile), terminal))
    : await readOwnFile(path);
  const [, hex, foreign = null] = SECRET.exec(Buffer.from(bytes).toString('latin1')) ?? [];
  if (hex === undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path} holds no secret of marks`, {
      advice: 'Make one with `phalanx mark key`.',
    });
  return { master: fromHex(hex), foreign };
}

/** The key of a tenant, and its public id. */
export async function findMarkKey(
  secret: MarkSecret,
  dialect: string,
  scope: KeyScope,
): Promise<{ readonly key: string; readonly keyId: string }> {
  const { deriveMarkKey, foreignKeyId, markKeyId } = await import('@phalanx/watermark');
  if (secret.foreign !== null)
    return { key: secret.foreign, keyId: foreignKeyId(secret.master, dialect, secret.foreign) };
  const bytes = deriveMarkKey(secret.master, scope);
  return { key: toHex(bytes), keyId: markKeyId(bytes) };
}

/**
 * Opens a signed profile with its key and vocabulary; refuses what does not fit together.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `MARK_PROFILE`, `MARK_KEY`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function openMarkSession(
  profilePath: string,
  flags: MarkFlags,
  terminal: Terminal,
): Promise<MarkSession> {
  const { checkProfile, deriveMarkKey, openDecoys, openMark, openSignedProfile, openTokenizer } =
    await import('@phalanx/watermark');
  const profile = openSignedProfile(
    Buffer.from(readBytes(profilePath)).toString('utf8').trim(),
    readSigners(flags.signer),
  );
  const tokenizer = openTokenizer(readBytes(flags.tokenizer));
  const secret = await readMarkSecret(flags.key, terminal, flags.config);
  const { dialect, parameters, model } = profile;
  const { key, keyId } = await findMarkKey(secret, dialect, {
    tenant: flags.tenant,
    model,
    epoch: flags.epoch,
  });
  checkProfile(profile, { tokenizerSha256: tokenizer.sha256, keyId });
  const openDecoy = openDecoys(dialect, parameters, key);
  return {
    profile,
    tokenizer,
    mark: openMark(dialect, parameters, key),
    openTenant(tenant) {
      if (secret.foreign !== null)
        throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${flags.key} holds the key of another tool`, {
          advice: 'Tenants have keys of their own in the phalanx dialects only.',
        });
      const own = deriveMarkKey(secret.master, { tenant, model, epoch: flags.epoch });
      return openMark(dialect, parameters, toHex(own));
    },
    *openDecoys(count) {
      for (let i = 0; i < count; i++) yield openDecoy();
    },
  };
}

/** Public keys that are trusted to sign profiles: base64 of 32 bytes each. */
export function readSigners(signers: readonly string[]): Uint8Array[] {
  return signers.map((signer) => {
    if (!/^[A-Za-z0-9+/]{43}=$/.test(signer))
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'a signer is no public key', {
        advice: 'Give the 44 characters that `phalanx mark profile` printed.',
      });
    return fromBase64(signer);
  });
}
