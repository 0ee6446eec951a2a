import { utf8 } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { writeNewFile } from '../new-file.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';

export interface NewIdentityFlags {
  readonly x25519?: boolean;
  readonly unencrypted?: boolean;
  readonly json?: boolean;
}

/**
 * `phalanx weights identity`: an age identity in a new file of mode 0600, encrypted with a passphrase, and its recipient on standard
 * output. Of post-quantum kind, unless `--x25519` is for somebody whose age is older than 1.3.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE`
 */
export async function newIdentityCommand(
  path: string,
  flags: NewIdentityFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const [{ generateIdentity, recipientOf }, { writeSecretFile }] = await Promise.all([
    import('@phalanx/weights'),
    import('@phalanx/ledger'),
  ]);
  const identity = await generateIdentity(flags.x25519 ? 'X25519' : 'ML-KEM-768 with X25519');
  const recipient = await recipientOf(identity);
  const text = `# public key: ${recipient}\n${identity}\n`;
  if (flags.unencrypted) writeNewFile(path, text, 0o600);
  else await writeSecretFile(path, utf8(text), readPassphrase(loadConfig(terminal.env), terminal));
  terminal.out(flags.json ? `${JSON.stringify({ file: path, recipient })}\n` : `${recipient}\n`);
  return ExitCode.OK;
}
