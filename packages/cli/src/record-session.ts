import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PhalanxError, systemClock } from '@phalanx/core';
import type { Disk } from '@phalanx/ledger';
import type { TelemetryLog } from '@phalanx/record';
import type { AccountDayKeys } from '@phalanx/store';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

/** What `ledger/ledger.json` in a data directory says of its log. */
const LedgerFile = z.strictObject({
  schema: z.literal('phalanx.ledger.v1'),
  origin: z.string(),
  verifierKey: z.string(),
  /** Whether the key files are encrypted with a passphrase. */
  encrypted: z.boolean(),
});
export type LedgerFile = z.infer<typeof LedgerFile>;

/** A data directory's log, open for writing. */
export interface RecordSession {
  readonly file: LedgerFile;
  readonly telemetry: TelemetryLog;
  /** Where openings, chains and holds lie. */
  readonly disk: Disk;
  /** Keys of text, for the vault: nobody else may open them meanwhile. */
  readonly textKeys: AccountDayKeys;
}

const FILE = 'ledger.json';
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** What the log of a data directory is called and signed by; null when it has none. @throws PhalanxError `CLI_FILE` */
export function readLedgerFile(dataDir: string): LedgerFile | null {
  const path = join(dataDir, 'ledger', FILE);
  if (!existsSync(path)) return null;
  try {
    return LedgerFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be read`, { cause });
  }
}

/**
 * Begins the log of a data directory: two keys and a file that names it. From then on ingestion writes there first.
 *
 * @param passphrase null: the keys lie unencrypted, readable by their owner only
 * @throws PhalanxError `CLI_FILE` when there is a log; `LEDGER_KEY`, `LEDGER_PASSPHRASE`
 */
export async function createLedger(
  dataDir: string,
  origin: string,
  passphrase: string | null,
): Promise<LedgerFile> {
  const { formatVerifierKey, makeVerifierKey, SignatureType, signingKeyOf, writeKeyFile } = await import(
    '@phalanx/ledger'
  );
  if (!HOST_NAME.test(origin))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${origin} is no host name`, {
      advice: 'Verifiers of Sigstore know a log by its host: node-1.lab.example.',
    });
  const folder = join(dataDir, 'ledger');
  if (readLedgerFile(dataDir) !== null)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${dataDir} has a log already`);
  const log = generateKeyPairSync('ed25519').privateKey;
  const statements = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const verifierKey = makeVerifierKey(origin, SignatureType.ED25519, signingKeyOf(log).publicKey);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, key] of [
    ['log.key', log],
    ['statements.key', statements],
  ] as const) {
    const path = join(folder, name);
    if (passphrase !== null) await writeKeyFile(path, key, passphrase);
    else writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  }
  const file: LedgerFile = {
    schema: 'phalanx.ledger.v1',
    origin,
    verifierKey: formatVerifierKey(verifierKey),
    encrypted: passphrase !== null,
  };
  writeFileSync(join(folder, FILE), `${JSON.stringify(file, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  return file;
}

/** A key of a data directory's log: `log` signs checkpoints, `statements` what is said about them. */
export async function readLedgerKey(
  dataDir: string,
  name: 'log' | 'statements',
  file: LedgerFile,
  config: Config,
  terminal: Terminal,
): Promise<KeyObject> {
  const { readKeyFile, readUnencryptedKeyFile } = await import('@phalanx/ledger');
  const path = join(dataDir, 'ledger', `${name}.key`);
  return file.encrypted ? readKeyFile(path, readPassphrase(config, terminal)) : readUnencryptedKeyFile(path);
}

/**
 * The passphrase of the key files: PHALANX_PASSPHRASE, else the first line of the file that `ledger.passphrase_file` names. Never an
 * argument, which every user of the machine can read.
 *
 * @throws PhalanxError `CLI_USAGE` when there is none
 */
export function readPassphrase(config: Config, terminal: Pick<Terminal, 'env'>): string {
  const given = terminal.env.PHALANX_PASSPHRASE;
  if (given !== undefined && given !== '') return given;
  const path = config['ledger.passphrase_file'];
  if (path === '')
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'the keys of the log are encrypted', {
      advice: 'Set PHALANX_PASSPHRASE, or ledger.passphrase_file to a file that holds it.',
    });
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Opens the log of a data directory, runs `work` and closes it, whatever happens. Nobody else can write there meanwhile.
 *
 * @throws PhalanxError `LEDGER_LOCKED`, `LEDGER_CORRUPT`, `LEDGER_ROLLBACK`, `RECORD_CORRUPT`, and what `readLedgerKey` throws
 */
export async function withRecord<T>(
  dataDir: string,
  file: LedgerFile,
  config: Config,
  terminal: Terminal,
  work: (session: RecordSession) => Promise<T>,
): Promise<T> {
  const [ledger, { TelemetryLog }, { openAccountDayKeys }] = await Promise.all([
    import('@phalanx/ledger'),
    import('@phalanx/record'),
    import('@phalanx/store'),
  ]);
  const key = ledger.signingKeyOf(await readLedgerKey(dataDir, 'log', file, config, terminal));
  const folder = join(dataDir, 'ledger', 'log');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const letGo = await ledger.becomeSingleWriter(folder);
  try {
    const disk = new ledger.FolderDisk(folder);
    const log = await ledger.TransparencyLog.open({
      disk,
      state: new ledger.FolderDisk(join(dataDir, 'ledger', 'state')),
      origin: file.origin,
      signers: [ledger.makeNoteSigner(file.origin, key)],
      verifiers: [ledger.parseVerifierKey(file.verifierKey)],
    });
    const keys = {
      rest: await openAccountDayKeys(dataDir, 'record-keys'),
      text: await openAccountDayKeys(dataDir, 'keys'),
    };
    const telemetry = await TelemetryLog.open({ log, disk, keys });
    try {
      return await work({ file, telemetry, disk, textKeys: keys.text });
    } finally {
      await telemetry.close();
    }
  } finally {
    await letGo();
  }
}

/** Erasure and legal hold over an open log. */
export async function openRetention({ telemetry, disk }: RecordSession) {
  const { Retention } = await import('@phalanx/record');
  return Retention.open(telemetry, disk, systemClock);
}
