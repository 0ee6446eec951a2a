import { fromUtf8 } from '@phalanx/core';
import { loadConfig } from './config.js';
import { readPassphrase } from './record-session.js';
import type { Terminal } from './terminal.js';

const ENCRYPTED = 'age-encryption.org/v1';

/**
 * Identities of age out of a file of mode 0600: as `age-keygen` writes it, or encrypted with a passphrase as `age -p` does.
 *
 * @throws PhalanxError `WEIGHTS_KEY`, `LEDGER_KEY_FILE`, `LEDGER_PASSPHRASE`, `CLI_USAGE` when a passphrase is needed and none is set
 */
export async function readIdentities(path: string, terminal: Terminal): Promise<readonly string[]> {
  const [{ readOwnFile, readSecretFile }, { parseIdentities }] = await Promise.all([
    import('@phalanx/ledger'),
    import('@phalanx/weights'),
  ]);
  const bytes = await readOwnFile(path);
  const isEncrypted = Buffer.from(bytes.subarray(0, ENCRYPTED.length)).toString('latin1') === ENCRYPTED;
  return parseIdentities(
    fromUtf8(
      isEncrypted ? await readSecretFile(path, readPassphrase(loadConfig(terminal.env), terminal)) : bytes,
    ),
  );
}
