import type { KeyObject } from 'node:crypto';
import type { SigningKey } from '@phalanx/ledger';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { readPassphrase } from './record-session.js';
import type { Terminal } from './terminal.js';

const PEM = '-----BEGIN';

/**
 * An Ed25519 key from a file: PKCS#8 PEM, encrypted as age does or readable by its owner alone.
 *
 * @throws PhalanxError `CLI_FILE`; `CLI_USAGE` when a passphrase is needed and none is set; what `readKeyFile`,
 * `readUnencryptedKeyFile` and `signingKeyOf` throw
 */
export async function readSigningKey(path: string, terminal: Terminal): Promise<SigningKey> {
  const { signingKeyOf } = await import('@phalanx/ledger');
  return signingKeyOf(await readPrivateKey(path, terminal));
}

/** A private key of any type from such a file. @throws PhalanxError as `readSigningKey`, but for the type */
export async function readPrivateKey(path: string, terminal: Terminal): Promise<KeyObject> {
  const { readKeyFile, readUnencryptedKeyFile } = await import('@phalanx/ledger');
  const isPlain = Buffer.from(readBytes(path).subarray(0, PEM.length)).toString('latin1') === PEM;
  return isPlain
    ? readUnencryptedKeyFile(path)
    : readKeyFile(path, readPassphrase(loadConfig(terminal.env), terminal));
}
