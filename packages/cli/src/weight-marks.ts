import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromHex, PhalanxError, toHex, utf8 } from '@phalanx/core';
import type { MarkKey, RegisteredCopy } from '@phalanx/weights';
import type { CliErrorCode } from './cli-error.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { readPassphrase } from './record-session.js';
import type { Terminal } from './terminal.js';

// A key of marks is two files: FILE holds the secret, encrypted with a passphrase, and the digest of the whole key; FILE.json, which is
// no secret and may be long, says what is marked.

const SECRET = /^phalanx-weight-mark-secret-v1 ([0-9a-f]{64}) ([0-9a-f]{64})\n$/;
const AGE = 'age-encryption.org/v1';
const MAX_REGISTER = 1024 * 1024 * 1024;

/** @throws PhalanxError `CLI_FILE` when a file is there already; `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE` */
export async function writeWeightMarkKey(
  path: string,
  key: MarkKey,
  terminal: Terminal,
  configFile?: string,
): Promise<void> {
  const [{ writeSecretFile }, { digestMarkKey, formatMarkKey }] = await Promise.all([
    import('@phalanx/ledger'),
    import('@phalanx/weights'),
  ]);
  const passphrase = readPassphrase(loadConfig(terminal.env, configFile), terminal);
  for (const taken of [path, `${path}.json`])
    if (existsSync(taken)) throw new PhalanxError<CliErrorCode>('CLI_FILE', `${taken} is there already`);
  const { secret, ...open } = JSON.parse(formatMarkKey(key)) as Record<string, unknown>;
  await writeNew(`${path}.json`, `${JSON.stringify(open)}\n`);
  await writeSecretFile(
    path,
    utf8(`phalanx-weight-mark-secret-v1 ${String(secret)} ${digestMarkKey(key)}\n`),
    passphrase,
  );
}

/** @throws PhalanxError `CLI_USAGE` for files that are no key, or not of one another; `CLI_FILE`, `LEDGER_PASSPHRASE`, `LEDGER_KEY_FILE` */
export async function readWeightMarkKey(
  path: string,
  terminal: Terminal,
  configFile?: string,
): Promise<MarkKey> {
  const [{ readOwnFile, readSecretFile }, { digestMarkKey, parseMarkKey }] = await Promise.all([
    import('@phalanx/ledger'),
    import('@phalanx/weights'),
  ]);
  const isEncrypted = Buffer.from(readBytes(path).subarray(0, AGE.length)).toString('latin1') === AGE;
  const bytes = isEncrypted
    ? await readSecretFile(path, readPassphrase(loadConfig(terminal.env, configFile), terminal))
    : await readOwnFile(path);
  const [, secret, digest] = SECRET.exec(Buffer.from(bytes).toString('latin1')) ?? [];
  if (secret === undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path} holds no secret of marks in weights`, {
      advice: 'Make one with `phalanx weights mark-key`.',
    });
  const text = Buffer.from(readBytes(`${path}.json`)).toString('utf8');
  let value: object;
  try {
    value = JSON.parse(text) as object;
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path}.json is no JSON`, { cause });
  }
  const key = parseMarkKey(JSON.stringify({ ...value, secret: toHex(fromHex(secret)) }));
  if (digestMarkKey(key) !== digest)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path}.json is not what ${path} was made with`);
  return key;
}

/** Where the copies are registered that were issued under any key. */
export function registerOf(dataDir: string): string {
  return join(dataDir, 'weight-copies.jsonl');
}

/** Appends a line, synced; the file is its owner's alone. */
export async function appendToRegister(dataDir: string, entry: RegisteredCopy): Promise<void> {
  const path = registerOf(dataDir);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(`${JSON.stringify(entry)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Copies issued under a key, oldest first. @throws PhalanxError `CLI_FILE` for a line that is none */
export async function readRegister(dataDir: string, keySha256: string): Promise<readonly RegisteredCopy[]> {
  const path = registerOf(dataDir);
  if (!existsSync(path)) return [];
  const { parseRegisteredCopy } = await import('@phalanx/weights');
  const bytes = readFileSync(path);
  if (bytes.length > MAX_REGISTER)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} has more than 1 GiB`);
  const lines = bytes.toString('utf8').split('\n');
  // A line without its end was being written when the process died; its copy was never handed over.
  const whole = lines.slice(0, -1);
  const entries = whole.map((line, i) => {
    try {
      return parseRegisteredCopy(JSON.parse(line));
    } catch (cause) {
      throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path}, line ${i + 1}, cannot be read`, { cause });
    }
  });
  return entries.filter((entry) => entry.keySha256 === keySha256);
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
