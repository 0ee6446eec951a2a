import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { Decrypter, Encrypter } from 'age-encryption';
import type { LedgerErrorCode } from './ledger-error.js';

const MAX_BYTES = 65_536;
const MIN_PASSPHRASE = 12;
const MAX_PASSPHRASE = 1024;
/** What `age -p` writes. On one busy core 1.3 s and 0.3 GB to make a file, 1.8 s to open it. */
const WORK_FACTOR = 18;
/** 8 s and 1.1 GB; the library goes no further either. */
const MAX_WORK_FACTOR = 20;
/** The one stanza of a file with a passphrase (C2SP age, scrypt recipient stanza). */
const HEADER = /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)\n[A-Za-z0-9+/]{43}\n--- /;
const HEADER_BYTES = 256;

/**
 * Writes a secret into a new file of mode 0600, encrypted with a passphrase in the format of age v1: `age -d` opens it. The file is
 * absent or whole, even through a loss of power, and never replaces another.
 *
 * @param passphrase 12 to 1,024 characters; whoever copies the file can guess at it at leisure
 * @param workFactor base-2 logarithm of scrypt's cost, 1 to 20; below 18 only for a passphrase that a machine drew
 * @throws PhalanxError `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE` when the file is there or cannot be written
 */
export async function writeSecretFile(
  path: string,
  secret: Uint8Array,
  passphrase: string,
  workFactor: number = WORK_FACTOR,
): Promise<void> {
  if (passphrase.length < MIN_PASSPHRASE || passphrase.length > MAX_PASSPHRASE)
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_PASSPHRASE',
      `a passphrase has ${MIN_PASSPHRASE} to ${MAX_PASSPHRASE} characters`,
      { advice: 'Take five random words or more.' },
    );
  if (!Number.isInteger(workFactor) || workFactor < 1 || workFactor > MAX_WORK_FACTOR)
    throw new RangeError(`work factor ${workFactor}`);
  if (secret.length > MAX_BYTES / 2) throw new RangeError(`a secret of ${secret.length} bytes`);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  await createDurably(path, await encrypter.encrypt(secret));
}

/**
 * Opens what `writeSecretFile` or `age -p` wrote.
 *
 * @throws PhalanxError `LEDGER_KEY_FILE` for a file that others may read, above 65,536 bytes, of another format, or with a work factor
 * above 20; `LEDGER_PASSPHRASE` when it does not open
 */
export async function readSecretFile(path: string, passphrase: string): Promise<Uint8Array> {
  const bytes = await readOwnFile(path);
  const factor = HEADER.exec(Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('latin1'))?.[1];
  if (factor === undefined) throw fileError(path, 'it is not encrypted by age with a passphrase');
  if (Number(factor) > MAX_WORK_FACTOR)
    throw fileError(path, `its work factor is ${factor}, above ${MAX_WORK_FACTOR}`);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(bytes);
  } catch {
    // Without the cause: encryption cannot tell a wrong passphrase from a damaged file, and neither should the message.
    throw new PhalanxError<LedgerErrorCode>('LEDGER_PASSPHRASE', `${path} does not open`, {
      advice: 'The passphrase is another, or the file is damaged.',
    });
  }
}

/**
 * The bytes of a file that nobody but its owner may read. Windows has no such modes and is not asked.
 *
 * @throws PhalanxError `LEDGER_KEY_FILE` for any other mode, for what is no regular file, and above 65,536 bytes
 */
export async function readOwnFile(path: string): Promise<Uint8Array> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would hold the process until somebody writes.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw fileError(path, (cause as Error).message, cause);
  }
  try {
    checkFile(path, await file.stat());
    const buffer = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > MAX_BYTES) throw fileError(path, `it has more than ${MAX_BYTES} bytes`);
    return buffer.slice(0, length);
  } finally {
    await file.close();
  }
}

/** The open file and not the path: what is checked is what is read. */
function checkFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw fileError(path, 'it is no regular file');
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
    throw fileError(path, `its mode is 0${(stats.mode & 0o777).toString(8)}, others may use it`);
}

/** Written beside, synced, linked into place, folder synced: a link fails where a rename would replace. */
async function createDurably(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw fileError(path, isThere ? 'it is there already' : (cause as Error).message, cause);
  } finally {
    await rm(draft, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function fileError(path: string, what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_KEY_FILE', `key file ${path}: ${what}`, {
    cause,
    advice: 'A key file is a regular file of mode 0600, small, and never written twice.',
  });
}
