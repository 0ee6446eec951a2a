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
  const { readKeyFile, readUnencryptedKeyFile, signingKeyOf } = await import('@phalanx/ledger');
  const isPlain = Buffer.from(readBytes(path).subarray(0, PEM.length)).toString('latin1') === PEM;
  return signingKeyOf(
    isPlain
      ? await readUnencryptedKeyFile(path)
      : await readKeyFile(path, readPassphrase(loadConfig(terminal.env), terminal)),
  );
}
