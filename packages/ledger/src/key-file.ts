import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { readOwnFile, readSecretFile, writeSecretFile } from './secret-file.js';

const PKCS8 = /^-----BEGIN PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PRIVATE KEY-----\r?\n?$/;

/**
 * Writes a private key into a new file: PKCS#8 PEM, encrypted with a passphrase as age does. `age -d FILE | openssl pkey` reads it.
 *
 * @param key Ed25519, which `signingKeyOf` makes sign checkpoints, or ECDSA on P-256, which signs statements
 * @param workFactor see `writeSecretFile`
 * @throws PhalanxError `LEDGER_KEY` for a key of another kind; see `writeSecretFile`
 */
export async function writeKeyFile(
  path: string,
  key: KeyObject,
  passphrase: string,
  workFactor?: number,
): Promise<void> {
  checkKind(key);
  const pem = key.export({ format: 'pem', type: 'pkcs8' }) as string;
  await writeSecretFile(path, utf8(pem), passphrase, workFactor);
}

/**
 * Reads what `writeKeyFile` wrote.
 *
 * @throws PhalanxError `LEDGER_KEY` when it holds no Ed25519 or P-256 key; see `readSecretFile`
 */
export async function readKeyFile(path: string, passphrase: string): Promise<KeyObject> {
  return parsePem(await readSecretFile(path, passphrase));
}

/**
 * Reads a private key that is not encrypted, PKCS#8 PEM, for those whose secrets are kept by something else: a secret store that
 * mounts files, a disk that is encrypted.
 *
 * @throws PhalanxError `LEDGER_KEY_FILE` unless nobody but the owner may read it (mode 0600); `LEDGER_KEY` when it holds no Ed25519
 * or P-256 key
 */
export async function readUnencryptedKeyFile(path: string): Promise<KeyObject> {
  return parsePem(await readOwnFile(path));
}

function parsePem(pem: Uint8Array): KeyObject {
  try {
    const text = fromUtf8(pem);
    // OpenSSL would read other forms as well, and text around them.
    if (!PKCS8.test(text)) throw keyError('it is not PKCS#8 PEM');
    return checkKind(createPrivateKey(text));
  } catch (error) {
    // Never the cause: a parser may quote what it could not read.
    throw PhalanxError.is(error) ? error : keyError('it cannot be read');
  }
}

function checkKind(key: KeyObject): KeyObject {
  const isKnown =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1');
  if (key.type !== 'private' || !isKnown) throw keyError('it is neither Ed25519 nor P-256');
  return key;
}

function keyError(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_KEY', `not a private key: ${what}`);
}
